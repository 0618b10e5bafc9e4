/* SPDX-License-Identifier: MIT */
/* Tries that are under way: store/state.h, on every provider. */
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

/* Makes room for a try; how the store answered. */
static enum stauth_rc reserve(struct fixture *fix, struct stauth_limits *limits,
	int64_t now_s, int64_t *ret_wait_s)
{
	struct stauth_err err = {STAUTH_OK, ""};

	*ret_wait_s = 0;
	return fix->state->ops->throttle_reserve(
		fix->state, limits, now_s, ret_wait_s, &err);
}

static enum stauth_rc reserve_one(struct fixture *fix,
	const struct stauth_rate_limit *limit, int64_t now_s)
{
	struct stauth_limits limits = limits_of(limit, 1);
	int64_t wait_s;

	return reserve(fix, &limits, now_s, &wait_s);
}

/* A try that comes to something else than a failure. */
static void make_try(struct fixture *fix, const struct stauth_rate_limit *limit,
	size_t count, enum stauth_outcome outcome)
{
	struct stauth_limits limits = limits_of(limit, count);
	int64_t wait_s;

	assert_rc(reserve(fix, &limits, NOW, &wait_s), STAUTH_OK);
	settle_at(fix, &limits, outcome, NOW);
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
		assert_int_equal(fail_at(fix, theirs, 2, NOW), 0);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fail_at(fix, ours, 2, NOW), 0);
	}
	make_try(fix, ours, 2, STAUTH_OUTCOME_SUCCESS);
	/* The stranger's counter is as it was; seven of eight are counted. */
	assert_int_equal(fail_at(fix, &evil, 1, NOW), 1);
	assert_int_equal(fail_at(fix, &account, 1, NOW), 0);
	assert_int_equal(fail_at(fix, &account, 1, NOW), 1);
	/* And ours begins anew. */
	for (int i = 0; i < 5; i++) {
		assert_int_equal(fail_at(fix, &good, 1, NOW), 0);
	}
	assert_int_equal(fail_at(fix, &good, 1, NOW), 1);
}

static void a_fault_and_a_success_give_the_place_back(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("account", "alice");

	limit.cleared_by_success = false;
	for (int i = 0; i < 50; i++) {
		make_try(fix, &limit, 1, STAUTH_OUTCOME_FAULT);
		make_try(fix, &limit, 1, STAUTH_OUTCOME_SUCCESS);
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(fail_at(fix, &limit, 1, NOW), 0);
	}
	/* Nothing but their own. */
	make_try(fix, &limit, 1, STAUTH_OUTCOME_FAULT);
	make_try(fix, &limit, 1, STAUTH_OUTCOME_SUCCESS);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fail_at(fix, &limit, 1, NOW), 0);
	}
	assert_int_equal(fail_at(fix, &limit, 1, NOW), 1);
}

/* Settled twice, or after an administrator cleared the counter. */
static void nothing_goes_below_nothing(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("account", "alice");
	struct stauth_limits limits = limits_of(&limit, 1);
	int64_t wait_s;

	assert_rc(reserve(fix, &limits, NOW, &wait_s), STAUTH_OK);
	for (int i = 0; i < 3; i++) {
		settle_at(fix, &limits, STAUTH_OUTCOME_FAULT, NOW);
	}
	for (int i = 0; i < 5; i++) {
		assert_int_equal(fail_at(fix, &limit, 1, NOW), 0);
	}
	assert_int_equal(fail_at(fix, &limit, 1, NOW), 1);
}

static void u5_only_so_many_tries_are_under_way_at_once(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("account", "alice");
	struct stauth_limits tries[5];
	int64_t wait_s;

	assert_int_equal(fail_at(fix, &limit, 1, NOW), 0);
	assert_int_equal(fail_at(fix, &limit, 1, NOW), 0);
	for (int i = 0; i < 3; i++) {
		tries[i] = limits_of(&limit, 1);
		assert_rc(reserve(fix, &tries[i], NOW, &wait_s), STAUTH_OK);
	}
	/* Nobody failed too often, so nobody has to wait. */
	assert_rc(reserve_one(fix, &limit, NOW), STAUTH_EBUSY);
	settle_at(fix, &tries[0], STAUTH_OUTCOME_FAULT, NOW);
	assert_rc(reserve(fix, &tries[0], NOW, &wait_s), STAUTH_OK);
	assert_rc(reserve_one(fix, &limit, NOW), STAUTH_EBUSY);
	/* What failed keeps its place. */
	settle_at(fix, &tries[0], STAUTH_OUTCOME_FAILURE, NOW);
	assert_rc(reserve_one(fix, &limit, NOW), STAUTH_EBUSY);
	/* A success clears the failures, and leaves the others their places. */
	settle_at(fix, &tries[1], STAUTH_OUTCOME_SUCCESS, NOW);
	for (int i = 0; i < 4; i++) {
		assert_rc(reserve_one(fix, &limit, NOW), STAUTH_OK);
	}
	assert_rc(reserve_one(fix, &limit, NOW), STAUTH_EBUSY);
}

static void u5_over_the_free_tries_one_at_a_time_is_made(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("account", "alice");
	struct stauth_limits limits = limits_of(&limit, 1);
	int64_t wait_s;

	for (int i = 0; i < 5; i++) {
		assert_int_equal(fail_at(fix, &limit, 1, NOW), 0);
	}
	assert_rc(reserve(fix, &limits, NOW, &wait_s), STAUTH_THROTTLED);
	assert_int_equal(wait_s, 1);
	assert_rc(reserve(fix, &limits, NOW + 1, &wait_s), STAUTH_OK);
	assert_rc(reserve_one(fix, &limit, NOW + 1), STAUTH_EBUSY);
	settle_at(fix, &limits, STAUTH_OUTCOME_FAILURE, NOW + 1);
	assert_int_equal(fail_at(fix, &limit, 1, NOW + 1), 2);
}

