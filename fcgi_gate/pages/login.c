/* SPDX-License-Identifier: MIT */
/*
 * 1. A GET MUST change nothing; with a live session it leads on at once, and
 *    to the account where the password must be changed first.
 * 2. A POST MUST always check the password, no matter who is signed in.
 * 3. An unknown user and a wrong password MUST get the same answer.
 * 4. Success MUST give a new session, a new device and a new pre-cookie.
 */
#include <string.h>

#include "csrf.h"
#include "http/return_url.h"
#include "route.h"
#include "show.h"
#include "signin.h"
#include "text.h"

#include "base/banned.h"

/* A browser that is back here so soon after a log-in, and without the cookie
 * that it was given, did not keep it. */
#define COOKIE_TEST_S 30
/* Who chose a new password sees so for a while. */
#define RESET_SHOWN_S 300

static bool wants_remember(const struct gate_page *page)
{
	const char *value = gate_form_value(&page->request->form, "remember");
	return strcmp(value, "1") == 0 || strcmp(value, "on") == 0 ||
	       strcmp(value, "true") == 0;
}

static void show_form(struct gate_page *page, int status, const char *rd)
{
	struct gate_view *view = &page->view;
	const struct gate_form *form = &page->request->form;
	if (!gate_page_form(page)) {
		return;
	}
	bool can_reset = gate_page_offers(page, GATE_NEEDS_MAIL);
	bool can_sign_up = gate_page_offers(page, GATE_NEEDS_SIGN_UP);
	gate_view_set(
		view, "signed_in", page->signed_in ? page->session.user : "");
	gate_view_set(view, "next", rd);
	gate_view_set(view, "rd", strcmp(rd, "/") != 0 ? rd : "");
	gate_view_set(view, "username", gate_form_value(form, "username"));
	gate_view_set(view, "remember", wants_remember(page) ? "1" : "");
	gate_view_set(view, "remember_days",
		page->config->remember_days > 0 ? page->remember_days : "");
	gate_view_set(view, "wrong", status == 401 ? "1" : "");
	gate_view_set(view, "can_reset", can_reset ? "1" : "");
	gate_view_set(view, "can_sign_up", can_sign_up ? "1" : "");
	gate_view_set(view, "links", can_reset || can_sign_up ? "1" : "");
	gate_view_set(view, "fresh",
		page->message_count == 0 || status < 400 ? "1" : "");
	gate_page_show(page, status, "login", GATE_TITLE_SIGN_IN);
}

static const char *form_rd(const struct gate_page *page)
{
	return gate_return_url(gate_form_value(&page->request->form, "rd"));
}

void gate_login_again(struct gate_page *page)
{
	struct stauth_err err = {0};
	if (gate_page_session(page, &err) < 0) {
		gate_page_unavailable(page, &err);
		return;
	}
	if (page->signed_in) {
		/* Another tab was quicker: that is why the token changed. */
		page->message_count = 0;
		gate_page_message(page, STAUTH_INFO,
			GATE_TEXT_ALREADY_SIGNED_IN, page->session.user);
	}
	show_form(page, 403, form_rd(page));
}

static bool marked_lately(
	const struct gate_page *page, char mark, int64_t within_s)
{
	int64_t at = gate_pre_marked_at(page->cookies.pre, mark);
	return at <= page->now_s && page->now_s - at < within_s;
}

static void proceed(struct gate_page *page, const char *rd)
{
	if (page->session.must_change) {
		gate_page_message(
			page, STAUTH_WARNING, STAUTH_TEXT_MUST_CHANGE);
		gate_page_redirect_with_rd(page, "/auth/account", rd);
	} else {
		gate_page_message(page, STAUTH_SUCCESS, GATE_TEXT_SIGNED_IN);
		gate_page_redirect(page, rd);
	}
}

/* Was the link of an account used here a moment ago? */
static bool after_reset(const struct gate_page *page)
{
	return marked_lately(page, GATE_PRE_RESET, RESET_SHOWN_S);
}

/* Is name=1 in the query? */
static bool asked(const struct gate_page *page, const char *name)
{
	char value[8];
	gate_query_value(page->request->query, name, value, sizeof(value));
	return strcmp(value, "1") == 0;
}

/* What led here. */
static void say_why(struct gate_page *page)
{
	if (asked(page, "out")) {
		gate_page_message(page, STAUTH_SUCCESS, GATE_TEXT_SIGNED_OUT);
	} else if (after_reset(page) && page->signed_in) {
		/* Of another account, or the session would be gone. It is
		 * said once. */
		page->cookies.pre[0] = '\0';
		gate_page_message(page, STAUTH_SUCCESS,
			GATE_TEXT_RESET_DONE_OTHER, page->session.user);
	} else if (after_reset(page)) {
		gate_page_message(page, STAUTH_SUCCESS, GATE_TEXT_RESET_DONE);
	} else if (asked(page, "ready")) {
		gate_page_message(page, STAUTH_SUCCESS, GATE_TEXT_SIGNUP_READY);
	} else if (asked(page, "ended")) {
		gate_page_message(page, STAUTH_WARNING, GATE_TEXT_SESSION_OVER);
	} else if (!page->cookies.session_sent &&
		   marked_lately(page, GATE_PRE_LOGIN, COOKIE_TEST_S)) {
		gate_page_message(page, STAUTH_ERROR, GATE_TEXT_NO_COOKIES);
	}
}

/* Where a GET leads on. Streamlit's st.login() asks for ?provider=..., and the
 * page that it was called on is named by the Referer alone. */
static const char *wanted_rd(
	const struct gate_page *page, char given[GATE_RETURN_URL_MAX + 1])
{
	const struct gate_request *request = page->request;
	const size_t size = GATE_RETURN_URL_MAX + 1;
	if (!gate_query_value(request->query, "rd", given, size) &&
		gate_query_value(request->query, "provider", given, size)) {
		const char *path =
			gate_referer_path(&page->origin, request->referer);
		return gate_return_url(path != NULL ? path : "");
	}
	return gate_return_url(given);
}

void gate_login_get(struct gate_page *page)
{
	char given[GATE_RETURN_URL_MAX + 1];
	const char *rd = wanted_rd(page, given);
	struct stauth_err err = {0};
	if (gate_page_session(page, &err) < 0) {
		gate_page_unavailable(page, &err);
		return;
	}
	if (page->signed_in && !after_reset(page)) {
		proceed(page, rd);
		return;
	}
	say_why(page);
	page->summary = GATE_TEXT_PLEASE_SIGN_IN;
	show_form(page, 200, rd);
}

void gate_login_post(struct gate_page *page)
{
	const struct gate_form *form = &page->request->form;
	struct stauth_login login;
	int status = gate_signin_try(page, gate_form_value(form, "username"),
		gate_form_field(form, "password"), &login);
	if (status == 401) {
		gate_page_message(page, STAUTH_ERROR, STAUTH_TEXT_BAD_LOGIN);
	}
	if (status == 0) {
		status = gate_signin_open(page, &login, wants_remember(page));
	}
	stauth_login_finish(&login);
	if (status == 0) {
		proceed(page, form_rd(page));
	} else {
		show_form(page, status, form_rd(page));
	}
}
