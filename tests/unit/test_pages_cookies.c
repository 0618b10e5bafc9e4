/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "unit.h"

#include "pages/cookies.h"

#include "base/banned.h"

#define T1 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define T2 "abcdefghijklmnopqrstuvwxyz_-0123"

static struct stauth_config *config;

static int set_up(void **state)
{
	(void)state;
	config = calloc(1, sizeof(*config));
	snprintf(config->cookie_name, sizeof(config->cookie_name), "%s",
		"__Host-stauth");
	return config != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(config);
	return 0;
}

static const char *session_of(const char *header)
{
	static struct gate_cookies cookies;
	gate_cookies_parse(config, header, &cookies);
	return cookies.session;
}

static void c2_names_are_byte_exact(void **state)
{
	static const char *const none[] = {"", ";", "=", "; ;", "__Host-stauth",
		"__HOST-stauth=" T1, "__host-stauth=" T1, "__Host-Stauth=" T1,
		"\xe2\x80\x80__Host-stauth=" T1, "=__Host-stauth=" T1,
		"$Version=1, __Host-stauth=" T1, "x=\"; y=\"__Host-stauth=" T1,
		"__Host-stauth =" T1, "x__Host-stauth=" T1,
		"__Host-stauthx=" T1, "__Host-stauth=\"" T1 "\"",
		"__Host-stauth=" T2 " ;c=d", "__Host-stauth=" T2 "\t",
		"\x0b__Host-stauth=" T1};
	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		if (session_of(none[i])[0] != '\0') {
			fail_msg("taken from %s", none[i]);
		}
	}
	assert_string_equal(session_of("__Host-stauth=" T1), T1);
	/* A name that only begins like ours is foreign, beside ours too. */
	assert_string_equal(
		session_of("__Host-stauthx=" T2 "; __Host-stauth=" T1), T1);
	assert_string_equal(
		session_of("__Host-stauth=" T1 "; __Host-stauthx=" T2), T1);
	assert_string_equal(session_of("a=b; \t__Host-stauth=" T2 ";c=d"), T2);
	assert_string_equal(session_of("$Version=1; __Host-stauth=" T1), T1);
}

/* "NAMEx..." is somebody else's, alone, before and beside ours. */
static void c2_a_longer_name_is_not_ours(void **state)
{
	static const char *const longer[] = {"__Host-stauthx" T2,
		"__Host-stauthx=" T2, "__Host-stauthx", "__Host-stauth" T2};
	char header[192];
	(void)state;
	for (size_t i = 0; i < sizeof(longer) / sizeof(longer[0]); i++) {
		assert_string_equal(session_of(longer[i]), "");
		snprintf(header, sizeof(header), "%s; __Host-stauth=" T1,
			longer[i]);
		assert_string_equal(session_of(header), T1);
		snprintf(header, sizeof(header), "__Host-stauth=" T1 "; %s",
			longer[i]);
		assert_string_equal(session_of(header), T1);
	}
}

static void c1_malformed_tokens_are_none(void **state)
{
	static const char *const bad[] = {"", "A", T1 "A", "%41" T1,
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", T1 "=",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\xff"};
	char header[128];
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(header, sizeof(header), "__Host-stauth=%s", bad[i]);
		assert_string_equal(session_of(header), "");
	}
}

static void c3_two_of_our_name_are_none(void **state)
{
	struct gate_cookies cookies;
	(void)state;
	gate_cookies_parse(
		config, "__Host-stauth=" T1 "; __Host-stauth=" T1, &cookies);
	assert_string_equal(cookies.session, "");
	assert_true(cookies.session_sent);
	gate_cookies_parse(
		config, "__Host-stauth=" T1 "; __Host-stauth=", &cookies);
	assert_string_equal(cookies.session, "");
	gate_cookies_parse(config, "other=1", &cookies);
	assert_false(cookies.session_sent);
	gate_cookies_parse(config,
		"__Secure-stauth-pre=" T1 "; __Secure-stauth-pre=" T2,
		&cookies);
	assert_string_equal(cookies.pre, "");
	assert_true(cookies.pre_twice);
	gate_cookies_parse(config, "__Secure-stauth-pre=" T1, &cookies);
	assert_false(cookies.pre_twice);
}

static void c4_each_cookie_is_its_own(void **state)
{
	struct gate_cookies cookies;
	(void)state;
	gate_cookies_parse(config,
		"__Secure-stauth-pre=" T1 ".1234567890; "
		"__Secure-stauth-dev=" T2,
		&cookies);
	assert_string_equal(cookies.session, "");
	assert_string_equal(cookies.pre, T1 ".1234567890");
	assert_string_equal(cookies.device, T2);
	assert_int_equal(
		gate_pre_marked_at(cookies.pre, GATE_PRE_LOGIN), 1234567890);
	assert_int_equal(gate_pre_marked_at(cookies.pre, GATE_PRE_RESET), 0);
	/* Under this configuration the names without a prefix are foreign. */
	gate_cookies_parse(
		config, "stauth-pre=" T1 "; stauth-dev=" T2, &cookies);
	assert_string_equal(cookies.pre, "");
	assert_string_equal(cookies.device, "");
}

