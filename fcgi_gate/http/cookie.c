/* SPDX-License-Identifier: MIT */
/*
 * The session cookie.
 *
 *  1. A header MUST be split at each ';' and nowhere else: no quotes, no
 *     escapes, no commas, whatever older standards said.
 *  2. Before a name only SP and HTAB MUST be trimmed. Nothing is trimmed
 *     from a value: no browser sends a blank there.
 *  3. The name MUST be ours byte for byte, up to the first '='.
 *  4. Every header MUST be scanned, and exactly one cookie of our name found:
 *     of two, one may be planted, and their order says nothing.
 *  5. The value MUST be 32 characters of base64url; else no store is asked.
 */
#include "http/cookie.h"

#include <string.h>

#include "auth/session.h"
#include "base/random.h"

#include "base/banned.h"

static void take_pair(const char *pair, size_t len, const char *name,
	size_t name_len, struct gate_cookie *cookie)
{
	while (len > 0 && (*pair == ' ' || *pair == '\t')) {
		pair++;
		len--;
	}
	if (len <= name_len || pair[name_len] != '=' ||
		memcmp(pair, name, name_len) != 0) {
		return;
	}
	cookie->count++;
	cookie->value = pair + name_len + 1;
	cookie->len = len - name_len - 1;
}

void gate_cookie_scan(
	const char *header, const char *name, struct gate_cookie *cookie)
{
	size_t name_len = strlen(name);
	for (;;) {
		size_t len = strcspn(header, ";");
		take_pair(header, len, name, name_len, cookie);
		if (header[len] == '\0') {
			return;
		}
		header += len + 1;
	}
}

const char *gate_cookie_token(const struct gate_cookie *cookie)
{
	if (cookie->count != 1 || cookie->len != STAUTH_TOKEN_LEN ||
		!stauth_token_wellformed(cookie->value, cookie->len)) {
		return NULL;
	}
	return cookie->value;
}
