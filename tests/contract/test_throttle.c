/* SPDX-License-Identifier: MIT */
/* The counters of failures: store/state.h, on every provider. */
#include "fixture.h"

#include <sys/wait.h>

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

/* Seconds to wait; 0: taken. */
static int64_t take(struct fixture *fix, const struct stauth_rate_limit *limits,
	size_t count, int64_t now_s)
{
	struct stauth_err err = {STAUTH_OK, ""};
	int64_t wait_s = 0;
	enum stauth_rc rc = fix->state->ops->throttle_take(
		fix->state, limits, count, false, now_s, &wait_s, &err);

	assert_true(rc == STAUTH_OK || rc == STAUTH_THROTTLED);
	assert_true((rc == STAUTH_THROTTLED) == (wait_s > 0));
	return wait_s;
}

static void done(struct fixture *fix, const struct stauth_rate_limit *limits,
	size_t count, bool success)
{
	struct stauth_err err = {STAUTH_OK, ""};

	assert_ok(fix->state->ops->throttle_done(
		fix->state, limits, count, success, NOW, &err));
}

static void waits_double_up_to_the_most(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit =
		a_limit("account+source", "alice 192.0.2.1");
	const int64_t waits[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
	int64_t now_s = NOW;

	for (int i = 0; i < 5; i++) {
		assert_int_equal(take(fix, &limit, 1, now_s), 0);
	}
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		assert_int_equal(take(fix, &limit, 1, now_s), waits[i]);
		/* Asking does not make it longer. */
		assert_int_equal(take(fix, &limit, 1, now_s), waits[i]);
		now_s += waits[i];
		if (waits[i] > 1) {
			assert_int_equal(take(fix, &limit, 1, now_s - 1), 1);
		}
		assert_int_equal(take(fix, &limit, 1, now_s), 0);
	}
}

static void a_steady_wait_stays_steady(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("source", "192.0.2.1");

	limit.free = 0;
	limit.first_wait_s = 10;
	limit.max_wait_s = 10;
	assert_int_equal(take(fix, &limit, 1, NOW), 0);
	for (int i = 1; i < 50; i++) {
		int64_t at = NOW + 10 * i;

		assert_int_equal(take(fix, &limit, 1, at - 1), 1);
		assert_int_equal(take(fix, &limit, 1, at), 0);
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
		assert_int_equal(take(fix, &limit, 1, NOW + 90L * i), 0);
		assert_int_equal(take(fix, &fixed, 1, NOW + 90L * i), 0);
	}
	/* One counts from the last failure, the other from the first. */
	assert_true(take(fix, &limit, 1, NOW + 99) > 0);
	assert_true(take(fix, &fixed, 1, NOW + 99) > 0);
	assert_int_equal(take(fix, &fixed, 1, NOW + 100), 0);
	assert_true(take(fix, &limit, 1, NOW + 189) > 0);
	assert_int_equal(take(fix, &limit, 1, NOW + 190), 0);
}

static void a_clock_set_back_waits_no_longer(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("account", "alice");

	for (int i = 0; i < 5; i++) {
		assert_int_equal(take(fix, &limit, 1, NOW + 100000), 0);
	}
	/* A wait of one second, from now on. */
	assert_int_equal(take(fix, &limit, 1, NOW), 1);
	assert_int_equal(take(fix, &limit, 1, NOW + 100001), 0);
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
		assert_int_equal(take(fix, both, 2, NOW), 0);
	}
	for (int i = 0; i < 50; i++) {
		assert_int_equal(take(fix, both, 2, NOW), 1);
	}
	/* Five were counted, so two more are free here. */
	assert_int_equal(take(fix, &other, 1, NOW), 0);
	assert_int_equal(take(fix, &other, 1, NOW), 0);
	assert_int_equal(take(fix, &other, 1, NOW), 1);
}

static void the_longest_wait_is_told(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit both[] = {
		a_limit("account", "alice"), a_limit("source", "192.0.2.1")};

	both[0].free = 0;
	both[1].free = 0;
	both[1].first_wait_s = 30;
	assert_int_equal(take(fix, both, 2, NOW), 0);
	assert_int_equal(take(fix, both, 2, NOW), 60);
	assert_int_equal(take(fix, both, 2, NOW + 59), 1);
}

static void never_refuse_only_counts(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_rate_limit limit = a_limit("account", "alice");
	int64_t wait_s = -1;

	for (int i = 0; i < 9; i++) {
		assert_ok(fix->state->ops->throttle_take(
			fix->state, &limit, 1, true, NOW, &wait_s, &err));
	}
	assert_int_equal(wait_s, -1);
	/* Nine failures: the wait after the ninth is 16 s. */
	assert_int_equal(take(fix, &limit, 1, NOW), 16);
}

