/* SPDX-License-Identifier: MIT */
/*
 * The order in which a request is checked; the first denial ends it.
 *
 * 1. The route (404) and the method (405, with Allow). HEAD is GET without a
 *    body; no method but POST changes anything, log-out by a navigation
 *    excepted.
 * 2. The host (421) and the scheme (403 in the open), unless the route is open
 *    to all.
 * 3. What is not configured: sign-up that is off is 404, before the method;
 *    what needs mail or PUBLIC_URL says so (503).
 * 4. A POST's type, length and form (415, 411, 413, 400), and that it holds
 *    no field but the route's own, none twice, and no control character but
 *    in a password (400).
 * 5. A POST MUST come from our own page (403).
 * 6. The session that the route needs (to the log-in page and back).
 * 7. A POST MUST bring the browser's token (403).
 */
#include "route.h"

#include <string.h>

#include "base/ascii.h"
#include "csrf.h"
#include "http/return_url.h"
#include "log.h"
#include "show.h"
#include "text.h"

#include "base/banned.h"

struct route {
	const char *path;  /* one that ends with / stands for all below it */
	gate_page_fn *get; /* NULL: 405 */
	gate_page_fn *post;
	/* Shows the form of a POST that was refused for its token. */
	gate_page_fn *again;
	const char *fields; /* that a POST may hold */
	enum gate_session_need session;
	enum gate_needs needs;
	bool open;       /* holds no secret: any host, also plain http */
	bool secret_url; /* its query holds one: no Referer may tell it */
};

static const struct route routes[] = {
	{
		.path = "/auth/login",
		.get = gate_login_get,
		.post = gate_login_post,
		.again = gate_login_again,
		.fields = "username password remember rd csrf",
	},
	{
		.path = "/auth/logout",
		.get = gate_logout_get,
		.post = gate_logout_post,
		.again = gate_logout_again,
		.fields = "csrf",
	},
	{
		.path = "/auth/account",
		.get = gate_account_get,
		.session = GATE_SESSION_ANY,
	},
	{
		.path = "/auth/account/password",
		.post = gate_password_post,
		.again = gate_account_again,
		.fields = "username current password confirm rd csrf",
		.session = GATE_SESSION_ANY,
	},
	{
		.path = "/auth/account/sessions/end",
		.post = gate_sessions_end,
		.again = gate_account_again,
		.fields = "session csrf",
		.session = GATE_SESSION_FULL,
	},
	{
		.path = "/auth/account/sessions/end-others",
		.post = gate_sessions_end_others,
		.again = gate_account_again,
		.fields = "csrf",
		.session = GATE_SESSION_FULL,
	},
	{
		.path = "/auth/signup",
		.get = gate_signup_get,
		.post = gate_signup_post,
		.again = gate_signup_again,
		.fields = "email password confirm csrf",
		.needs = GATE_NEEDS_SIGN_UP,
	},
	{
		.path = "/auth/signup/verify",
		.get = gate_verify_get,
		.post = gate_verify_post,
		.again = gate_verify_again,
		.fields = "pin csrf",
		.needs = GATE_NEEDS_SIGN_UP,
	},
	{
		.path = "/auth/signup/resend",
		.post = gate_resend_post,
		.again = gate_verify_again,
		.fields = "csrf",
		.needs = GATE_NEEDS_SIGN_UP,
	},
	{
		.path = "/auth/forgot",
		.get = gate_forgot_get,
		.post = gate_forgot_post,
		.again = gate_forgot_again,
		.fields = "email csrf",
		.needs = GATE_NEEDS_MAIL,
	},
	{
		.path = "/auth/reset",
		.get = gate_reset_get,
		.post = gate_reset_post,
		.again = gate_reset_again,
		.fields = "token password confirm csrf",
		.needs = GATE_NEEDS_PUBLIC_URL,
		.secret_url = true,
	},
	{.path = "/auth/status", .get = gate_status_get},
	{.path = "/auth/error/403", .get = gate_error_get},
	{.path = "/auth/error/413", .get = gate_error_get},
	{.path = "/auth/error/502", .get = gate_error_get},
	{.path = "/auth/health", .get = gate_health_get, .open = true},
	{.path = "/auth/static/", .get = gate_static_get, .open = true},
	{.path = "/auth/", .get = gate_account_redirect},
	{.path = "/.well-known/change-password", .get = gate_account_redirect},
};

