/* SPDX-License-Identifier: MIT */
/*
 * 1. A token MUST be bound to the browser's pre-cookie, so that nobody can
 *    bring his own.
 * 2. It MUST be good for any number of tabs, and at least two hours: it is
 *    made of the hour, and that hour and the two after it accept it.
 * 3. It MUST be compared in constant time, and no pre-cookie means no.
 * Whether a form comes from our own page is for origin.c to decide; both must
 * agree.
 */
#include "csrf.h"

#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/random.h"
#include "base/secret.h"
#include "show.h"
#include "text.h"

#include "base/banned.h"

#define HOUR_S     3600
#define HOURS_BACK 2

static bool make_for_hour(const struct stauth_keys *keys, const char *pre,
	int64_t hour, char ret_token[GATE_CSRF_SIZE])
{
	ret_token[0] = '\0';
	char text[128];
	int len = snprintf(
		text, sizeof(text), "csrf|%s|%lld", pre, (long long)hour);
	uint8_t mac[STAUTH_SHA256_LEN];
	if (len < 0 || (size_t)len >= sizeof(text) ||
		!stauth_hmac_sha256(keys->csrf, sizeof(keys->csrf), text,
			(size_t)len, mac)) {
		return false;
	}
	stauth_b64url_encode(mac, sizeof(mac), ret_token);
	return true;
}

bool gate_csrf_make(const struct stauth_keys *keys, const char *pre,
	int64_t now_s, char ret_token[GATE_CSRF_SIZE])
{
	return make_for_hour(keys, pre, now_s / HOUR_S, ret_token);
}

bool gate_csrf_valid(const struct stauth_keys *keys, const char *pre,
	int64_t now_s, const char *token)
{
	if (pre[0] == '\0' || strlen(token) != GATE_CSRF_SIZE - 1) {
		return false;
	}
	char wanted[GATE_CSRF_SIZE];
	bool valid = false;
	for (int back = 0; back <= HOURS_BACK; back++) {
		if (make_for_hour(keys, pre, now_s / HOUR_S - back, wanted) &&
			stauth_equal_ct(wanted, token, GATE_CSRF_SIZE - 1)) {
			valid = true;
		}
	}
	stauth_wipe_array(wanted);
	return valid;
}

void gate_page_set_pre(struct gate_page *page, const char *token, char mark)
{
	if (mark != GATE_PRE_PLAIN) {
		snprintf(page->pre, sizeof(page->pre), "%s%c%lld", token, mark,
			(long long)page->now_s);
	} else {
		snprintf(page->pre, sizeof(page->pre), "%s", token);
	}
	gate_page_set_cookie(page, GATE_COOKIE_PRE, page->pre, -1);
}

static bool random_token(
	struct gate_page *page, char token[STAUTH_TOKEN_LEN + 1])
{
	struct stauth_err err = {0};
	if (stauth_random_token(page->ctx->random, token, &err) == STAUTH_OK) {
		return true;
	}
	gate_page_unavailable(page, &err);
	return false;
}

bool gate_page_make_pre(struct gate_page *page)
{
	return random_token(page, page->pre);
}

bool gate_page_renew_pre(struct gate_page *page, char mark)
{
	char token[STAUTH_TOKEN_LEN + 1];
	if (!random_token(page, token)) {
		return false;
	}
	gate_page_set_pre(page, token, mark);
	return true;
}

bool gate_page_form(struct gate_page *page)
{
	if (page->csrf[0] != '\0') {
		return true;
	}
	const struct stauth_keys *keys = NULL;
	struct stauth_err err = {0};
	if (stauth_ctx_keys(page->ctx, &keys, &err) != STAUTH_OK) {
		gate_page_unavailable(page, &err);
		return false;
	}
	if (page->cookies.pre_twice) {
		/* Ours cannot replace another domain's: each form would be
		 * refused, and only the person can help it. */
		gate_page_message(page, STAUTH_ERROR, GATE_TEXT_TWO_COOKIES);
	}
	if (page->cookies.pre[0] != '\0') {
		memcpy(page->pre, page->cookies.pre, sizeof(page->pre));
	} else if (!gate_page_renew_pre(page, GATE_PRE_PLAIN)) {
		return false;
	}
	if (!gate_csrf_make(keys, page->pre, page->now_s, page->csrf)) {
		stauth_fail(&err, STAUTH_ECRYPTO, "no HMAC for a form");
		gate_page_unavailable(page, &err);
		return false;
	}
	return true;
}

enum stauth_rc gate_page_form_check(
	struct gate_page *page, struct stauth_err *err)
{
	const struct stauth_keys *keys = NULL;
	enum stauth_rc rc = stauth_ctx_keys(page->ctx, &keys, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	return gate_csrf_valid(keys, page->cookies.pre, page->now_s,
		       gate_form_value(&page->request->form, "csrf"))
		       ? STAUTH_OK
		       : STAUTH_NOTFOUND;
}
