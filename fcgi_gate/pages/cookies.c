/* SPDX-License-Identifier: MIT */
#include "cookies.h"

#include <string.h>

#include "auth/session.h"
#include "base/codec.h"
#include "http/cookie.h"

#include "base/banned.h"

struct cookie_form {
	const char *name;
	const char *insecure_name;
	const char *path;
};

/* The session cookie's name is configured, prefix and all. */
static const struct cookie_form kinds[GATE_COOKIE_COUNT] = {
	[GATE_COOKIE_SESSION] = {NULL, NULL, "/"},
	[GATE_COOKIE_PRE] = {"__Secure-stauth-pre", "stauth-pre", "/auth/"},
	[GATE_COOKIE_DEVICE] = {"__Secure-stauth-dev", "stauth-dev", "/auth/"},
};

const char *gate_cookie_name(
	const struct stauth_config *config, enum gate_cookie_kind cookie)
{
	if (cookie == GATE_COOKIE_SESSION) {
		return config->cookie_name;
	}
	return config->allow_insecure_http ? kinds[cookie].insecure_name
					   : kinds[cookie].name;
}

bool gate_pre_wellformed(const char *value, size_t len)
{
	if (len < STAUTH_TOKEN_LEN || len >= GATE_PRE_SIZE ||
		!stauth_token_wellformed(value, STAUTH_TOKEN_LEN)) {
		return false;
	}
	if (len == STAUTH_TOKEN_LEN) {
		return true;
	}
	for (size_t i = STAUTH_TOKEN_LEN + 1; i < len; i++) {
		if (value[i] < '0' || value[i] > '9') {
			return false;
		}
	}
	return (value[STAUTH_TOKEN_LEN] == GATE_PRE_LOGIN ||
		       value[STAUTH_TOKEN_LEN] == GATE_PRE_RESET) &&
	       len > STAUTH_TOKEN_LEN + 1;
}

int64_t gate_pre_marked_at(const char *pre, char mark)
{
	int64_t at = 0;
	if (strlen(pre) <= STAUTH_TOKEN_LEN + 1 ||
		pre[STAUTH_TOKEN_LEN] != mark ||
		!stauth_parse_int(
			pre + STAUTH_TOKEN_LEN + 1, 0, INT64_MAX, &at)) {
		return 0;
	}
	return at;
}

static void copy_token(const struct gate_cookie *cookie, char *out)
{
	const char *token = gate_cookie_token(cookie);
	if (token != NULL) {
		memcpy(out, token, STAUTH_TOKEN_LEN);
	}
}

void gate_cookies_parse(const struct stauth_config *config, const char *header,
	struct gate_cookies *ret_cookies)
{
	struct gate_cookie found[GATE_COOKIE_COUNT] = {0};
	for (int i = 0; i < GATE_COOKIE_COUNT; i++) {
		gate_cookie_scan(
			header, gate_cookie_name(config, i), &found[i]);
	}
	*ret_cookies = (struct gate_cookies){0};
	ret_cookies->session_sent = found[GATE_COOKIE_SESSION].count > 0;
	copy_token(&found[GATE_COOKIE_SESSION], ret_cookies->session);
	copy_token(&found[GATE_COOKIE_DEVICE], ret_cookies->device);
	const struct gate_cookie *pre = &found[GATE_COOKIE_PRE];
	ret_cookies->pre_twice = pre->count > 1;
	if (pre->count == 1 && gate_pre_wellformed(pre->value, pre->len)) {
		memcpy(ret_cookies->pre, pre->value, pre->len);
	}
}

void gate_cookie_write(struct stauth_buf *out,
	const struct stauth_config *config,
	const struct gate_set_cookie *cookie)
{
	/* Chromium and Firefox keep Secure cookies on localhost, so that only
	 * an origin that was allowed to be insecure goes without. */
	bool secure = cookie->https || !config->allow_insecure_http;
	stauth_buf_addf(out, "%s=%s; Path=%s%s; HttpOnly; SameSite=Lax",
		gate_cookie_name(config, cookie->kind), cookie->value,
		kinds[cookie->kind].path, secure ? "; Secure" : "");
	if (cookie->max_age_s >= 0) {
		stauth_buf_addf(
			out, "; Max-Age=%lld", (long long)cookie->max_age_s);
	}
}
