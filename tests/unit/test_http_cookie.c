/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "http/cookie.h"

#include "base/banned.h"

#define NAME  "__Host-stauth"
#define TOKEN "abcdefghijklmnopqrstuvwxyzABCD-_"

static const char *token_of(const char *header)
{
	static char copy[64];
	struct gate_cookie cookie = {.count = 0};
	gate_cookie_scan(header, NAME, &cookie);
	const char *token = gate_cookie_token(&cookie);
	if (token == NULL) {
		return NULL;
	}
	memcpy(copy, token, 32);
	copy[32] = '\0';
	return copy;
}

static void the_one_cookie_is_found(void **state)
{
	static const char *const headers[] = {
		NAME "=" TOKEN,
		"a=1; " NAME "=" TOKEN,
		"a=1;" NAME "=" TOKEN ";b=2",
		"a=1;\t " NAME "=" TOKEN "; b=2",
		"; ;" NAME "=" TOKEN ";",
		"a=\"; " NAME "=" TOKEN "; b=\"",
		"x" NAME "=1; " NAME "=" TOKEN,
	};
	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		assert_string_equal(token_of(headers[i]), TOKEN);
	}
}

static void c1_malformed_tokens_are_no_session(void **state)
{
	static const char *const values[] = {
		"",
		"abcdefghijklmnopqrstuvwxyzABCD-", /* 31 */
		TOKEN "a",                         /* 33 */
		"abcdefghijklmnopqrstuvwxyzABCD+/",
		"abcdefghijklmnopqrstuvwxyzABCD-=",
		"abcdefghijklmnopqrstuvwxyzABC%41",
		"\"" TOKEN "\"",
		"\"bcdefghijklmnopqrstuvwxyzABCD-\"",
		TOKEN " ",
		" " TOKEN,
		"abcdefghijklmnopqrstuvwxyzABCD-\xc3",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char header[128];
		(void)snprintf(header, sizeof(header), NAME "=%s", values[i]);
		assert_null(token_of(header));
		(void)snprintf(
			header, sizeof(header), NAME "=%s; a=1", values[i]);
		assert_null(token_of(header));
	}
}

static void c2_k6_other_names_are_not_ours(void **state)
{
	static const char *const headers[] = {
		"",
		NAME,
		TOKEN,
		"__HOST-stauth=" TOKEN,
		"__host-stauth=" TOKEN,
		"__Host-Stauth=" TOKEN,
		"\xe2\x80\x80" NAME "=" TOKEN,
		"\xa0" NAME "=" TOKEN,
		"\v" NAME "=" TOKEN,
		"=" NAME "=" TOKEN,
		NAME " =" TOKEN,
		NAME "x=" TOKEN,
		"x" NAME "=" TOKEN,
		"\"" NAME "\"=" TOKEN,
		"$Version=1, " NAME "=" TOKEN,
		"a=\"" NAME "=" TOKEN "\"",
		"a=1 " NAME "=" TOKEN,
		"a=1&" NAME "=" TOKEN,
	};
	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		assert_null(token_of(headers[i]));
	}
}

/* "NAMEx..." is a cookie of somebody else's, alone, before and beside ours. */
static void c2_a_longer_name_is_not_ours(void **state)
{
	static const char *const longer[] = {
		NAME "x" TOKEN,
		NAME "x=" TOKEN,
		NAME "x",
		NAME " " TOKEN,
	};
	(void)state;
	for (size_t i = 0; i < sizeof(longer) / sizeof(longer[0]); i++) {
		char header[192];
		assert_null(token_of(longer[i]));
		(void)snprintf(header, sizeof(header), "%s; " NAME "=" TOKEN,
			longer[i]);
		assert_string_equal(token_of(header), TOKEN);
		(void)snprintf(header, sizeof(header), NAME "=" TOKEN "; %s",
			longer[i]);
		assert_string_equal(token_of(header), TOKEN);
	}
}

static void b11_two_cookies_are_no_session(void **state)
{
	static const char other[] = NAME "=ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
	struct gate_cookie cookie = {.count = 0};
	(void)state;
	assert_null(token_of(NAME "=" TOKEN "; " NAME "=" TOKEN));
	assert_null(token_of(NAME "=" TOKEN "; " NAME "="));
	assert_null(token_of(NAME "=; a=1; " NAME "=" TOKEN));
	/* In two headers. */
	gate_cookie_scan(other, NAME, &cookie);
	assert_non_null(gate_cookie_token(&cookie));
	gate_cookie_scan("a=1", NAME, &cookie);
	assert_non_null(gate_cookie_token(&cookie));
	gate_cookie_scan(NAME "=" TOKEN, NAME, &cookie);
	assert_null(gate_cookie_token(&cookie));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_one_cookie_is_found),
		cmocka_unit_test(c1_malformed_tokens_are_no_session),
		cmocka_unit_test(c2_k6_other_names_are_not_ours),
		cmocka_unit_test(c2_a_longer_name_is_not_ours),
		cmocka_unit_test(b11_two_cookies_are_no_session),
	};
	return cmocka_run_group_tests_name("cookie", tests, NULL, NULL);
}
