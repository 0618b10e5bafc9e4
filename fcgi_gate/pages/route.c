/* SPDX-License-Identifier: MIT */
/*
 * The order in which a request is checked; the first denial ends it.
 *
 * 1. The route (404) and the method (405, with Allow). HEAD is GET without a
 *    body; no method but POST changes anything, log-out by a navigation
 *    excepted.
 * 2. The host (421) and the scheme (403 in the open), unless the route is open
 *    to all.
 * 3. What is not configured: sign-up that is off is 404, before the method,
 *    unless somebody may be invited;
 *    what needs mail or PUBLIC_URL says so (503).
 * 4. A POST's type, length and form (415, 411, 413, 400), and that it holds
 *    no field but the route's own, none twice, and no control character but
 *    in a password (400).
 * 5. A POST MUST come from our own page (403).
 * 6. The session that the route needs (to the log-in page and back).
 * 7. A POST MUST bring the browser's token (403).
 * 8. What needs a fresh proof asks for the password, and goes on with it.
 */
#include "route.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "csrf.h"
#include "http/return_url.h"
#include "log.h"
#include "show.h"
#include "text.h"

#include "base/banned.h"

/* Somebody has to fix the configuration first. */
#define RETRY_UNCONFIGURED_S 300

static void refuse_method(
	struct gate_page *page, const struct gate_route *route)
{
	const char *allow = "GET, HEAD";
	if (route->get == NULL) {
		allow = "POST";
	} else if (route->post != NULL) {
		allow = "GET, HEAD, POST";
	}
	gate_response_header(&page->response, "Allow", allow);
	gate_page_error(page, 405);
}

static gate_page_fn *handler_of(
	const struct gate_route *route, enum gate_method method)
{
	switch (method) {
	case GATE_METHOD_GET:
	case GATE_METHOD_HEAD:
		return route->get;
	case GATE_METHOD_POST:
		return route->post;
	case GATE_METHOD_OTHER:
		break;
	}
	return NULL;
}

/* Where sign-up is off, an invitation opens it; the handlers know whether one
 * came. */
static bool may_be_invited(
	const struct gate_page *page, const struct gate_route *route)
{
	char token[64];
	return gate_page_missing(page->config, GATE_NEEDS_SIGN_UP) == NULL &&
	       handler_of(route, page->request->method) != NULL &&
	       (page->request->method == GATE_METHOD_POST ||
		       strcmp(page->request->path, "/auth/signup") != 0 ||
		       gate_query_value(page->request->query, "invite", token,
			       sizeof(token)));
}

static bool route_exists(
	const struct gate_page *page, const struct gate_route *route)
{
	return route != NULL && (route->needs != GATE_NEEDS_SIGN_UP ||
					page->config->allow_user_sign_up ||
					may_be_invited(page, route));
}

/* Which host came, and where the site is. One line of the log: the
 * administrator sees it, and nobody fills the log. */
static void refuse_host(struct gate_page *page)
{
	const char *host = page->request->host;
	const struct stauth_config *config = page->config;
	if (strspn(host, STAUTH_ALNUM ".-_:[]") != strlen(host)) {
		host = "";
	}
	if (host[0] != '\0' &&
		!atomic_flag_test_and_set(page->pages->host_logged)) {
		gate_log("pages: a request for host %s, which PUBLIC_URL does "
			 "not name",
			host);
	}
	gate_view_set(&page->view, "host", host);
	gate_view_set(&page->view, "url",
		config->public_url_count > 0 ? config->public_urls[0].origin
					     : "");
	gate_page_message(page, STAUTH_ERROR, GATE_TEXT_HTTP_421);
	gate_page_show(page, 421, "wrong-host", GATE_TITLE_WRONG_HOST);
}

static bool place_allowed(
	struct gate_page *page, const struct gate_route *route)
{
	gate_origin_of(page->config, page->request->host, page->request->https,
		&page->origin);
	if (route->open || page->origin.place == GATE_PLACE_OK) {
		return true;
	}
	if (page->origin.place == GATE_PLACE_INSECURE) {
		gate_page_message(page, STAUTH_ERROR, GATE_TEXT_INSECURE);
		gate_page_error(page, 403);
	} else {
		refuse_host(page);
	}
	return false;
}

static bool configured(struct gate_page *page, const struct gate_route *route)
{
	const char *text = gate_page_missing(page->config, route->needs);
	if (text == NULL) {
		return true;
	}
	gate_page_message(page, STAUTH_ERROR, "%s", text);
	gate_page_retry_after(page, RETRY_UNCONFIGURED_S);
	gate_page_show(page, 503, "error", GATE_TITLE_NOT_CONFIGURED);
	return false;
}

static bool form_taken(struct gate_page *page, const struct gate_route *route)
{
	int status = gate_request_body(page->request, page->io, route->fields);
	if (status != 0) {
		gate_page_error(page, status);
		return false;
	}
	const struct gate_request *request = page->request;
	if (!gate_sent_by_us(page->config, &page->origin, request->fetch_site,
		    request->origin, request->referer)) {
		gate_page_message(
			page, STAUTH_ERROR, GATE_TEXT_CROSS_SITE_FORM);
		gate_page_error(page, 403);
		return false;
	}
	return true;
}

