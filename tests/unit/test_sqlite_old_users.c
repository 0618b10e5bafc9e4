/* SPDX-License-Identifier: MIT */
/* Reading the files of st-auth-simple. */
#include "sqlite_files.h"

#include "store/sqlite/old_users.h"

#include "base/banned.h"

struct seen {
	int count;
	char names[512];
	int superusers;
	enum stauth_rc answer;
};

static enum stauth_rc see(
	const struct stauth_old_user *user, void *arg, struct stauth_err *err)
{
	struct seen *seen = arg;
	size_t len = strlen(seen->names);

	(void)err;
	seen->count++;
	seen->superusers += user->su ? 1 : 0;
	(void)snprintf(seen->names + len, sizeof(seen->names) - len, "%s=%s;",
		user->username, user->password);
	return seen->answer;
}

static enum stauth_rc old_users(
	const struct fixture *fix, const char *table, struct seen *seen)
{
	struct stauth_err err = {STAUTH_OK, ""};
	char path[256];

	memset(seen->names, 0, sizeof(seen->names));
	seen->count = 0;
	seen->superusers = 0;
	path_of(fix, "", path);
	return stauth_sqlite_old_users(path, table, see, seen, &err);
}

static void k9_old_users_are_read_and_nothing_else(void **state)
{
	struct fixture *fix = *state;
	struct seen seen = {0, "", 0, STAUTH_OK};

	raw(fix, OLD_TABLE
		"INSERT INTO USERS(username, password, su, auth_token) VALUES"
		"('alice', 'cGFzcw==', 1, 'live-token'),"
		"('x\" OR \"1\"=\"1', 'b', 0, ''), ('bob', NULL, NULL, NULL),"
		"('carol', 'c', 2, NULL), (NULL, 'd', '1', NULL)");
	assert_rc(old_users(fix, "users", &seen), STAUTH_OK);
	assert_int_equal(seen.count, 5);
	/* 2 was never a superuser there. */
	assert_int_equal(seen.superusers, 2);
	assert_string_equal(seen.names,
		"alice=cGFzcw==;x\" OR \"1\"=\"1=b;bob=;carol=c;=d;");
	assert_null(strstr(seen.names, "live-token"));
	seen.answer = STAUTH_REFUSED;
	assert_rc(old_users(fix, "USERS", &seen), STAUTH_REFUSED);
	assert_int_equal(seen.count, 1);
}

static void g1_old_table_names_are_identifiers(void **state)
{
	struct fixture *fix = *state;
	struct seen seen = {0, "", 0, STAUTH_OK};
	const char *const names[] = {"", "USERS; DROP TABLE USERS",
		"USERS\" UNION SELECT 1,2,3 --", "1users", "us ers", "us-ers",
		"sqlite_schema", "NOSUCH",
		"a123456789012345678901234567890123456789012345678901234567890"
		"1234"};

	raw(fix, OLD_TABLE "CREATE VIEW V AS SELECT * FROM USERS;"
			   "CREATE TABLE \"us-ers\" (username, password, su);"
			   "CREATE TABLE \"1users\" (username, password, su)");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_rc(old_users(fix, names[i], &seen), STAUTH_ECONFIG);
	}
	assert_rc(old_users(fix, "V", &seen), STAUTH_ECONFIG);
	assert_rc(old_users(fix, "USERS", &seen), STAUTH_OK);
}

static void what_is_no_old_file_is_reported(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct seen seen = {0, "", 0, STAUTH_OK};
	char path[256];
	char other[256];

	path_of(fix, "", path);
	path_of(fix, ".other", other);
	assert_rc(old_users(fix, "USERS", &seen), STAUTH_EUNREACHABLE);
	write_file(path, "no database at all, only some text", 34);
	assert_rc(old_users(fix, "USERS", &seen), STAUTH_ECONFIG);
	assert_int_equal(unlink(path), 0);
	raw(fix, OLD_TABLE);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_rc(old_users(fix, "USERS", &seen), STAUTH_ECONFIG);
	assert_int_equal(unlink(path), 0);
	/* Our own file has no such table. */
	assert_ok(stauth_store_init(fix->config, &err));
	assert_rc(old_users(fix, "USERS", &seen), STAUTH_ECONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			k9_old_users_are_read_and_nothing_else, begin_empty,
			end),
		cmocka_unit_test_setup_teardown(
			g1_old_table_names_are_identifiers, begin_empty, end),
		cmocka_unit_test_setup_teardown(
			what_is_no_old_file_is_reported, begin_empty, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
