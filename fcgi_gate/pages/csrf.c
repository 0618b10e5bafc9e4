/* SPDX-License-Identifier: MIT */
/*
 * 1. A token MUST be bound to the browser's pre-cookie, so that nobody can
 *    bring his own.
 * 2. It MUST be good for any number of tabs, and at least two hours: it is
 *    made of the hour, and that hour and the two after it accept it.
 * 3. It MUST be compared in constant time, and no pre-cookie means no.
 * Who may send a form at all is origin.c's to say; both must agree.
 */
#include "csrf.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"

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