/* Somebody has to fix the configuration first. */
#define RETRY_UNCONFIGURED_S 300
/* How long a confirmed session counts as fresh. */
#define FRESH_S 600

#define ROUTE_COUNT (sizeof(routes) / sizeof(routes[0]))

static const struct route *find_route(const char *path)
{
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		size_t len = strlen(routes[i].path);
		bool below = routes[i].get == gate_static_get;
		if (strcmp(path, routes[i].path) == 0 ||
			(below && strncmp(path, routes[i].path, len) == 0)) {
			return &routes[i];
		}
	}
	return NULL;
}

static bool route_exists(
	const struct route *route, const struct stauth_config *config)
{
	return route != NULL && (route->needs != GATE_NEEDS_SIGN_UP ||
					config->allow_user_sign_up);
}

static void refuse_method(struct gate_page *page, const struct route *route)
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
	const struct route *route, enum gate_method method)
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

/* Which host came, and where the site is. One line of the log a worker: the
 * administrator sees it, and nobody fills the log. */
static void refuse_host(struct gate_page *page)
{
	const char *host = page->request->host;
	const struct stauth_config *config = page->config;
	if (strspn(host, STAUTH_ALNUM ".-_:[]") != strlen(host)) {
		host = "";
	}
	if (!page->pages->host_logged && host[0] != '\0') {
		page->pages->host_logged = true;
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

static bool place_allowed(struct gate_page *page, const struct route *route)
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

static bool configured(struct gate_page *page, const struct route *route)
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

static bool form_taken(struct gate_page *page, const struct route *route)
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

enum gate_session_lack gate_session_lack(enum gate_session_need need,
	const struct stauth_session *session, int64_t now_s)
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
	if (need == GATE_SESSION_FULL) {
		return GATE_LACKS_NOTHING;
	}
	/* su stands first. */
	if (strncmp(session->groups, "su", 2) != 0 ||
		(session->groups[2] != '\0' && session->groups[2] != ',')) {
		return GATE_LACKS_SUPERUSER;
	}
	return now_s - session->confirmed_at < FRESH_S
		       ? GATE_LACKS_NOTHING
		       : GATE_LACKS_CONFIRMATION;
}

/* Where a browser comes back to once it has signed in. */
static const char *way_back(const struct gate_page *page,
	const struct route *route, char given[GATE_RETURN_URL_MAX + 1])
{
	gate_query_value(
		page->request->query, "rd", given, GATE_RETURN_URL_MAX + 1);
	const char *rd = gate_return_url(given);
	if (strcmp(rd, "/") != 0) {
		return rd;
	}
	return route->get != NULL ? route->path : "/auth/account";
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

static bool session_suffices(struct gate_page *page, const struct route *route)
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
	switch (gate_session_lack(route->session,
		page->signed_in ? &page->session : NULL, page->now_s)) {
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
		gate_page_error(page, 403);
		break;
	case GATE_LACKS_CONFIRMATION:
		gate_page_redirect_with_rd(page, "/auth/confirm", rd);
		break;
	}
	return false;
}

/* A form without its token is shown again: nothing was done, and nothing
 * typed is lost. */
static bool token_valid(struct gate_page *page, const struct route *route)
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
	const struct route *route = find_route(page->request->path);
	if (!route_exists(route, page->config)) {
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
		(post && !token_valid(page, route))) {
		return;
	}
	handler(page);
}