/* Its process was killed, or stopped for ever. */
static void u5_a_try_that_nobody_settles_becomes_a_failure(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("account", "alice");
	struct stauth_limits late = limits_of(&limit, 1);
	struct stauth_counter listed;
	struct stauth_err err = {STAUTH_OK, ""};
	size_t count = 0;
	int64_t wait_s;

	for (int i = 0; i < 4; i++) {
		assert_rc(reserve_one(fix, &limit, NOW), STAUTH_OK);
	}
	assert_rc(reserve(fix, &late, NOW, &wait_s), STAUTH_OK);
	assert_rc(reserve_one(fix, &limit, NOW + 29), STAUTH_EBUSY);
	assert_ok(fix->state->ops->throttle_list(fix->state,
		&(const struct stauth_counter_page){
			.limit = 1, .now_s = NOW + 29},
		&listed, &count, &err));
	assert_int_equal(count, 0);
	assert_ok(fix->state->ops->throttle_list(fix->state,
		&(const struct stauth_counter_page){
			.limit = 1, .now_s = NOW + 30},
		&listed, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(listed.failures, 5);
	assert_int_equal(listed.first_at, NOW);
	assert_int_equal(listed.last_at, NOW);
	/* Five failures at NOW: the wait of a second is over. */
	assert_rc(reserve_one(fix, &limit, NOW + 30), STAUTH_OK);
	assert_rc(reserve_one(fix, &limit, NOW + 30), STAUTH_EBUSY);
	/* One that is settled after all takes back what it became. */
	settle_at(fix, &late, STAUTH_OUTCOME_FAULT, NOW + 31);
	assert_rc(reserve_one(fix, &limit, NOW + 31), STAUTH_EBUSY);
	/* The other is one by now: five, and a sixth. */
	assert_int_equal(fail_at(fix, &limit, 1, NOW + 60), 0);
	assert_int_equal(fail_at(fix, &limit, 1, NOW + 60), 2);
}

static void a_log_in_settles_its_limits(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_login_commit login = a_login(&alice, 1);
	struct stauth_rate_limit limit = a_limit("account", "alice");
	struct stauth_limits limits = limits_of(&limit, 1);
	int64_t wait_s;

	for (int i = 0; i < 4; i++) {
		assert_int_equal(fail_at(fix, &limit, 1, NOW), 0);
	}
	assert_rc(reserve(fix, &limits, NOW, &wait_s), STAUTH_OK);
	login.limits = &limits;
	login.session.epoch++;
	assert_rc(commit_at(fix, &login, NOW), STAUTH_EXPIRED);
	assert_rc(reserve_one(fix, &limit, NOW), STAUTH_EBUSY);
	login.session.epoch--;
	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(fail_at(fix, &limit, 1, NOW), 0);
	}
}

static void a_settled_try_has_its_row(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = a_limit("account", "alice");
	struct stauth_limits limits = limits_of(&limit, 1);
	struct stauth_audit_row row = a_change("login.wrong").audit;
	const struct stauth_settlement how = {
		.outcome = STAUTH_OUTCOME_FAILURE, .audit = &row};
	struct stauth_err err = {STAUTH_OK, ""};
	int64_t wait_s;

	assert_rc(reserve(fix, &limits, NOW, &wait_s), STAUTH_OK);
	assert_ok(fix->state->ops->throttle_settle(
		fix->state, &limits, &how, NOW, &err));
	assert_int_equal(count_audit(fix, ""), 1);
}

#define CHILDREN 200

/* In a child: 0 let through, 1 told to come again, 2 could not be asked. */
static int reserve_in_child(
	struct fixture *fix, const struct stauth_rate_limit *limit)
{
	struct stauth_limits limits = limits_of(limit, 1);
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_store store;
	int64_t wait_s = 0;
	enum stauth_rc rc;

	memset(&store, 0, sizeof(store));
	rc = open_store(fix, STAUTH_ROLE_PAM, &store, &err);
	if (rc == STAUTH_OK) {
		rc = store.state->ops->throttle_reserve(
			store.state, &limits, NOW, &wait_s, &err);
	}
	stauth_store_close(&store);
	return rc == STAUTH_OK ? 0 : rc == STAUTH_EBUSY ? 1 : 2;
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
			_exit(reserve_in_child(fix, &limit));
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
	assert_true(reserve_one(fix, &limit, NOW) == STAUTH_EBUSY ||
		    answers[0] < 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			e10_success_clears_its_own_limit_only, begin, end),
		cmocka_unit_test_setup_teardown(
			a_fault_and_a_success_give_the_place_back, begin, end),
		cmocka_unit_test_setup_teardown(
			nothing_goes_below_nothing, begin, end),
		cmocka_unit_test_setup_teardown(
			u5_only_so_many_tries_are_under_way_at_once, begin,
			end),
		cmocka_unit_test_setup_teardown(
			u5_over_the_free_tries_one_at_a_time_is_made, begin,
			end),
		cmocka_unit_test_setup_teardown(
			u5_a_try_that_nobody_settles_becomes_a_failure, begin,
			end),
		cmocka_unit_test_setup_teardown(
			a_log_in_settles_its_limits, begin, end),
		cmocka_unit_test_setup_teardown(
			a_settled_try_has_its_row, begin, end),
		cmocka_unit_test_setup_teardown(
			e8_two_hundred_at_once_pass_no_limit, begin, end),
	};

	RUN_ON_EVERY_PROVIDER(tests);
}
