/* SPDX-License-Identifier: MIT */
/* Audit, health and the sweep: store/state.h, on every provider. */
#include "fixture.h"

#include "base/banned.h"

static void add_row(struct fixture *fix, const char *user, int64_t at)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_audit_row row;

	memset(&row, 0, sizeof(row));
	(void)snprintf(row.event, sizeof(row.event), "login.wrong");
	(void)snprintf(row.user, sizeof(row.user), "%s", user);
	assert_ok(fix->state->ops->audit_add(fix->state, &row, at, &err));
}

static void rows_come_oldest_first_in_pages(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_state_ops *ops = fix->state->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_audit_row page[4];
	size_t count = 0;
	int64_t last;

	for (int i = 0; i < 6; i++) {
		add_row(fix, i % 2 ? "odd" : "' OR 1=1 --", NOW + i);
	}
	assert_ok(ops->audit_list(fix->state,
		&(const struct stauth_audit_query){.limit = 4}, page, &count,
		&err));
	assert_int_equal(count, 4);
	assert_int_equal(page[0].at, NOW);
	assert_string_equal(page[0].event, "login.wrong");
	assert_false(page[0].ok);
	last = page[3].id;
	assert_true(page[0].id < last);
	assert_ok(ops->audit_list(fix->state,
		&(const struct stauth_audit_query){
			.after_id = last, .limit = 4},
		page, &count, &err));
	assert_int_equal(count, 2);
	assert_ok(ops->audit_list(fix->state,
		&(const struct stauth_audit_query){.user = "odd", .limit = 4},
		page, &count, &err));
	assert_int_equal(count, 3);
	assert_ok(ops->audit_list(fix->state,
		&(const struct stauth_audit_query){
			.since_s = NOW + 4, .limit = 4},
		page, &count, &err));
	assert_int_equal(count, 2);
	assert_ok(ops->audit_list(fix->state,
		&(const struct stauth_audit_query){
			.user = "' OR 1=1 --", .limit = 4},
		page, &count, &err));
	assert_int_equal(count, 3);
	assert_ok(ops->audit_list(fix->state,
		&(const struct stauth_audit_query){
			.user = "nobody", .limit = 4},
		page, &count, &err));
	assert_int_equal(count, 0);
}

/* Ids of the rows of a page, as one number: 3 2 1 is 321. */
static int64_t ids_of(
	struct fixture *fix, const struct stauth_audit_query *query)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_audit_row rows[9];
	size_t count = 0;
	int64_t ids = 0;

	assert_ok(fix->state->ops->audit_list(
		fix->state, query, rows, &count, &err));
	for (size_t i = 0; i < count; i++) {
		ids = ids * 10 + rows[i].id;
	}
	return ids;
}

#define IDS(fix, ...)                                                          \
	ids_of(fix, &(const struct stauth_audit_query){__VA_ARGS__})

static void pages_go_by_time_and_by_filter(void **state)
{
	struct fixture *fix = *state;
	static const int64_t times[] = {5, 5, 9, 1, 9, 9};
	struct stauth_err err = {STAUTH_OK, ""};

	for (int i = 0; i < 6; i++) {
		struct stauth_audit_row row = {.event = "login"};

		snprintf(row.user, sizeof(row.user), i % 2 ? "odd" : "even");
		snprintf(row.event, sizeof(row.event), i < 3 ? "a" : "b");
		assert_ok(fix->state->ops->audit_add(
			fix->state, &row, times[i], &err));
	}
	/* As they were written, whatever the clock said. */
	assert_int_equal(IDS(fix, .limit = 9), 123456);
	assert_int_equal(IDS(fix, .after_id = 2, .limit = 9), 3456);
	assert_int_equal(IDS(fix, .event = "b", .user = "odd", .limit = 9), 46);
	assert_int_equal(
		IDS(fix, .order = STAUTH_AUDIT_OLDEST, .limit = 9), 412356);
	assert_int_equal(IDS(fix, .order = STAUTH_AUDIT_OLDEST, .after_id = 1,
				 .after_at = 5, .limit = 2),
		23);
	assert_int_equal(
		IDS(fix, .order = STAUTH_AUDIT_NEWEST, .limit = 4), 6532);
	assert_int_equal(IDS(fix, .order = STAUTH_AUDIT_NEWEST, .after_id = 2,
				 .after_at = 5, .limit = 9),
		14);
	assert_int_equal(IDS(fix, .order = STAUTH_AUDIT_NEWEST, .since_s = 5,
				 .event = "a", .limit = 9),
		321);
	assert_int_equal(IDS(fix, .order = STAUTH_AUDIT_NEWEST, .user = "odd",
				 .limit = 9),
		624);
	assert_int_equal(IDS(fix, .order = STAUTH_AUDIT_NEWEST, .user = "odd",
				 .after_id = 6, .after_at = 9, .limit = 9),
		24);
	assert_int_equal(IDS(fix, .order = STAUTH_AUDIT_NEWEST, .user = "even",
				 .event = "b", .limit = 9),
		5);
	assert_int_equal(IDS(fix, .order = STAUTH_AUDIT_OLDEST, .user = "even",
				 .since_s = 6, .limit = 9),
		35);
	assert_int_equal(IDS(fix, .order = STAUTH_AUDIT_OLDEST, .event = "b",
				 .limit = 2),
		45);
	assert_int_equal(IDS(fix, .order = STAUTH_AUDIT_NEWEST, .since_s = 10,
				 .limit = 9),
		0);
}

