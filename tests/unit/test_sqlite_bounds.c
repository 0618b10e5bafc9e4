/* SPDX-License-Identifier: MIT */
/* Tables stay small, checks stay quick. */
#include "sqlite_files.h"

#include "store/sqlite/sql.h"

#include "base/banned.h"

#define LIMITS_MAX 65536

static void e3_the_counters_are_bounded(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = {.name = "account",
		.free = 1,
		.window_s = 1000000,
		.first_wait_s = 1000,
		.max_wait_s = 1000};

	/* The row with the smallest number was touched longest ago. */
	raw(fix, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 "
		 "FROM n WHERE i < 67000) INSERT INTO rate_limits "
		 "SELECT 'account', "
		 "'old' || i, 1, 0, 0, 1700000000, 1700000000 + i, 1900000000 "
		 "FROM n");
	for (int i = 0; i < 300; i++) {
		(void)snprintf(limit.key, sizeof(limit.key), "new%d", i);
		assert_int_equal(fail_at(fix, &limit, 1, NOW), 0);
	}
	assert_in_range(raw_number(fix, "SELECT count(*) FROM rate_limits"),
		LIMITS_MAX - 1, LIMITS_MAX + 256);
	assert_int_equal(raw_number(fix, "SELECT count(*) FROM rate_limits "
					 "WHERE key = 'old1'"),
		0);
	/* What was counted just now is still counted. */
	assert_int_equal(raw_number(fix, "SELECT count(*) FROM rate_limits "
					 "WHERE key LIKE 'new%'"),
		300);
}

static void dead_rows_go_along_with_writes(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");

	for (int i = 0; i < 40; i++) {
		struct stauth_login_commit login = a_login(&alice, i);

		login.session.expires_at = NOW - 1;
		login.device = true;
		fill_hash(login.device_hash, 100 + i);
		login.device_expires_at = NOW - 1;
		assert_rc(commit_at(fix, &login, NOW - 100), STAUTH_OK);
	}
	for (int i = 0; i < 512; i++) {
		assert_rc(write_audit(fix), STAUTH_OK);
	}
	assert_int_equal(raw_number(fix, "SELECT count(*) FROM sessions"), 0);
	assert_int_equal(raw_number(fix, "SELECT count(*) FROM devices"), 0);
}

static void known_devices_are_bounded(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_device device;
	struct stauth_login_commit login;

	for (int i = 0; i < 210; i++) {
		login = a_login(&alice, i);
		login.sessions_max = 10;
		login.device = true;
		fill_hash(login.device_hash, 1000 + i);
		login.device_expires_at = NOW + 100000;
		assert_rc(commit_at(fix, &login, NOW + i), STAUTH_OK);
	}
	assert_int_equal(raw_number(fix, "SELECT count(*) FROM devices"), 200);
	assert_ok(fix->state->ops->device_by_hash(
		fix->state, login.device_hash, NOW, &device, &err));
}

/* No statement of everyday use reads a whole table. */
static void lookups_use_their_index(void **state)
{
	struct fixture *fix = *state;
	const enum stauth_sql quick[] = {STAUTH_SQL_USER_BY_NAME,
		STAUTH_SQL_USER_BY_UID, STAUTH_SQL_USER_BY_EMAIL,
		STAUTH_SQL_USER_MAX_UID, STAUTH_SQL_PASSWORD_FROM_UID,
		STAUTH_SQL_SUPERUSERS, STAUTH_SQL_USER_LOGGED_IN,
		STAUTH_SQL_SESSION_BY_HASH, STAUTH_SQL_SESSION_BY_HANDLE,
		STAUTH_SQL_SESSION_LIST, STAUTH_SQL_SESSION_LIST_USER,
		STAUTH_SQL_SESSION_CAP, STAUTH_SQL_SESSION_END,
		STAUTH_SQL_SESSION_END_USER, STAUTH_SQL_SESSION_TOUCH,
		STAUTH_SQL_SESSION_EXPIRE, STAUTH_SQL_DEVICE_BY_HASH,
		STAUTH_SQL_DEVICE_CAP, STAUTH_SQL_DEVICE_END_USER,
		STAUTH_SQL_DEVICE_EXPIRE, STAUTH_SQL_LIMIT_GET,
		STAUTH_SQL_LIMIT_DELETE, STAUTH_SQL_AUDIT_BY_ID,
		STAUTH_SQL_AUDIT_NEWEST_USER, STAUTH_SQL_AUDIT_EXPIRE};
	sqlite3 *sql = raw_open(fix);

	for (size_t i = 0; i < sizeof(quick) / sizeof(quick[0]); i++) {
		char text[2048];
		sqlite3_stmt *stmt = NULL;

		(void)snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s",
			stauth_sql_text(quick[i]));
		assert_int_equal(sqlite3_prepare_v2(sql, text, -1, &stmt, NULL),
			SQLITE_OK);
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			const char *plan =
				(const char *)sqlite3_column_text(stmt, 3);

			if (strstr(plan, "SCAN") &&
				!strstr(plan,
					"USING COVERING INDEX users_su")) {
				fail_msg("%s: %s", stauth_sql_text(quick[i]),
					plan);
			}
		}
		(void)sqlite3_finalize(stmt);
	}
	(void)sqlite3_close(sql);
}

static int64_t size_of_wal(const struct fixture *fix)
{
	struct stat st;
	char path[256];

	path_of(fix, "-wal", path);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* A sweep writes more than anything else does, and must not leave a -wal of
 * that size behind. */
static void e3_a_sweep_leaves_a_small_wal(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	int count = 0;

	raw(fix, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 "
		 "FROM n WHERE i < 30000) INSERT INTO audit (at, event, ok, "
		 "user_name, uid, actor, channel, address, detail) "
		 "SELECT i, 'login', 1, 'user' || i, i, '', 'web', '', '' "
		 "FROM n");
	int64_t highest = 0;
	do {
		assert_ok(fix->state->ops->expire_batch(fix->state,
			&(const struct stauth_expiry){.audit_before_s = NOW,
				.limit = 500,
				.now_s = NOW},
			&count, &err));
		if (size_of_wal(fix) > highest) {
			highest = size_of_wal(fix);
		}
	} while (count > 0);
	assert_true(highest > 0);
	assert_int_equal(size_of_wal(fix), 0);
	assert_int_equal(raw_number(fix, "SELECT count(*) FROM audit"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			e3_a_sweep_leaves_a_small_wal, begin, end),
		cmocka_unit_test_setup_teardown(
			e3_the_counters_are_bounded, begin, end),
		cmocka_unit_test_setup_teardown(
			dead_rows_go_along_with_writes, begin, end),
		cmocka_unit_test_setup_teardown(
			known_devices_are_bounded, begin, end),
		cmocka_unit_test_setup_teardown(
			lookups_use_their_index, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
