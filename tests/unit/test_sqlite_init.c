/* SPDX-License-Identifier: MIT */
/* How the file comes to be, and which files are left alone. */
#include "sqlite_files.h"

#include <sys/wait.h>

#include "store/sqlite/open.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/sql.h"

#include "base/banned.h"

static enum stauth_rc init(const struct fixture *fix, struct stauth_err *err)
{
	return stauth_store_init(fix->config, err);
}

static mode_t mode_of(const struct fixture *fix, const char *suffix)
{
	char path[256];
	struct stat st;

	path_of(fix, suffix, path);
	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void modes_do_not_depend_on_the_umask(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	const mode_t masks[] = {0, 022, 077};

	for (size_t i = 0; i < 3; i++) {
		mode_t before = umask(masks[i]);
		char path[256];

		assert_ok(init(fix, &err));
		open_stores(fix);
		(void)add_user(fix, "alice");
		(void)umask(before);
		assert_int_equal(mode_of(fix, ""), 0660);
		assert_int_equal(mode_of(fix, "-wal"), 0660);
		assert_int_equal(mode_of(fix, "-shm"), 0660);
		close_stores(fix);
		path_of(fix, "", path);
		assert_int_equal(unlink(path), 0);
	}
}

static void the_file_belongs_to_the_directorys_owner(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	char path[256];
	struct stat st;

	if (geteuid() != 0) {
		skip();
	}
	assert_int_equal(chown(fix->dir, 65534, 65534), 0);
	assert_ok(init(fix, &err));
	path_of(fix, "", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_gid, 65534);
	open_stores(fix);
	(void)add_user(fix, "alice");
	path_of(fix, "-wal", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 65534);
	close_stores(fix);
}

static void a_missing_directory_is_made(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stat st;

	(void)snprintf(fix->config->sqlite_db_path,
		sizeof(fix->config->sqlite_db_path), "%s/new", fix->dir);
	assert_ok(init(fix, &err));
	assert_int_equal(stat(fix->config->sqlite_db_path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 02770);
	(void)snprintf(fix->config->sqlite_db_path,
		sizeof(fix->config->sqlite_db_path), "%s/no/such", fix->dir);
	assert_rc(init(fix, &err), STAUTH_EUNREACHABLE);
}

static void init_can_be_repeated(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};

	assert_ok(init(fix, &err));
	open_stores(fix);
	(void)add_live_session(fix, "alice", 1);
	/* Also while others are at work. */
	assert_ok(init(fix, &err));
	assert_int_equal(verdict_of(fix, 1), STAUTH_ALLOW);
	close_stores(fix);
	assert_ok(init(fix, &err));
	open_stores(fix);
	assert_int_equal(verdict_of(fix, 1), STAUTH_ALLOW);
	close_stores(fix);
	assert_int_equal(
		raw_number(fix, "PRAGMA application_id"), STAUTH_SCHEMA_ID);
	assert_int_equal(
		raw_number(fix, "PRAGMA user_version"), STAUTH_SCHEMA_VERSION);
}

static void many_inits_at_once_all_succeed(void **state)
{
	struct fixture *fix = *state;
	pid_t children[8];

	for (int i = 0; i < 8; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			struct stauth_err err = {STAUTH_OK, ""};
			enum stauth_rc rc = init(fix, &err);

			if (rc != STAUTH_OK) {
				print_error("init: %s\n", err.msg);
			}
			_exit(rc == STAUTH_OK ? 0 : 1);
		}
	}
	for (int i = 0; i < 8; i++) {
		int status = -1;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(raw_number(fix, "SELECT count(*) FROM meta"), 1);
}

static void an_empty_file_is_taken(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	char path[256];

	path_of(fix, "", path);
	write_file(path, "", 0);
	assert_ok(init(fix, &err));
}

/* init says want, and every byte is what it was. */
static void is_left_alone(struct fixture *fix, enum stauth_rc want)
{
	struct stauth_err err = {STAUTH_OK, ""};
	unsigned char *before;
	unsigned char *after;
	size_t before_len;
	size_t after_len;
	char path[256];
	struct stat st;

	path_of(fix, "", path);
	before = read_file(path, &before_len);
	assert_rc(init(fix, &err), want);
	assert_true(err.msg[0] != '\0');
	after = read_file(path, &after_len);
	assert_int_equal(before_len, after_len);
	assert_memory_equal(before, after, before_len);
	free(before);
	free(after);
	path_of(fix, "-wal", path);
	assert_int_equal(stat(path, &st), -1);
}

static void files_of_others_are_left_alone(void **state)
{
	struct fixture *fix = *state;
	char path[256];
	unsigned char junk[8192];

	path_of(fix, "", path);
	memset(junk, 0xa5, sizeof(junk));
	write_file(path, junk, sizeof(junk));
	is_left_alone(fix, STAUTH_EBROKEN);
	write_file(path, "SQLite format 3", 16);
	is_left_alone(fix, STAUTH_EBROKEN);
	memcpy(junk, "SQLite format 3", 16);
	write_file(path, junk, sizeof(junk));
	is_left_alone(fix, STAUTH_EBROKEN);
	assert_int_equal(unlink(path), 0);
	raw(fix, "CREATE TABLE recipes (name TEXT)");
	is_left_alone(fix, STAUTH_EBROKEN);
	assert_int_equal(unlink(path), 0);
	raw(fix, "PRAGMA application_id = 7; CREATE TABLE t (a)");
	is_left_alone(fix, STAUTH_EBROKEN);
}

static void a_file_of_st_auth_simple_is_left_alone(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	char path[256];

	raw(fix, OLD_TABLE "INSERT INTO USERS(username) VALUES ('alice')");
	is_left_alone(fix, STAUTH_EXISTS);
	assert_rc(init(fix, &err), STAUTH_EXISTS);
	assert_non_null(strstr(err.msg, "import it"));
	/* Under another name, and older, without tokens. */
	path_of(fix, "", path);
	assert_int_equal(unlink(path), 0);
	raw(fix, "CREATE TABLE people (UserName, password, SU INTEGER)");
	is_left_alone(fix, STAUTH_EXISTS);
}

static void a_newer_schema_is_left_alone(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};

	assert_ok(init(fix, &err));
	raw(fix, "PRAGMA journal_mode = DELETE; PRAGMA user_version = 99");
	is_left_alone(fix, STAUTH_ESCHEMA);
	assert_rc(init(fix, &err), STAUTH_ESCHEMA);
	assert_non_null(strstr(err.msg, "newer"));
}

