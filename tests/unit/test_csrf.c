/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "pages/csrf.h"

#include "base/banned.h"

#define PRE   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define OTHER "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define HOUR  3600

static const struct stauth_keys keys = {.csrf = {1, 2, 3}};
static const struct stauth_keys other_keys = {.csrf = {1, 2, 4}};

static bool made_then_valid(int64_t made_at, int64_t used_at)
{
	char token[GATE_CSRF_SIZE];
	assert_true(gate_csrf_make(&keys, PRE, made_at, token));
	return gate_csrf_valid(&keys, PRE, used_at, token);
}

static void d7_good_for_two_hours_at_least(void **state)
{
	(void)state;
	for (int64_t at = 1000 * HOUR; at < 1001 * HOUR; at += 599) {
		assert_true(made_then_valid(at, at));
		assert_true(made_then_valid(at, at + 2 * HOUR));
		assert_false(made_then_valid(at, at + 3 * HOUR));
	}
}

static void d7_not_before_its_hour(void **state)
{
	(void)state;
	assert_false(made_then_valid(1000 * HOUR, 1000 * HOUR - 1));
}

static void d7_bound_to_the_pre_cookie_and_the_key(void **state)
{
	char token[GATE_CSRF_SIZE];
	const int64_t now_s = 1000 * HOUR;
	(void)state;
	assert_true(gate_csrf_make(&keys, PRE, now_s, token));
	assert_int_equal(strlen(token), GATE_CSRF_SIZE - 1);
	assert_true(gate_csrf_valid(&keys, PRE, now_s, token));
	assert_false(gate_csrf_valid(&keys, OTHER, now_s, token));
	assert_false(gate_csrf_valid(&keys, "", now_s, token));
	assert_false(gate_csrf_valid(&other_keys, PRE, now_s, token));
}

static void d7_no_pre_cookie_no_token(void **state)
{
	char token[GATE_CSRF_SIZE];
	(void)state;
	assert_true(gate_csrf_make(&keys, "", 1000 * HOUR, token));
	assert_false(gate_csrf_valid(&keys, "", 1000 * HOUR, token));
}

static void d7_every_changed_character_is_refused(void **state)
{
	char token[GATE_CSRF_SIZE];
	const int64_t now_s = 1000 * HOUR;
	(void)state;
	assert_true(gate_csrf_make(&keys, PRE, now_s, token));
	for (size_t i = 0; i < GATE_CSRF_SIZE - 1; i++) {
		char kept = token[i];
		token[i] = kept == 'A' ? 'B' : 'A';
		assert_false(gate_csrf_valid(&keys, PRE, now_s, token));
		token[i] = kept;
	}
	assert_false(gate_csrf_valid(&keys, PRE, now_s, ""));
	token[GATE_CSRF_SIZE - 2] = '\0';
	assert_false(gate_csrf_valid(&keys, PRE, now_s, token));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(d7_good_for_two_hours_at_least),
		cmocka_unit_test(d7_not_before_its_hour),
		cmocka_unit_test(d7_bound_to_the_pre_cookie_and_the_key),
		cmocka_unit_test(d7_no_pre_cookie_no_token),
		cmocka_unit_test(d7_every_changed_character_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
