/* SPDX-License-Identifier: MIT */
#include "signin.h"

#include <string.h>

#include "auth/device.h"
#include "base/secret.h"
#include "base/text.h"
#include "log.h"
#include "page.h"

#include "base/banned.h"

#define DAY_S        86400
#define RETRY_BUSY_S 2
#define RETRY_DOWN_S 5

int gate_signin_unavailable(
	struct gate_page *page, const struct stauth_err *err)
{
	bool busy = err->rc == STAUTH_EBUSY;
	if (!busy) {
		gate_log("pages: sign-in: %s: %s", stauth_rc_name(err->rc),
			err->msg);
	}
	page->message_count = 0;
	gate_page_message(page, STAUTH_ERROR,
		busy ? STAUTH_TEXT_BUSY : STAUTH_TEXT_UNAVAILABLE);
	gate_page_retry_after(page, busy ? RETRY_BUSY_S : RETRY_DOWN_S);
	return 503;
}

static int status_of_verdict(
	struct gate_page *page, const struct stauth_login *login)
{
	switch (login->verdict) {
	case STAUTH_ALLOW:
		return 0;
	case STAUTH_DENY_THROTTLED:
		gate_page_message(page, STAUTH_ERROR, STAUTH_TEXT_THROTTLED,
			(long long)(login->wait_s > 0 ? login->wait_s : 1),
			STAUTH_PLURAL(login->wait_s > 0 ? login->wait_s : 1));
		gate_page_retry_after(page, login->wait_s);
		return 429;
	default:
		break;
	}
	return 401;
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
		.device_token = page->cookies.device[0] != '\0'
					? page->cookies.device
					: NULL,
	};
	/* Empty or too long is wrong, and costs no hash. */
	bool usable =
		password != NULL && stauth_secret_set(&secret, password->value,
					    password->len, NULL) == STAUTH_OK;
	memset(login, 0, sizeof(*login));
	struct stauth_err err = {0};
	enum stauth_rc rc = stauth_login_start(page->ctx, &who, login, &err);
	if (rc == STAUTH_OK) {
		rc = stauth_login_password(
			page->ctx, login, usable ? &secret : NULL, &err);
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

int gate_signin_open(struct gate_page *page, struct stauth_login *login,
	bool remember, bool *ret_must_change)
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
	gate_page_set_cookie(page, GATE_COOKIE_SESSION, grant.token,
		grant.max_age_s > 0 ? grant.max_age_s : -1);
	gate_page_set_cookie(page, GATE_COOKIE_DEVICE, grant.device_token,
		(int64_t)STAUTH_DEVICE_DAYS * DAY_S);
	gate_page_set_pre(page, grant.browser_token, GATE_PRE_LOGIN);
	*ret_must_change = grant.session.must_change;
	stauth_wipe(&grant, sizeof(grant));
	return 0;
}
