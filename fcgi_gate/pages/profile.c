/* SPDX-License-Identifier: MIT */
/*
 * The owner changes the display name, and the e-mail address: that is proven
 * by a code which is mailed to it.
 *
 * 1. Both need a fresh proof of the password (the route table).
 * 2. The browser that acted MUST get a new session; all others end.
 * 3. The answer MUST be the same whether another account has the address.
 */
#include <stdio.h>
#include <string.h>

#include "account.h"
#include "auth/account_own.h"
#include "base/secret.h"
#include "csrf.h"
#include "route.h"
#include "show.h"
#include "signin.h"
#include "text.h"

#include "base/banned.h"

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static struct stauth_own own_of(const struct gate_page *page)
{
	return (struct stauth_own){
		.session = &page->session,
		.ask = {.remember = page->session.remember,
			.address = page->request->address,
			.agent = or_null(page->request->agent),
			.presented = or_null(page->cookies.session),
			.device_token = or_null(page->cookies.device)},
	};
}

/* The status of what was refused, with its message; 0: the answer is made. */
static int refuse(struct gate_page *page, const struct stauth_err *err)
{
	if (err->rc < 0) {
		return gate_signin_unavailable(page, err);
	}
	if (err->rc == STAUTH_BADVALUE || err->rc == STAUTH_EXISTS) {
		gate_page_only_message(page, STAUTH_ERROR, err->msg);
		return 422;
	}
	/* The account changed, or the session ended. */
	gate_page_only_message(page, STAUTH_WARNING, GATE_TEXT_SESSION_OVER);
	gate_page_redirect_with_rd(
		page, "/auth/login?ended=1", "/auth/account");
	return 0;
}

static void finish(struct gate_page *page, struct stauth_session_grant *grant,
	const char *done)
{
	if (grant->token[0] != '\0') {
		gate_signin_take(page, grant, GATE_PRE_PLAIN);
	}
	page->message_count = 0;
	gate_page_redirect(page, done);
}

void gate_name_post(struct gate_page *page)
{
	const char *name =
		gate_form_value(&page->request->form, "display_name");
	const struct stauth_own own = own_of(page);
	struct stauth_session_grant grant = {0};
	struct stauth_err err = {0};
	err.rc = stauth_own_name_set(page->ctx, &own, name, &grant, &err);
	if (err.rc == STAUTH_OK) {
		finish(page, &grant, "/auth/account?done=name");
		return;
	}
	const struct gate_account_form form = {
		.rd = "/",
		.fault_current = "",
		.display_name = name,
	};
	int status = refuse(page, &err);
	if (status != 0) {
		gate_account_show(page, status, &form);
	}
}

/* --- the e-mail address */

static void show_code(struct gate_page *page, int status, const char *email)
{
	char minutes[16];
	snprintf(minutes, sizeof(minutes), "%d",
		page->config->signup_pin_expiry_minutes);
	if (!gate_page_form(page)) {
		return;
	}
	gate_view_set(&page->view, "email", email);
	gate_view_set(&page->view, "minutes", minutes);
	gate_view_set(&page->view, "wrong", status == 401 ? "1" : "");
	page->summary = GATE_TEXT_EMAIL_CODE;
	gate_page_show(page, status, "email", GATE_TITLE_CHECK_MAIL);
}

void gate_email_get(struct gate_page *page)
{
	char email[STAUTH_EMAIL_SIZE];
	gate_query_value(page->request->query, "to", email, sizeof(email));
	if (email[0] == '\0') {
		gate_page_redirect(page, "/auth/account");
	} else {
		show_code(page, 200, email);
	}
}

void gate_email_post(struct gate_page *page)
{
	const char *email = gate_form_value(&page->request->form, "email");
	const struct stauth_own own = own_of(page);
	struct stauth_err err = {0};
	int64_t wait_s = 0;
	enum stauth_rc rc =
		stauth_own_email_ask(page->ctx, &own, email, &wait_s, &err);
	if (rc == STAUTH_OK) {
		struct stauth_buf url;
		stauth_buf_init(&url, 3 * STAUTH_EMAIL_SIZE + 32);
		stauth_buf_add(&url, "/auth/account/email?to=");
		stauth_buf_add_uri(&url, email, strlen(email));
		page->message_count = 0;
		gate_page_message(
			page, STAUTH_SUCCESS, GATE_TEXT_PIN_SENT, email);
		gate_page_redirect(page, stauth_buf_str(&url));
		stauth_buf_finish(&url);
		return;
	}
	const struct gate_account_form form = {
		.rd = "/",
		.fault_current = "",
		.email = email,
	};
	page->message_count = 0;
	err.rc = rc;
	int status = rc == STAUTH_THROTTLED
			     ? gate_signin_throttled(page, wait_s)
			     : refuse(page, &err);
	if (status != 0) {
		gate_account_show(page, status, &form);
	}
}

/* A wrong code, or one that is over. */
static int refuse_code(struct gate_page *page,
	const struct stauth_own_email *attempt, const struct stauth_err *err)
{
	page->message_count = 0;
	switch (err->rc) {
	case STAUTH_BADVALUE:
		if (attempt->tries_left > 0) {
			gate_page_message(page, STAUTH_ERROR,
				GATE_TEXT_PIN_WRONG, attempt->tries_left,
				STAUTH_PLURAL(attempt->tries_left));
		} else {
			gate_page_message(
				page, STAUTH_ERROR, GATE_TEXT_PIN_LAST);
		}
		return 401;
	case STAUTH_EXPIRED:
		gate_page_message(page, STAUTH_ERROR, GATE_TEXT_PIN_EXPIRED);
		return 422;
	case STAUTH_THROTTLED:
		return gate_signin_throttled(page, attempt->wait_s);
	default:
		return refuse(page, err);
	}
}

void gate_email_verify(struct gate_page *page)
{
	char pin[GATE_PIN_SIZE];
	gate_read_pin(gate_form_value(&page->request->form, "pin"), pin);
	struct stauth_own_email attempt = {
		.email = gate_form_value(&page->request->form, "email"),
		.pin = pin,
	};
	const struct stauth_own own = own_of(page);
	struct stauth_session_grant grant = {0};
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_own_email_set(page->ctx, &own, &attempt, &grant, &err);
	stauth_wipe_array(pin);
	err.rc = rc;
	if (rc == STAUTH_OK) {
		finish(page, &grant, "/auth/account?done=email");
		return;
	}
	int status = refuse_code(page, &attempt, &err);
	if (status != 0) {
		show_code(page, status, attempt.email);
	}
}