enum gate_session_lack gate_session_lack(
	enum gate_session_need need, const struct stauth_session *session)
{
	if (need == GATE_SESSION_NONE) {
		return GATE_LACKS_NOTHING;
	}
	if (session == NULL) {
		return GATE_LACKS_SESSION;
	}
	if (need == GATE_SESSION_ANY) {
		return GATE_LACKS_NOTHING;
	}
	if (session->must_change) {
		return GATE_LACKS_PASSWORD_CHANGE;
	}
	return need == GATE_SESSION_SUPERUSER && !gate_is_superuser(session)
		       ? GATE_LACKS_SUPERUSER
		       : GATE_LACKS_NOTHING;
}

/* Where a browser comes back to once it has signed in. */
static const char *way_back(const struct gate_page *page,
	const struct gate_route *route, char given[GATE_RETURN_URL_MAX + 1])
{
	gate_query_value(
		page->request->query, "rd", given, GATE_RETURN_URL_MAX + 1);
	const char *rd = gate_return_url(given);
	if (strcmp(rd, "/") != 0) {
		return rd;
	}
	if (route->get == NULL) {
		return "/auth/account";
	}
	/* What a list shows is in its query. */
	const char *query = page->request->query;
	if (route->session != GATE_SESSION_SUPERUSER || query[0] == '\0') {
		return route->path;
	}
	snprintf(given, GATE_RETURN_URL_MAX + 1, "%s?%s", route->path, query);
	rd = gate_return_url(given);
	return strcmp(rd, "/") != 0 ? rd : route->path;
}

static void to_log_in(struct gate_page *page, const char *rd)
{
	if (page->request->method == GATE_METHOD_POST) {
		gate_page_message(page, STAUTH_WARNING, GATE_TEXT_SESSION_OVER);
		gate_page_redirect_with_rd(page, "/auth/login?ended=1", rd);
	} else {
		gate_page_message(page, STAUTH_INFO, GATE_TEXT_PLEASE_SIGN_IN);
		gate_page_redirect_with_rd(page, "/auth/login", rd);
	}
}

static bool session_suffices(
	struct gate_page *page, const struct gate_route *route)
{
	if (route->session == GATE_SESSION_NONE) {
		return true;
	}
	struct stauth_err err = {0};
	if (gate_page_session(page, &err) < 0) {
		gate_page_unavailable(page, &err);
		return false;
	}
	char given[GATE_RETURN_URL_MAX + 1];
	const char *rd = way_back(page, route, given);
	switch (gate_session_lack(
		route->session, page->signed_in ? &page->session : NULL)) {
	case GATE_LACKS_NOTHING:
		return true;
	case GATE_LACKS_SESSION:
		to_log_in(page, rd);
		break;
	case GATE_LACKS_PASSWORD_CHANGE:
		gate_page_message(
			page, STAUTH_WARNING, STAUTH_TEXT_MUST_CHANGE);
		gate_page_redirect(page, "/auth/account");
		break;
	case GATE_LACKS_SUPERUSER:
		gate_page_forbidden(page, GATE_TEXT_REQUIRES_SU);
		break;
	}
	return false;
}

/* Nothing is asked before the token has been checked: a foreign page could
 * have somebody type the password for what he did not see. */
static bool confirmed(struct gate_page *page, const struct gate_route *route)
{
	return !route->fresh || page->request->method != GATE_METHOD_POST ||
	       page->now_s - page->session.confirmed_at < STAUTH_FRESH_S ||
	       gate_confirm_here(page);
}

/* A form without its token is shown again: nothing was done, and nothing
 * typed is lost. */
static bool token_valid(struct gate_page *page, const struct gate_route *route)
{
	struct stauth_err err = {0};
	enum stauth_rc rc = gate_page_form_check(page, &err);
	if (rc < 0) {
		gate_page_unavailable(page, &err);
	} else if (rc != STAUTH_OK) {
		if (!page->cookies.pre_twice) {
			gate_page_message(page, STAUTH_ERROR,
				page->cookies.pre[0] == '\0'
					? GATE_TEXT_NO_COOKIES
					: GATE_TEXT_STALE_FORM);
		}
		route->again(page);
	}
	return rc == STAUTH_OK;
}

void gate_route(struct gate_page *page)
{
	const struct gate_route *route = gate_route_find(page->request->path);
	if (!route_exists(page, route)) {
		gate_page_error(page, 404);
		return;
	}
	page->route = route->path;
	page->secret_url = route->secret_url;
	gate_page_fn *handler = handler_of(route, page->request->method);
	if (handler == NULL) {
		refuse_method(page, route);
		return;
	}
	if (!place_allowed(page, route) || !configured(page, route)) {
		return;
	}
	bool post = page->request->method == GATE_METHOD_POST;
	page->now_s = stauth_ctx_now(page->ctx);
	gate_cookies_parse(page->config, page->request->cookie, &page->cookies);
	if ((post && !form_taken(page, route)) ||
		!session_suffices(page, route) ||
		(post && !token_valid(page, route)) ||
		!confirmed(page, route)) {
		return;
	}
	if (route->session != GATE_SESSION_NONE && !page->session.must_change) {
		stauth_session_touch(page->ctx, &page->session);
	}
	handler(page);
}
