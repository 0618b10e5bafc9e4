/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <malloc.h>
#include <stdlib.h>

#include "auth/assertion.h"
#include "base/codec.h"
#include "check/assertions.h"

#include "base/banned.h"

#define NOW 1700000000

static struct stauth_config config;
static struct stauth_session session;
static struct gate_assertions *cache;

static int set_up(void **state)
{
	(void)state;
	memset(&config, 0, sizeof(config));
	memset(config.app_key, 'k', 32);
	config.app_key_len = 32;
	memset(&session, 0, sizeof(session));
	(void)snprintf(session.user, sizeof(session.user), "alice");
	session.expires_at = NOW + 3600;
	cache = gate_assertions_new(&config);
	return cache == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	gate_assertions_free(cache);
	return 0;
}

/* Distinguished by the moment they were made at; 0: none could be made. */
static int64_t made_at(unsigned int n, int64_t now_s)
{
	char handle[STAUTH_HANDLE_LEN + 1];
	char found[STAUTH_HANDLE_LEN + 1];
	struct stauth_err err;
	/* As spread as handles are. */
	(void)snprintf(session.handle, sizeof(session.handle), "%08x%08x",
		n * 2654435761U, n);
	memcpy(handle, session.handle, sizeof(handle));
	const char *jwt = gate_assertions_get(cache, &session, now_s);
	assert_non_null(jwt);
	assert_ok(stauth_assertion_check(&config, jwt, now_s, found, &err));
	assert_string_equal(found, handle);
	char text[2048];
	size_t len;
	const char *claims = strchr(jwt, '.') + 1;
	assert_true(stauth_b64url_decode(
		claims, strcspn(claims, "."), text, sizeof(text) - 1, &len));
	text[len] = '\0';
	const char *iat = strstr(text, "\"iat\":");
	assert_non_null(iat);
	return strtoll(iat + 6, NULL, 10);
}

static void one_is_good_for_a_minute(void **state)
{
	(void)state;
	assert_int_equal(made_at(1, NOW), NOW);
	assert_int_equal(made_at(1, NOW + 59), NOW);
	assert_int_equal(made_at(1, NOW + 60), NOW + 60);
	assert_int_equal(made_at(1, NOW + 119), NOW + 60);
	/* A clock that was set back. */
	assert_int_equal(made_at(1, NOW + 10), NOW + 10);
}

static void thousands_of_sessions_keep_theirs(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 4096; n++) {
		assert_int_equal(made_at(n, NOW), NOW);
	}
	unsigned int again = 0;
	for (unsigned int n = 0; n < 4096; n++) {
		again += made_at(n, NOW + 1) != NOW;
	}
	assert_true(again < 4096 / 20);
}

static void memory_is_bounded(void **state)
{
	(void)state;
	memset(session.groups, 'g', 1024);
	for (size_t i = 63; i < 1024; i += 64) {
		session.groups[i] = ',';
	}
	for (unsigned int n = 0; n < 20000; n++) {
		assert_int_equal(made_at(n, NOW), NOW);
	}
	assert_true(mallinfo2().uordblks < 8 * 1024 * 1024);
	/* And the last one is still there. */
	assert_int_equal(made_at(19999, NOW + 1), NOW);
}

static void without_a_key_there_is_none(void **state)
{
	(void)state;
	config.app_key_len = 0;
	assert_string_equal(gate_assertions_get(cache, &session, NOW), "");
}

static void what_makes_no_assertion_is_reported(void **state)
{
	(void)state;
	(void)snprintf(session.handle, sizeof(session.handle), "%016d", 7);
	(void)snprintf(
		session.display_name, sizeof(session.display_name), "\xff\xfe");
	assert_null(gate_assertions_get(cache, &session, NOW));
	assert_null(gate_assertions_get(cache, &session, NOW));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_is_good_for_a_minute),
		CASE(thousands_of_sessions_keep_theirs),
		CASE(memory_is_bounded),
		CASE(without_a_key_there_is_none),
		CASE(what_makes_no_assertion_is_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
