/* SPDX-License-Identifier: MIT */
/*
 * The order in which a request is looked at; the first no ends it.
 *
 * 1. The route (404) and the method (405, with Allow). HEAD is GET without a
 *    body; no method but POST changes anything, log-out by a navigation
 *    excepted.
 * 2. The host (421) and the scheme (403 in the open), unless the route is open
 *    to all.
 * 3. What is not configured: sign-up that is off is 404, before the method;
 *    what needs mail or PUBLIC_URL says so (503).
 * 4. A POST's type, length and form (415, 411, 413, 400), and that it holds
 *    no field but the route's own, none twice, and no control but in a
 *    password (400).
 * 5. A POST MUST come from our own page and bring the browser's token (403).
 */
#include "route.h"

#include <string.h>

#include "config/config.h"
#include "page.h"
#include "text.h"

#include "base/banned.h"

static const struct gate_route routes[] = {
	{
		.path = "/auth/login",
		.get = gate_login_get,
		.post = gate_login_post,
		.fields = "username password remember rd csrf",
		.again = gate_login_again,
	},
	{
		.path = "/auth/logout",
		.get = gate_logout_get,
		.post = gate_logout_post,
		.fields = "csrf",
		.again = gate_logout_again,
	},
	{
		.path = "/auth/account",
		.get = gate_account_get,
	},
	{
		.path = "/auth/account/password",
		.post = gate_password_post,
		.fields = "username current password confirm rd csrf",
		.again = gate_account_again,
	},
	{
		.path = "/auth/account/sessions/end",
		.post = gate_sessions_end,
		.fields = "session csrf",
		.again = gate_account_again,
	},
	{
		.path = "/auth/account/sessions/end-others",
		.post = gate_sessions_end_others,
		.fields = "csrf",
		.again = gate_account_again,
	},
	{
		.path = "/auth/signup",
		.get = gate_signup_get,
		.post = gate_signup_post,
		.fields = "email password confirm csrf",
		.needs = GATE_NEEDS_SIGN_UP,
		.again = gate_signup_again,
	},
	{
		.path = "/auth/signup/verify",
		.get = gate_verify_get,
		.post = gate_verify_post,
		.fields = "pin csrf",
		.needs = GATE_NEEDS_SIGN_UP,
		.again = gate_verify_again,
	},
	{
		.path = "/auth/signup/resend",
		.post = gate_resend_post,
		.fields = "csrf",
		.needs = GATE_NEEDS_SIGN_UP,
		.again = gate_verify_again,
	},
	{
		.path = "/auth/forgot",
		.get = gate_forgot_get,
		.post = gate_forgot_post,
		.fields = "email csrf",
		.needs = GATE_NEEDS_MAIL,
		.again = gate_forgot_again,
	},
	{
		.path = "/auth/reset",
		.get = gate_reset_get,
		.post = gate_reset_post,
		.fields = "token password confirm csrf",
		.secret_url = true,
		.needs = GATE_NEEDS_PUBLIC_URL,
		.again = gate_reset_again,
	},
	{.path = "/auth/status", .get = gate_status_get},
	{.path = "/auth/health", .get = gate_health_get, .open = true},
	{.path = "/auth/static/", .get = gate_static_get, .open = true},
	{.path = "/auth/", .get = gate_account_redirect},
	{.path = "/.well-known/change-password", .get = gate_account_redirect},
};

/* Somebody has to mend the configuration first. */
#define RETRY_UNCONFIGURED_S 300

#define ROUTE_COUNT (sizeof(routes) / sizeof(routes[0]))

static const struct gate_route *find_route(const char *path)
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

/* Off is as if it were not there. */
static bool is_there(
	const struct gate_route *route, const struct stauth_config *config)
{
	return route != NULL && (route->needs != GATE_NEEDS_SIGN_UP ||
					config->allow_user_sign_up);
}

/* What is missing, in words; NULL: nothing. */
static const char *missing(
	const struct stauth_config *config, enum gate_route_needs needs)
{
	if (needs == GATE_NEEDS_NOTHING) {
		return NULL;
	}
	if (config->public_url_count == 0) {
		return GATE_TEXT_NO_PUBLIC_URL;
	}
	return needs != GATE_NEEDS_PUBLIC_URL &&
			       config->mail_transport == STAUTH_TRANSPORT_NONE
		       ? GATE_TEXT_NO_MAIL
		       : NULL;
}

