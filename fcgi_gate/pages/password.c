/* SPDX-License-Identifier: MIT */
/*
 * The owner changes the password.
 *
 * 1. A form that is incomplete or whose two new passwords differ MUST be
 *    refused first, at the field (422), so that a slip counts as no failure.
 * 2. The old password MUST be checked like any log-in, throttle and all, and
 *    before the new one is judged: that costs time.
 * 3. All other sessions end and all other devices are void, in the same
 *    transaction (the domain's).
 * 4. A session that was only good for this change MUST be replaced by a new
 *    one, which then leads to where the person wanted to go.
 */
#include <string.h>

#include "account.h"
#include "auth/account.h"
#include "http/return_url.h"
#include "newpass.h"
#include "route.h"
#include "signin.h"
#include "text.h"

#include "base/banned.h"

/* What the form holds, and what becomes of it. */
struct change {
	const struct gate_field *current;
	const char *fault_current;
	struct gate_newpass new;
	struct stauth_session session;
	const char *rd;
};

static int refuse(struct gate_page *page, const char **fault, const char *text)
{
	*fault = text;
	gate_page_message(page, STAUTH_ERROR, "%s", text);
	return 422;
}

/* 0, or 422 with the reason at the field. */
static int judge_new(struct gate_page *page, struct change *change)
{
	const struct gate_form *form = &page->request->form;
	int status = gate_newpass_take(page, &change->new);
	if (status != 0) {
		return status;
	}
	if (gate_field_same(
		    gate_form_field(form, "password"), change->current)) {
		return refuse(page, &change->new.fault_password,
			STAUTH_TEXT_PASSWORD_SAME);
	}
	return 0;
}

static int commit(struct gate_page *page, struct change *change,
	struct stauth_login *login, bool *ret_gone)
{
	struct stauth_err err = {0};
	struct stauth_actor actor = gate_page_actor(page);
	int ended = 0;
	const struct stauth_password_change given = {
		.login = login,
		.session = &change->session,
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
	if (rc != STAUTH_OK) {
		*ret_gone = true;
		return 0;
	}
	bool must_change = false;
	if (change->session.must_change) {
		return gate_signin_open(
			page, login, change->session.remember, &must_change);
	}
	return 0;
}

static void done(struct gate_page *page, const struct change *change)
{
	page->message_count = 0;
	gate_page_message(page, STAUTH_SUCCESS, GATE_TEXT_PASSWORD_CHANGED);
	gate_page_redirect(page, change->session.must_change
					 ? change->rd
					 : "/auth/account?done=password");
}

static void change_password(struct gate_page *page, struct change *change)
{
	struct stauth_login login = {0};
	int status = judge_new(page, change);
	if (status == 0) {
		status = gate_signin_try(
			page, change->session.user, change->current, &login);
		if (status == 401) {
			page->message_count = 0;
			refuse(page, &change->fault_current,
				GATE_TEXT_WRONG_CURRENT);
		}
	}
	bool gone = false;
	if (status == 0) {
		status = commit(page, change, &login, &gone);
	}
	stauth_login_finish(&login);
	if (gone) {
		gate_page_redirect_with_rd(
			page, "/auth/login", "/auth/account");
	} else if (status == 0) {
		done(page, change);
	} else {
		gate_account_show(page, status, &change->session, change->rd,
			change->fault_current, &change->new);
	}
}

void gate_password_post(struct gate_page *page)
{
	const struct gate_form *form = &page->request->form;
	struct change change = {
		.current = gate_form_field(form, "current"),
		.rd = gate_return_url(gate_form_value(form, "rd")),
		.fault_current = "",
	};
	if (gate_account_session(page, &change.session)) {
		change_password(page, &change);
	}
	stauth_secret_wipe(&change.new.secret);
}