static void the_longest_row_comes_back_whole(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_audit_row in;
	struct stauth_audit_row out[1];
	size_t count = 0;

	memset(&in, 0, sizeof(in));
	memset(in.event, 'e', sizeof(in.event) - 1);
	memset(in.user, 'u', sizeof(in.user) - 1);
	memset(in.actor, 'a', sizeof(in.actor) - 1);
	memset(in.channel, 'c', sizeof(in.channel) - 1);
	memset(in.address, 'd', sizeof(in.address) - 1);
	memset(in.detail, 't', sizeof(in.detail) - 1);
	in.uid = 5;
	assert_ok(fix->state->ops->audit_add(fix->state, &in, NOW, &err));
	assert_ok(fix->state->ops->audit_list(fix->state,
		&(const struct stauth_audit_query){.limit = 1}, out, &count,
		&err));
	assert_string_equal(out[0].event, in.event);
	assert_string_equal(out[0].user, in.user);
	assert_string_equal(out[0].actor, in.actor);
	assert_string_equal(out[0].channel, in.channel);
	assert_string_equal(out[0].address, in.address);
	assert_string_equal(out[0].detail, in.detail);
	assert_int_equal(out[0].uid, 5);
}

static int expire(struct fixture *fix, int64_t idle_s, int64_t audit_before_s,
	size_t limit, int64_t now_s)
{
	struct stauth_err err = {STAUTH_OK, ""};
	int count = -1;

	assert_ok(fix->state->ops->expire_batch(fix->state,
		&(const struct stauth_expiry){.idle_s = idle_s,
			.audit_before_s = audit_before_s,
			.limit = limit,
			.now_s = now_s},
		&count, &err));
	return count;
}

static void dead_rows_are_swept_in_batches(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_rate_limit limit = {.name = "account",
		.key = "k",
		.free = 5,
		.window_s = 60,
		.first_wait_s = 1,
		.max_wait_s = 60};

	for (int i = 0; i < 5; i++) {
		struct stauth_login_commit login = a_login(&alice, i);

		login.session.expires_at = NOW + (i < 3 ? 10 : 1000);
		login.session.remember = i == 4;
		login.device = true;
		fill_hash(login.device_hash, 100 + i);
		login.device_expires_at = NOW + (i == 0 ? 10 : 1000);
		assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	}
	assert_int_equal(fail_at(fix, &limit, 1, NOW), 0);
	assert_int_equal(expire(fix, 0, 0, 100, NOW + 9), 0);
	/* Three sessions, one device. */
	assert_int_equal(expire(fix, 0, 0, 2, NOW + 10), 2);
	assert_int_equal(expire(fix, 0, 0, 2, NOW + 10), 2);
	assert_int_equal(expire(fix, 0, 0, 2, NOW + 10), 0);
	/* The counter's window is over. */
	assert_int_equal(expire(fix, 0, 0, 100, NOW + 60), 1);
	/* One was idle too long, the other is remembered. */
	assert_int_equal(expire(fix, 100, 0, 100, NOW + 99), 0);
	assert_int_equal(expire(fix, 100, 0, 100, NOW + 100), 1);
	assert_true(stands(fix, 4));
	/* One row of the account, five of its log-ins. */
	assert_int_equal(expire(fix, 0, NOW, 100, NOW + 100), 0);
	assert_int_equal(expire(fix, 0, NOW + 1, 4, NOW + 100), 4);
	assert_int_equal(expire(fix, 0, NOW + 1, 4, NOW + 100), 2);
	assert_int_equal(count_audit(fix, ""), 0);
	/* Ids go on: who follows the audit misses nothing. */
	add_row(fix, "alice", NOW);
	{
		struct stauth_audit_row rows[2];
		size_t count = 0;

		assert_ok(fix->state->ops->audit_list(fix->state,
			&(const struct stauth_audit_query){
				.after_id = 6, .limit = 2},
			rows, &count, &err));
		assert_int_equal(count, 1);
	}
}

static void a_sound_store_is_healthy(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};

	assert_int_equal(
		fix->state->ops->health(fix->state, &err), STAUTH_HEALTH_OK);
	assert_true(fix->state->ops->now(fix->state) > INT64_C(1700000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			rows_come_oldest_first_in_pages, begin, end),
		cmocka_unit_test_setup_teardown(
			pages_go_by_time_and_by_filter, begin, end),
		cmocka_unit_test_setup_teardown(
			the_longest_row_comes_back_whole, begin, end),
		cmocka_unit_test_setup_teardown(
			dead_rows_are_swept_in_batches, begin, end),
		cmocka_unit_test_setup_teardown(
			a_sound_store_is_healthy, begin, end),
	};

	RUN_ON_EVERY_PROVIDER(tests);
}