static void pre_cookies_are_checked(void **state)
{
	static const char *const bad[] = {"", "x", T1 ".", T1 ".x", T1 ".1x",
		T1 "x", T1 "1", T1 "|1", T1 ".123456789012345678901234567890"};
	(void)state;
	assert_true(gate_pre_wellformed(T1, strlen(T1)));
	assert_true(gate_pre_wellformed(T1 ".1", strlen(T1) + 2));
	assert_true(gate_pre_wellformed(T1 "~1", strlen(T1) + 2));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(gate_pre_wellformed(bad[i], strlen(bad[i])));
	}
	/* The longest one leaves room for its NUL, and one more does not. */
	char longest[GATE_PRE_SIZE + 1];
	memset(longest, '1', sizeof(longest));
	memcpy(longest, T1 ".", strlen(T1) + 1);
	assert_true(gate_pre_wellformed(longest, GATE_PRE_SIZE - 1));
	assert_false(gate_pre_wellformed(longest, GATE_PRE_SIZE));
	assert_int_equal(gate_pre_marked_at(T1, GATE_PRE_PLAIN), 0);
	assert_int_equal(gate_pre_marked_at("", GATE_PRE_LOGIN), 0);
	assert_int_equal(gate_pre_marked_at(
				 T1 ".99999999999999999999999", GATE_PRE_LOGIN),
		0);
	assert_int_equal(gate_pre_marked_at(T1 "~7", GATE_PRE_RESET), 7);
	assert_int_equal(gate_pre_marked_at(T1 "~7", GATE_PRE_LOGIN), 0);
}

static void written(enum gate_cookie_kind kind, int64_t max_age_s, bool https,
	const char *want)
{
	struct stauth_buf out;
	stauth_buf_init(&out, 512);
	const struct gate_set_cookie cookie = {
		.kind = kind,
		.value = "v",
		.max_age_s = max_age_s,
		.https = https,
	};
	gate_cookie_write(&out, config, &cookie);
	assert_string_equal(stauth_buf_str(&out), want);
	stauth_buf_finish(&out);
}

static void c15_attributes_are_exact(void **state)
{
	(void)state;
	written(GATE_COOKIE_SESSION, -1, true,
		"__Host-stauth=v; Path=/; Secure; HttpOnly; SameSite=Lax");
	written(GATE_COOKIE_SESSION, 60, true,
		"__Host-stauth=v; Path=/; Secure; HttpOnly; SameSite=Lax; "
		"Max-Age=60");
	written(GATE_COOKIE_SESSION, 0, true,
		"__Host-stauth=v; Path=/; Secure; HttpOnly; SameSite=Lax; "
		"Max-Age=0");
	/* localhost keeps Secure cookies over http. */
	written(GATE_COOKIE_SESSION, -1, false,
		"__Host-stauth=v; Path=/; Secure; HttpOnly; SameSite=Lax");
	written(GATE_COOKIE_PRE, -1, true,
		"__Secure-stauth-pre=v; Path=/auth/; Secure; HttpOnly; "
		"SameSite=Lax");
	written(GATE_COOKIE_DEVICE, 9, true,
		"__Secure-stauth-dev=v; Path=/auth/; Secure; HttpOnly; "
		"SameSite=Lax; Max-Age=9");
}

static void c15_only_allowed_http_goes_without_secure(void **state)
{
	(void)state;
	config->allow_insecure_http = true;
	snprintf(config->cookie_name, sizeof(config->cookie_name), "stauth");
	written(GATE_COOKIE_SESSION, -1, false,
		"stauth=v; Path=/; HttpOnly; SameSite=Lax");
	written(GATE_COOKIE_SESSION, -1, true,
		"stauth=v; Path=/; Secure; HttpOnly; SameSite=Lax");
	written(GATE_COOKIE_PRE, -1, false,
		"stauth-pre=v; Path=/auth/; HttpOnly; SameSite=Lax");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			c2_names_are_byte_exact, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			c2_a_longer_name_is_not_ours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			c1_malformed_tokens_are_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			c3_two_of_our_name_are_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			c4_each_cookie_is_its_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			pre_cookies_are_checked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			c15_attributes_are_exact, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			c15_only_allowed_http_goes_without_secure, set_up,
			tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
