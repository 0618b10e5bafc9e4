/* SPDX-License-Identifier: MIT */
/*
 * What each statement reads: SQLite's own plan of it. A statement that runs by
 * itself, for every request or in a sweep, reads what it changes or answers
 * with, not the table.
 */
#include "sqlite_files.h"

#include "store/sqlite/sql.h"

#include "base/banned.h"

/* These may read a whole table, or sort what they found, and why. */
static const struct {
	enum stauth_sql id;
	const char *why;
} allowed[] = {
	{STAUTH_SQL_SCHEMA_TEXT, "the schema, for a restore"},
	{STAUTH_SQL_USER_MAX_UID, "the last entry alone"},
	{STAUTH_SQL_SEAL_LAST, "the last entry alone"},
	{STAUTH_SQL_AUDIT_EXPIRE_UNSEALED, "the last seal alone"},
	{STAUTH_SQL_SESSION_LIST, "a page of a list, in order of its index"},
	{STAUTH_SQL_SESSION_END_ALL, "asked for by hand: all of them"},
	{STAUTH_SQL_SESSION_CAP, "sorts the sessions of one user"},
	{STAUTH_SQL_DEVICE_CAP, "sorts the devices of one user, 200 at most"},
	{STAUTH_SQL_LIMIT_FORGET, "asked for by hand: a part of a key"},
	{STAUTH_SQL_LIMIT_EVICT, "the oldest, in order of the index"},
	{STAUTH_SQL_REMOTE_LOCK, "a table of one row"},
	{STAUTH_SQL_REMOTE_UNLOCK, "a table of one row"},
	{STAUTH_SQL_REMOTE_MARK, "a table of one row"},
	{STAUTH_SQL_REMOTE_READ, "a table of one row"},
	{STAUTH_SQL_REMOTE_LOGGED_IN, "a table of one row"},
};

/* All of a restore reads and writes everything. */
static bool may_scan(enum stauth_sql id)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (allowed[i].id == id) {
			return true;
		}
	}
	return id >= STAUTH_SQL_RESTORE_USERS;
}

static bool reads_all(const char *detail)
{
	return strncmp(detail, "SCAN ", 5) == 0 &&
	       strcmp(detail, "SCAN CONSTANT ROW") != 0;
}

static void explain(sqlite3 *sql, enum stauth_sql id, int *faults)
{
	char text[8192];
	sqlite3_stmt *stmt = NULL;

	snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s",
		stauth_sql_text(id));
	if (sqlite3_prepare_v2(sql, text, -1, &stmt, NULL) != SQLITE_OK) {
		fail_msg("%s: %s", text, sqlite3_errmsg(sql));
	}
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(stmt, 3);

		if ((reads_all(detail) || strstr(detail, "TEMP B-TREE")) &&
			!may_scan(id)) {
			print_error("%s\n\t%s\n", stauth_sql_text(id), detail);
			++*faults;
		}
	}
	sqlite3_finalize(stmt);
}

static void e2_no_statement_reads_a_table_by_itself(void **state)
{
	sqlite3 *sql = raw_open(*state);
	int faults = 0;

	for (int id = 0; id < STAUTH_SQL_COUNT; id++) {
		assert_non_null(stauth_sql_text((enum stauth_sql)id));
		explain(sql, (enum stauth_sql)id, &faults);
	}
	assert_int_equal(faults, 0);
	assert_int_equal(sqlite3_close(sql), SQLITE_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			e2_no_statement_reads_a_table_by_itself, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