bool gate_route_ready(
	const struct stauth_config *config, enum gate_route_needs needs)
{
	return missing(config, needs) == NULL &&
	       (needs != GATE_NEEDS_SIGN_UP || config->allow_user_sign_up);
}

static bool configured(struct gate_page *page)
{
	const char *text = missing(page->config, page->route->needs);
	if (text != NULL) {
		gate_page_message(page, STAUTH_ERROR, "%s", text);
		gate_page_retry_after(page, RETRY_UNCONFIGURED_S);
		gate_page_show(page, 503, "error", "This is not set up");
	}
	return text == NULL;
}

static void refuse_method(struct gate_page *page)
{
	const char *allow = "GET, HEAD";
	if (page->route->get == NULL) {
		allow = "POST";
	} else if (page->route->post != NULL) {
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

static bool place_allowed(struct gate_page *page)
{
	gate_origin_of(page->config, page->request->host, page->request->https,
		&page->origin);
	if (page->route->open || page->origin.place == GATE_PLACE_OK) {
		return true;
	}
	if (page->origin.place == GATE_PLACE_INSECURE) {
		gate_page_message(page, STAUTH_ERROR, GATE_TEXT_INSECURE);
		gate_page_error(page, 403);
	} else {
		gate_page_error(page, 421);
	}
	return false;
}

/* rd never is an error, and what is wrong with a password is told at it. */
static bool may_hold_controls(const char *name)
{
	static const char *const names[] = {
		"rd", "password", "current", "confirm"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			return true;
		}
	}
	return false;
}

static bool fields_clean(const struct gate_form *form)
{
	for (size_t i = 0; i < form->count; i++) {
		const char *value = form->fields[i].value;
		if (may_hold_controls(form->fields[i].name)) {
			continue;
		}
		for (; *value != '\0'; value++) {
			if ((unsigned char)*value < ' ' || *value == 0x7f) {
				return false;
			}
		}
	}
	return true;
}

static bool form_taken(struct gate_page *page)
{
	int status = gate_request_body(page->request, page->io);
	if (status == 0 && (!gate_form_allowed(&page->request->form,
				    page->route->fields) ||
				   !fields_clean(&page->request->form))) {
		status = 400;
	}
	if (status != 0) {
		gate_page_error(page, status);
	}
	return status == 0;
}

/* Shows the form again: nothing was done, and nothing typed is lost. */
static void ask_again(struct gate_page *page)
{
	if (!page->cookies.pre_twice) {
		gate_page_message(page, STAUTH_ERROR,
			page->cookies.pre[0] == '\0' ? GATE_TEXT_NO_COOKIES
						     : GATE_TEXT_STALE_FORM);
	}
	page->route->again(page);
}

static bool form_is_ours(struct gate_page *page)
{
	const struct gate_request *request = page->request;
	if (!gate_sent_by_us(page->config, &page->origin, request->fetch_site,
		    request->origin, request->referer)) {
		gate_page_message(
			page, STAUTH_ERROR, GATE_TEXT_CROSS_SITE_FORM);
		gate_page_error(page, 403);
		return false;
	}
	const struct stauth_keys *keys = NULL;
	struct stauth_err err = {0};
	if (stauth_ctx_keys(page->ctx, &keys, &err) != STAUTH_OK) {
		gate_page_unavailable(page, &err);
		return false;
	}
	if (!gate_csrf_valid(keys, page->cookies.pre, page->now_s,
		    gate_form_value(&request->form, "csrf"))) {
		ask_again(page);
		return false;
	}
	return true;
}

void gate_route(struct gate_page *page)
{
	page->route = find_route(page->request->path);
	if (!is_there(page->route, page->config)) {
		gate_page_error(page, 404);
		return;
	}
	gate_page_fn *handler = handler_of(page->route, page->request->method);
	if (handler == NULL) {
		refuse_method(page);
		return;
	}
	if (!place_allowed(page) || !configured(page)) {
		return;
	}
	page->now_s = stauth_ctx_now(page->ctx);
	gate_cookies_parse(page->config, page->request->cookie, &page->cookies);
	if (page->request->method == GATE_METHOD_POST &&
		(!form_taken(page) || !form_is_ours(page))) {
		return;
	}
	handler(page);
}
