/* SPDX-License-Identifier: MIT */
/*
 * The owner changes the password.
 *
 * 1. What costs nothing to find MUST be refused first, at the field (422), so
 *    that a slip counts as no failure.
 * 2. Then the old password MUST be checked like any log-in, rate limits and
 *    all: who does not know it causes no estimate of a new one.
 * 3. All other sessions end and all other devices are void, in the same
 *    transaction (the domain's).
 * 4. The browser that acted MUST get a new session, which then leads to where
 *    the person wanted to go.
 */
#include <string.h>

#include "account.h"
#include "auth/account.h"
#include "http/return_url.h"
#include "route.h"
#include "show.h"
#include "signin.h"
#include "text.h"

#include "base/banned.h"

/* What the form holds, and what becomes of it. */
struct change {
	const struct gate_field *current;
	struct gate_newpass new;
	struct gate_account_form form;
	bool gone; /* the account has changed */
};

/* 0, or 422 with the reason at the field. */
static int take_new(struct gate_page *page, struct change *change)
{
	const struct gate_form *form = &page->request->form;
	int status = gate_newpass_take(page, &change->new);
	if (status != 0 &&
		(change->current == NULL || change->current->len == 0)) {
		gate_page_fault(page, &change->form.fault_current,
			GATE_TEXT_CURRENT_EMPTY);
	}
	if (status == 0 && gate_field_same(gate_form_field(form, "password"),
				   change->current)) {
		return gate_page_fault(page, &change->new.fault_password,
			STAUTH_TEXT_PASSWORD_SAME);
	}
	return status;
}

static int check_current(struct gate_page *page, struct change *change,
	struct stauth_login *login)
{
	int status = gate_signin_try(
		page, page->session.user, change->current, login);
	if (status == 401) {
		page->message_count = 0;
		gate_page_fault(page, &change->form.fault_current,
			GATE_TEXT_WRONG_CURRENT);
	}
	return status;
}

static int commit(struct gate_page *page, struct change *change,
	struct stauth_login *login)
{
	struct stauth_err err = {0};
	struct stauth_actor actor = gate_page_actor(page);
	int ended = 0;
	const struct stauth_password_change given = {
		.login = login,
		.session = &page->session,
		.device_token = page->cookies.device[0] != '\0'
					? page->cookies.device
					: NULL,
		.password = &change->new.secret,
	};
	enum stauth_rc rc =
		stauth_password_change(page->ctx, &given, &actor, &ended, &err);
	if (rc < 0) {
		return gate_signin_unavailable(page, &err);
	}
	if (rc == STAUTH_BADVALUE) {
		return gate_newpass_refuse(page, &change->new, &err);
	}
	change->gone = rc != STAUTH_OK;
	return 0;
}

/* The password is changed, whatever becomes of the new session: without one
 * the browser is led to the log-in page. */
static void finish(struct gate_page *page, const struct change *change,
	struct stauth_login *login)
{
	bool forced = page->session.must_change;
	if (gate_signin_open(page, login, page->session.remember) != 0) {
		gate_response_reset(&page->response);
	}
	gate_page_only_message(
		page, STAUTH_SUCCESS, GATE_TEXT_PASSWORD_CHANGED);
	gate_page_redirect(
		page, forced ? change->form.rd : "/auth/account?done=password");
}

static void change_password(struct gate_page *page, struct change *change)
{
	struct stauth_login login = {0};
	int status = take_new(page, change);
	if (status == 0) {
		status = check_current(page, change, &login);
	}
	if (status == 0) {
		status = commit(page, change, &login);
	}
	if (change->gone) {
		gate_page_redirect_with_rd(
			page, "/auth/login?ended=1", "/auth/account");
	} else if (status == 0) {
		finish(page, change, &login);
	} else {
		gate_account_show(page, status, &change->form);
	}
	stauth_login_finish(&login);
}

void gate_password_post(struct gate_page *page)
{
	const struct gate_form *form = &page->request->form;
	struct change change = {
		.current = gate_form_field(form, "current"),
	};
	change.form = (struct gate_account_form){
		.rd = gate_return_url(gate_form_value(form, "rd")),
		.fault_current = "",
		.new = &change.new,
	};
	change_password(page, &change);
	stauth_secret_wipe(&change.new.secret);
}