static void a_damaged_file_is_reported(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	unsigned char *image;
	size_t len;
	char path[256];

	assert_ok(init(fix, &err));
	path_of(fix, "", path);
	image = read_file(path, &len);
	memset(image + 4096, 0xff, len - 4096);
	write_file(path, image, len);
	free(image);
	assert_rc(init(fix, &err), STAUTH_EBROKEN);
}

static void links_and_other_things_are_refused(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	char path[256];
	char other[256];

	path_of(fix, "", path);
	path_of(fix, ".other", other);
	assert_int_equal(symlink(other, path), 0);
	assert_true(init(fix, &err) < 0);
	assert_int_equal(access(other, F_OK), -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(init(fix, &err) < 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(init(fix, &err) < 0);
	open_stores(fix);
	assert_true(find_user(fix, "alice") < 0);
	close_stores(fix);
	assert_int_equal(unlink(path), 0);
	/* A good file, but reached over a link. */
	assert_ok(init(fix, &err));
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	open_stores(fix);
	assert_true(find_user(fix, "alice") < 0);
	close_stores(fix);
	(void)snprintf(
		fix->config->sqlite_db, sizeof(fix->config->sqlite_db), "../x");
	assert_rc(init(fix, &err), STAUTH_ECONFIG);
}

static void a_directory_behind_a_link_is_resolved(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	char real[256];

	(void)snprintf(real, sizeof(real), "%s/real", fix->dir);
	assert_int_equal(mkdir(real, 0770), 0);
	(void)snprintf(fix->config->sqlite_db_path,
		sizeof(fix->config->sqlite_db_path), "%s/link", fix->dir);
	assert_int_equal(symlink(real, fix->config->sqlite_db_path), 0);
	assert_ok(init(fix, &err));
	open_stores(fix);
	(void)add_user(fix, "alice");
	close_stores(fix);
}

static void other_providers_are_not_in_this_build(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_store store;

	memset(&store, 0, sizeof(store));
	fix->config->storage = STAUTH_STORAGE_AIRTABLE;
	assert_rc(init(fix, &err), STAUTH_ECONFIG);
	assert_string_equal(err.msg, "no AIRTABLE provider in this build");
	fix->config->storage = STAUTH_STORAGE_POSTGRES;
	assert_rc(
		stauth_store_open(fix->config, STAUTH_ROLE_PAGE, &store, &err),
		STAUTH_ECONFIG);
	assert_string_equal(err.msg, "no POSTGRES provider in this build");
	stauth_store_close(&store);
}

static void every_statement_fits_the_schema(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_db *db = calloc(1, sizeof(*db));

	assert_non_null(db);
	assert_ok(init(fix, &err));
	assert_ok(stauth_db_setup(
		db, fix->dir, "stauth.db", STAUTH_ROLE_ADMIN, &err));
	assert_ok(stauth_db_connect(db, &err));
	for (int i = 0; i < STAUTH_SQL_COUNT; i++) {
		sqlite3_stmt *stmt = NULL;
		const char *text = stauth_sql_text((enum stauth_sql)i);

		assert_non_null(text);
		assert_null(strstr(text, "REPLACE"));
		if (sqlite3_prepare_v2(db->sql, text, -1, &stmt, NULL) !=
			SQLITE_OK) {
			fail_msg("%s: %s", text, sqlite3_errmsg(db->sql));
		}
		(void)sqlite3_finalize(stmt);
	}
	stauth_db_close(db);
	free(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			modes_do_not_depend_on_the_umask, begin_empty, end),
		cmocka_unit_test_setup_teardown(
			the_file_belongs_to_the_directorys_owner, begin_empty,
			end),
		cmocka_unit_test_setup_teardown(
			a_missing_directory_is_made, begin_empty, end),
		cmocka_unit_test_setup_teardown(
			init_can_be_repeated, begin_empty, end),
		cmocka_unit_test_setup_teardown(
			many_inits_at_once_all_succeed, begin_empty, end),
		cmocka_unit_test_setup_teardown(
			an_empty_file_is_taken, begin_empty, end),
		cmocka_unit_test_setup_teardown(
			files_of_others_are_left_alone, begin_empty, end),
		cmocka_unit_test_setup_teardown(
			a_file_of_st_auth_simple_is_left_alone, begin_empty,
			end),
		cmocka_unit_test_setup_teardown(
			a_newer_schema_is_left_alone, begin_empty, end),
		cmocka_unit_test_setup_teardown(
			a_damaged_file_is_reported, begin_empty, end),
		cmocka_unit_test_setup_teardown(
			links_and_other_things_are_refused, begin_empty, end),
		cmocka_unit_test_setup_teardown(
			a_directory_behind_a_link_is_resolved, begin_empty,
			end),
		cmocka_unit_test_setup_teardown(
			other_providers_are_not_in_this_build, begin_empty,
			end),
		cmocka_unit_test_setup_teardown(
			every_statement_fits_the_schema, begin_empty, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
