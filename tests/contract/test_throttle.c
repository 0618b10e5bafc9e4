/* SPDX-License-Identifier: MIT */
/* The counters of failures: store/state.h, on every provider. */
#include "fixture.h"

#include "base/banned.h"

static struct stauth_rate_limit a_limit(const char *name, const char *key)
{
	struct stauth_rate_limit limit = {.name = name,
		.free = 5,
		.window_s = 3600,
		.first_wait_s = 1,
		.max_wait_s = 60,
		.cleared_by_success = true};

	(void)snprintf(limit.key, sizeof(limit.key), "%s", key);
	return limit;
}

static void waits_double_up_to_the_most(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit =
		a_limit("account+source", "alice 192.0.2.1");
	const int64_t waits[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
	int64_t now_s = NOW;

	for (int i = 0; i < 5; i++) {
		assert_int_equal(fail_at(fix, &limit, 1, now_s), 0);
	}
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		assert_int_equal(fail_at(fix, &limit, 1, now_s), waits[i]);
		/* Asking does not make it longer. */
		assert_int_equal(fail_at(fix, &limit, 1, now_s), waits[i]);
		now_s += waits[i];
		if (waits[i] > 1) {
			assert_int_equal(fail_at(fix, &limit, 1, now_s - 1), 1);
		}
		assert_int_equal(fail_at(fix, &limit, 1, now_s), 0);
	}
}

static void a_steady_wait_stays_steady(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("source", "192.0.2.1");

	limit.free = 0;
	limit.first_wait_s = 10;
	limit.max_wait_s = 10;
	assert_int_equal(fail_at(fix, &limit, 1, NOW), 0);
	for (int i = 1; i < 50; i++) {
		int64_t at = NOW + 10 * i;

		assert_int_equal(fail_at(fix, &limit, 1, at - 1), 1);
		assert_int_equal(fail_at(fix, &limit, 1, at), 0);
	}
}

static void a_window_forgets(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("account", "alice");
	struct stauth_rate_limit fixed = a_limit("fixed", "alice");

	limit.free = 2;
	limit.window_s = 100;
	limit.first_wait_s = 100000;
	limit.max_wait_s = 100000;
	fixed.free = 2;
	fixed.window_s = 100;
	fixed.first_wait_s = 100000;
	fixed.max_wait_s = 100000;
	fixed.fixed_window = true;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fail_at(fix, &limit, 1, NOW + 90L * i), 0);
		assert_int_equal(fail_at(fix, &fixed, 1, NOW + 90L * i), 0);
	}
	/* One counts from the last failure, the other from the first. */
	assert_true(fail_at(fix, &limit, 1, NOW + 99) > 0);
	assert_true(fail_at(fix, &fixed, 1, NOW + 99) > 0);
	assert_int_equal(fail_at(fix, &fixed, 1, NOW + 100), 0);
	assert_true(fail_at(fix, &limit, 1, NOW + 189) > 0);
	assert_int_equal(fail_at(fix, &limit, 1, NOW + 190), 0);
}

static void a_clock_set_back_waits_no_longer(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("account", "alice");

	for (int i = 0; i < 5; i++) {
		assert_int_equal(fail_at(fix, &limit, 1, NOW + 100000), 0);
	}
	/* A wait of one second, from now on. */
	assert_int_equal(fail_at(fix, &limit, 1, NOW), 1);
	assert_int_equal(fail_at(fix, &limit, 1, NOW + 100001), 0);
}

static void refused_tries_count_in_no_limit(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit both[] = {
		a_limit("account", "alice"), a_limit("source", "192.0.2.1")};
	struct stauth_rate_limit other = a_limit("source", "192.0.2.1");

	both[1].free = 7;
	other.free = 7;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(fail_at(fix, both, 2, NOW), 0);
	}
	for (int i = 0; i < 50; i++) {
		assert_int_equal(fail_at(fix, both, 2, NOW), 1);
	}
	/* Five were counted, so two more are free here. */
	assert_int_equal(fail_at(fix, &other, 1, NOW), 0);
	assert_int_equal(fail_at(fix, &other, 1, NOW), 0);
	assert_int_equal(fail_at(fix, &other, 1, NOW), 1);
}

static void the_longest_wait_is_reported(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit both[] = {
		a_limit("account", "alice"), a_limit("source", "192.0.2.1")};

	both[0].free = 0;
	both[1].free = 0;
	both[1].first_wait_s = 30;
	assert_int_equal(fail_at(fix, both, 2, NOW), 0);
	assert_int_equal(fail_at(fix, both, 2, NOW), 60);
	assert_int_equal(fail_at(fix, both, 2, NOW + 59), 1);
}

static void never_refuse_only_counts(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("account", "alice");

	for (int i = 0; i < 9; i++) {
		fail_always(fix, &limit, NOW);
	}
	/* Nine failures: the wait after the ninth is 16 s. */
	assert_int_equal(fail_at(fix, &limit, 1, NOW), 16);
}

static void e9_counters_outlive_handles(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("account", "alice");

	for (int i = 0; i < 5; i++) {
		assert_int_equal(fail_at(fix, &limit, 1, NOW), 0);
		close_stores(fix);
		open_stores(fix);
	}
	assert_int_equal(fail_at(fix, &limit, 1, NOW), 1);
}

static void g1_limit_keys_are_inert(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("account", "' OR 1=1 --");
	struct stauth_rate_limit long_key = a_limit("account", "");

	memset(long_key.key, 'k', sizeof(long_key.key) - 1);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(fail_at(fix, &limit, 1, NOW), 0);
		assert_int_equal(fail_at(fix, &long_key, 1, NOW), 0);
	}
	assert_int_equal(fail_at(fix, &limit, 1, NOW), 1);
	assert_int_equal(fail_at(fix, &long_key, 1, NOW), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			waits_double_up_to_the_most, begin, end),
		cmocka_unit_test_setup_teardown(
			a_steady_wait_stays_steady, begin, end),
		cmocka_unit_test_setup_teardown(a_window_forgets, begin, end),
		cmocka_unit_test_setup_teardown(
			a_clock_set_back_waits_no_longer, begin, end),
		cmocka_unit_test_setup_teardown(
			refused_tries_count_in_no_limit, begin, end),
		cmocka_unit_test_setup_teardown(
			the_longest_wait_is_reported, begin, end),
		cmocka_unit_test_setup_teardown(
			never_refuse_only_counts, begin, end),
		cmocka_unit_test_setup_teardown(
			e9_counters_outlive_handles, begin, end),
		cmocka_unit_test_setup_teardown(
			g1_limit_keys_are_inert, begin, end),
	};

	RUN_ON_EVERY_PROVIDER(tests);
}
