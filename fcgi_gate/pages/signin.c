/* SPDX-License-Identifier: MIT */
#include "signin.h"

#include <string.h>

#include "auth/device.h"
#include "base/secret.h"
#include "csrf.h"
#include "log.h"
#include "text.h"

#include "base/banned.h"

#define DAY_S        86400
#define RETRY_BUSY_S 1
#define RETRY_DOWN_S 5

int gate_signin_unavailable(
	struct gate_page *page, const struct stauth_err *err)
{
	bool busy = err->rc == STAUTH_EBUSY;
	int retry_s = busy ? RETRY_BUSY_S : RETRY_DOWN_S;
	if (!busy) {
		gate_log("pages: sign-in: %s: %s", stauth_rc_name(err->rc),
			err->msg);
	}
	page->message_count = 0;
	gate_page_message(page, STAUTH_ERROR,
		busy ? GATE_TEXT_BUSY : GATE_TEXT_UNAVAILABLE, retry_s,
		STAUTH_PLURAL(retry_s));
	gate_page_retry_after(page, retry_s);
	return 503;
}

int gate_signin_throttled(struct gate_page *page, int64_t wait_s)
{
	wait_s = wait_s > 0 ? wait_s : 1;
	gate_page_message(page, STAUTH_ERROR, STAUTH_TEXT_THROTTLED,
		(long long)wait_s, STAUTH_PLURAL(wait_s));
	gate_page_retry_after(page, wait_s);
	return 429;
}

static int status_of_verdict(
	struct gate_page *page, const struct stauth_login *login)
{
	switch (login->verdict) {
	case STAUTH_ALLOW:
		return 0;
	case STAUTH_DENY_THROTTLED:
		return gate_signin_throttled(page, login->wait_s);
	case STAUTH_NEED_FACTOR:
		gate_page_message(page, STAUTH_ERROR, GATE_TEXT_NEED_FACTOR);
		return 403;
	default:
		return 401;
	}
}

int gate_signin_try(struct gate_page *page, const char *username,
	const struct gate_field *password, struct stauth_login *login)
{
	struct stauth_secret secret = {0};
	const struct stauth_login_request who = {
		.username = username,
		.username_len = strlen(username),
		.address = page->request->address,
		.channel = "web",
		.by_email = true,
		.device_token = page->cookies.device[0] != '\0'
					? page->cookies.device
					: NULL,
	};
	/* Empty is wrong, too long a failure; neither costs a hash. */
	bool too_long = password != NULL && password->len > 0 &&
			stauth_secret_set(&secret, password->value,
				password->len, NULL) != STAUTH_OK;
	memset(login, 0, sizeof(*login));
	struct stauth_err err = {0};
	enum stauth_rc rc = stauth_login_start(page->ctx, &who, login, &err);
	if (rc == STAUTH_OK) {
		rc = stauth_login_password(
			page->ctx, login, too_long ? NULL : &secret, &err);
	}
	stauth_secret_wipe(&secret);
	if (rc < 0) {
		return gate_signin_unavailable(page, &err);
	}
	return status_of_verdict(page, login);
}

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

void gate_signin_take(
	struct gate_page *page, struct stauth_session_grant *grant, char mark)
{
	gate_page_set_cookie(page, GATE_COOKIE_SESSION, grant->token,
		grant->max_age_s > 0 ? grant->max_age_s : -1);
	gate_page_set_cookie(page, GATE_COOKIE_DEVICE, grant->device_token,
		(int64_t)STAUTH_DEVICE_DAYS * DAY_S);
	gate_page_set_pre(page, grant->browser_token, mark);
	page->session = grant->session;
	page->signed_in = true;
	stauth_wipe(grant, sizeof(*grant));
}

int gate_signin_open(
	struct gate_page *page, struct stauth_login *login, bool remember)
{
	const struct stauth_session_request ask = {
		.remember = remember,
		.address = page->request->address,
		.agent = or_null(page->request->agent),
		.presented = or_null(page->cookies.session),
		.device_token = or_null(page->cookies.device),
	};
	struct stauth_session_grant grant;
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_session_open(page->ctx, login, &ask, &grant, &err);
	if (rc < 0) {
		return gate_signin_unavailable(page, &err);
	}
	if (rc != STAUTH_OK) {
		/* The account changed between the hash and here. */
		gate_page_message(page, STAUTH_ERROR, STAUTH_TEXT_BAD_LOGIN);
		return 401;
	}
	gate_signin_take(page, &grant, GATE_PRE_LOGIN);
	return 0;
}

int gate_newpass_take(struct gate_page *page, struct gate_newpass *ret_new)
{
	const struct gate_form *form = &page->request->form;
	const struct gate_field *field = gate_form_field(form, "password");
	const struct gate_field *confirm = gate_form_field(form, "confirm");
	*ret_new = (struct gate_newpass){
		.fault_password = "",
		.fault_confirm = "",
	};
	int status = 0;
	if (field == NULL || field->len == 0) {
		status = gate_page_fault(page, &ret_new->fault_password,
			STAUTH_TEXT_PASSWORD_EMPTY);
	} else if (field->len > STAUTH_PASSWORD_MAX) {
		status = gate_page_fault(page, &ret_new->fault_password,
			STAUTH_TEXT_PASSWORD_LONG);
	}
	if (field != NULL && field->len > 0 &&
		!gate_field_same(field, confirm)) {
		status = gate_page_fault(page, &ret_new->fault_confirm,
			STAUTH_TEXT_PASSWORD_MISMATCH);
	}
	if (status == 0) {
		stauth_secret_set(
			&ret_new->secret, field->value, field->len, NULL);
	}
	return status;
}

int gate_newpass_refuse(struct gate_page *page, struct gate_newpass *new,
	const struct stauth_err *err)
{
	/* The domain may have said the same already. */
	page->message_count = 0;
	memcpy(new->reason, err->msg, sizeof(err->msg));
	return gate_page_fault(page, &new->fault_password, new->reason);
}

void gate_newpass_view(struct gate_page *page, const struct gate_newpass *new)
{
	const char *password = new != NULL ? new->fault_password : "";
	const char *confirm = new != NULL ? new->fault_confirm : "";
	bool at_confirm = confirm[0] != '\0' && password[0] == '\0';
	gate_view_set(&page->view, "min_length", page->min_length);
	gate_view_set(&page->view, "fault_password", password);
	gate_view_set(&page->view, "fault_confirm", confirm);
	gate_view_set(
		&page->view, "focus_password", password[0] != '\0' ? "1" : "");
	gate_view_set(&page->view, "focus_confirm", at_confirm ? "1" : "");
}