static void e10_success_clears_its_own_limit_only(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit good =
		a_limit("account+source", "alice 192.0.2.1");
	struct stauth_rate_limit evil =
		a_limit("account+source", "alice 192.0.2.9");
	struct stauth_rate_limit account = a_limit("account", "alice");
	struct stauth_rate_limit ours[2];
	struct stauth_rate_limit theirs[2];

	account.cleared_by_success = false;
	account.free = 8;
	ours[0] = good;
	ours[1] = account;
	theirs[0] = evil;
	theirs[1] = account;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(take(fix, theirs, 2, NOW), 0);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(take(fix, ours, 2, NOW), 0);
	}
	assert_int_equal(take(fix, ours, 2, NOW), 0);
	done(fix, ours, 2, true);
	/* The stranger's counter is as it was; one of eight was taken back. */
	assert_int_equal(take(fix, &evil, 1, NOW), 1);
	assert_int_equal(take(fix, &account, 1, NOW), 0);
	assert_int_equal(take(fix, &account, 1, NOW), 1);
	/* And ours begins anew. */
	for (int i = 0; i < 5; i++) {
		assert_int_equal(take(fix, &good, 1, NOW), 0);
	}
	assert_int_equal(take(fix, &good, 1, NOW), 1);
}

static void a_fault_takes_one_back(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("account", "alice");

	for (int i = 0; i < 50; i++) {
		assert_int_equal(take(fix, &limit, 1, NOW), 0);
		done(fix, &limit, 1, false);
	}
	/* One, not all of them. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(take(fix, &limit, 1, NOW), 0);
	}
	done(fix, &limit, 1, false);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(take(fix, &limit, 1, NOW), 0);
	}
	assert_int_equal(take(fix, &limit, 1, NOW), 1);
	for (int i = 0; i < 5; i++) {
		done(fix, &limit, 1, false);
	}
	/* Never below nothing. */
	done(fix, &limit, 1, false);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(take(fix, &limit, 1, NOW), 0);
	}
	assert_int_equal(take(fix, &limit, 1, NOW), 1);
}

static void a_log_in_settles_its_limits(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_login_commit login = a_login(&alice, 1);
	struct stauth_rate_limit limit = a_limit("account", "alice");

	for (int i = 0; i < 5; i++) {
		assert_int_equal(take(fix, &limit, 1, NOW), 0);
	}
	login.limits = &limit;
	login.limit_count = 1;
	login.session.epoch++;
	assert_rc(commit_at(fix, &login, NOW), STAUTH_EXPIRED);
	assert_int_equal(take(fix, &limit, 1, NOW), 1);
	login.session.epoch--;
	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	assert_int_equal(take(fix, &limit, 1, NOW), 0);
}

static void e9_counters_outlive_handles(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("account", "alice");

	for (int i = 0; i < 5; i++) {
		assert_int_equal(take(fix, &limit, 1, NOW), 0);
		close_stores(fix);
		open_stores(fix);
	}
	assert_int_equal(take(fix, &limit, 1, NOW), 1);
}

static void g1_limit_keys_are_inert(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("account", "' OR 1=1 --");
	struct stauth_rate_limit long_key = a_limit("account", "");

	memset(long_key.key, 'k', sizeof(long_key.key) - 1);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(take(fix, &limit, 1, NOW), 0);
		assert_int_equal(take(fix, &long_key, 1, NOW), 0);
	}
	assert_int_equal(take(fix, &limit, 1, NOW), 1);
	assert_int_equal(take(fix, &long_key, 1, NOW), 1);
}

#define CHILDREN 200

/* In a child: 0 let through, 1 told to wait, 2 could not be asked. */
static int take_in_child(
	struct fixture *fix, const struct stauth_rate_limit *limit)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_store store;
	int64_t wait_s = 0;
	enum stauth_rc rc;

	memset(&store, 0, sizeof(store));
	rc = open_store(fix, STAUTH_ROLE_PAM, &store, &err);
	if (rc == STAUTH_OK) {
		rc = store.state->ops->throttle_take(
			store.state, limit, 1, false, NOW, &wait_s, &err);
	}
	stauth_store_close(&store);
	return rc == STAUTH_OK ? 0 : rc == STAUTH_THROTTLED ? 1 : 2;
}

static void e8_two_hundred_at_once_pass_no_limit(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("account", "alice");
	pid_t children[CHILDREN];
	int answers[3] = {0, 0, 0};

	/* A handle belongs to the process that opened it. */
	close_stores(fix);
	for (int i = 0; i < CHILDREN; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			_exit(take_in_child(fix, &limit));
		}
	}
	for (int i = 0; i < CHILDREN; i++) {
		int status = 0;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status));
		assert_in_range(WEXITSTATUS(status), 0, 2);
		answers[WEXITSTATUS(status)]++;
	}
	/* Exactly the free ones, unless the lock could not be had in time. */
	assert_true(answers[0] <= 5);
	assert_true(answers[0] == 5 || answers[2] > 0);
	assert_true(answers[1] > 0);
	open_stores(fix);
	assert_true(take(fix, &limit, 1, NOW) == 1 || answers[0] < 5);
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
			the_longest_wait_is_told, begin, end),
		cmocka_unit_test_setup_teardown(
			never_refuse_only_counts, begin, end),
		cmocka_unit_test_setup_teardown(
			e10_success_clears_its_own_limit_only, begin, end),
		cmocka_unit_test_setup_teardown(
			a_fault_takes_one_back, begin, end),
		cmocka_unit_test_setup_teardown(
			a_log_in_settles_its_limits, begin, end),
		cmocka_unit_test_setup_teardown(
			e9_counters_outlive_handles, begin, end),
		cmocka_unit_test_setup_teardown(
			g1_limit_keys_are_inert, begin, end),
		cmocka_unit_test_setup_teardown(
			e8_two_hundred_at_once_pass_no_limit, begin, end),
	};

	RUN_ON_EVERY_PROVIDER(tests);
}
