/* SPDX-License-Identifier: MIT */
/*
 * 1. A GET MUST change nothing; with a live session it leads on at once, and
 *    to the account where the password must be changed first.
 * 2. A POST MUST always check the password, whoever is signed in already.
 * 3. An unknown user and a wrong password MUST get the same answer.
 * 4. Success MUST give a new session, a new device and a new pre-cookie.
 */
#include <string.h>

#include "auth/login.h"
#include "http/return_url.h"
#include "page.h"
#include "route.h"
#include "signin.h"
#include "text.h"

#include "base/banned.h"

#define TITLE "Sign in"
/* A browser that is back here so soon after a log-in, and without the cookie
 * that it was given, did not keep it. */
#define COOKIE_TEST_S 30
/* Who chose a new password is told so for a while. */
#define RESET_TOLD_S 300

static bool wants_remember(const struct gate_page *page)
{
	const char *value = gate_form_value(&page->request->form, "remember");
	return strcmp(value, "1") == 0 || strcmp(value, "on") == 0 ||
	       strcmp(value, "true") == 0;
}

static void show_form(struct gate_page *page, int status, const char *rd)
{
	const struct gate_form *form = &page->request->form;
	if (!gate_page_form(page)) {
		return;
	}
	gate_view_set(&page->view, "rd", strcmp(rd, "/") != 0 ? rd : "");
	gate_view_set(
		&page->view, "username", gate_form_value(form, "username"));
	gate_view_set(&page->view, "remember", wants_remember(page) ? "1" : "");
	gate_view_set(&page->view, "remember_days",
		page->config->remember_days > 0 ? page->remember_days : "");
	gate_view_set(&page->view, "wrong", status == 401 ? "1" : "");
	bool can_reset = gate_route_ready(page->config, GATE_NEEDS_MAIL);
	bool can_sign_up = gate_route_ready(page->config, GATE_NEEDS_SIGN_UP);
	gate_view_set(&page->view, "can_reset", can_reset ? "1" : "");
	gate_view_set(&page->view, "can_sign_up", can_sign_up ? "1" : "");
	gate_view_set(
		&page->view, "links", can_reset || can_sign_up ? "1" : "");
	gate_view_set(&page->view, "fresh",
		page->message_count == 0 || status < 400 ? "1" : "");
	gate_page_show(page, status, "login", TITLE);
}

static const char *form_rd(const struct gate_page *page)
{
	return gate_return_url(gate_form_value(&page->request->form, "rd"));
}

void gate_login_again(struct gate_page *page)
{
	show_form(page, 403, form_rd(page));
}

static bool marked_lately(
	const struct gate_page *page, char mark, int64_t within_s)
{
	int64_t at = gate_pre_marked_at(page->cookies.pre, mark);
	return at <= page->now_s && page->now_s - at < within_s;
}

static bool cookie_was_lost(const struct gate_page *page)
{
	return !page->cookies.session_sent &&
	       marked_lately(page, GATE_PRE_LOGIN, COOKIE_TEST_S);
}

static void go_on(struct gate_page *page, bool must_change, const char *rd)
{
	if (must_change) {
		gate_page_message(
			page, STAUTH_WARNING, STAUTH_TEXT_MUST_CHANGE);
		gate_page_redirect_with_rd(page, "/auth/account", rd);
	} else {
		gate_page_message(page, STAUTH_SUCCESS, GATE_TEXT_SIGNED_IN);
		gate_page_redirect(page, rd);
	}
}

/* Is name=1 in the query? */
static bool told(const struct gate_page *page, const char *name)
{
	char value[8];
	gate_query_value(page->request->query, name, value, sizeof(value));
	return strcmp(value, "1") == 0;
}

/* What led here. */
static void say_why(struct gate_page *page)
{
	if (told(page, "out")) {
		gate_page_message(page, STAUTH_SUCCESS, GATE_TEXT_SIGNED_OUT);
	} else if (marked_lately(page, GATE_PRE_RESET, RESET_TOLD_S)) {
		gate_page_message(page, STAUTH_SUCCESS, GATE_TEXT_RESET_DONE);
	} else if (told(page, "ready")) {
		gate_page_message(page, STAUTH_SUCCESS, GATE_TEXT_SIGNUP_READY);
	} else if (cookie_was_lost(page)) {
		gate_page_message(page, STAUTH_ERROR, GATE_TEXT_NO_COOKIES);
	}
}

void gate_login_get(struct gate_page *page)
{
	char given[GATE_RETURN_URL_MAX + 1];
	gate_query_value(page->request->query, "rd", given, sizeof(given));
	const char *rd = gate_return_url(given);

	struct stauth_session session;
	struct stauth_err err = {0};
	enum stauth_rc rc = gate_page_session(page, &session, &err);
	if (rc < 0) {
		gate_page_unavailable(page, &err);
		return;
	}
	if (rc == STAUTH_OK) {
		go_on(page, session.must_change, rd);
		return;
	}
	say_why(page);
	page->summary = GATE_TEXT_PLEASE_SIGN_IN;
	show_form(page, 200, rd);
}

void gate_login_post(struct gate_page *page)
{
	const struct gate_form *form = &page->request->form;
	const struct gate_field *name = gate_form_field(form, "username");
	const char *rd = form_rd(page);
	struct stauth_login login;
	int status = gate_signin_try(page, name != NULL ? name->value : "",
		gate_form_field(form, "password"), &login);
	if (status == 401) {
		gate_page_message(page, STAUTH_ERROR, STAUTH_TEXT_BAD_LOGIN);
	}
	bool must_change = false;
	if (status == 0) {
		status = gate_signin_open(
			page, &login, wants_remember(page), &must_change);
	}
	stauth_login_finish(&login);
	if (status == 0) {
		go_on(page, must_change, rd);
	} else {
		show_form(page, status, rd);
	}
}
