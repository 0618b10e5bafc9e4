/* SPDX-License-Identifier: MIT */
/* One connection: how it is set, what its faults mean. */
#include "sqlite_files.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/sqlite/fault.h"
#include "store/sqlite/open.h"
#include "store/sqlite/verbs.h"

#include "base/banned.h"

static struct stauth_db *connect_as(
	struct fixture *fix, enum stauth_store_role role)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_db *db = calloc(1, sizeof(*db));

	assert_non_null(db);
	assert_ok(stauth_db_setup(db, fix->dir, "stauth.db", role, &err));
	assert_ok(stauth_db_ready(db, &err));
	return db;
}

static void disconnect(struct stauth_db *db)
{
	stauth_db_close(db);
	free(db);
}

static int64_t pragma(struct stauth_db *db, const char *text)
{
	sqlite3_stmt *stmt = NULL;
	int64_t value;

	assert_int_equal(
		sqlite3_prepare_v2(db->sql, text, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	value = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	return value;
}

/* What acknowledges is on disk: FULL is 2, NORMAL 1. */
static void roles_are_set_as_they_need(void **state)
{
	struct fixture *fix = *state;
	static const struct {
		enum stauth_store_role role;
		int synchronous;
		int query_only;
	} want[] = {
		{STAUTH_ROLE_CHECK, -1, 1},
		{STAUTH_ROLE_TOUCH, 1, 0},
		{STAUTH_ROLE_PAGE, 2, 0},
		{STAUTH_ROLE_PAM, 2, 0},
		{STAUTH_ROLE_ADMIN, 2, 0},
	};

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct stauth_db *db = connect_as(fix, want[i].role);

		if (want[i].synchronous >= 0) {
			assert_int_equal(pragma(db, "PRAGMA synchronous"),
				want[i].synchronous);
			assert_int_equal(pragma(db, "PRAGMA secure_delete"), 1);
		}
		assert_int_equal(
			pragma(db, "PRAGMA query_only"), want[i].query_only);
		assert_int_equal(pragma(db, "PRAGMA trusted_schema"), 0);
		assert_int_equal(pragma(db, "PRAGMA cell_size_check"), 1);
		assert_int_equal(pragma(db, "PRAGMA foreign_keys"), 1);
		assert_int_equal(pragma(db, "PRAGMA mmap_size"), 0);
		assert_int_equal(
			sqlite3_limit(db->sql, SQLITE_LIMIT_LENGTH, -1),
			1024 * 1024);
		assert_int_equal(
			sqlite3_limit(db->sql, SQLITE_LIMIT_ATTACHED, -1), 0);
		disconnect(db);
	}
}

/* A touch is not waited for by the disk, what follows it is. */
static void after_a_touch_writes_are_on_disk_again(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_touch touch = {"handle0000000001", NOW + 50};
	struct stauth_db *db = connect_as(fix, STAUTH_ROLE_PAGE);
	struct stauth_sqlite_state half = {{&stauth_sqlite_state_ops}, db};

	assert_ok(stauth_sq_session_touch(&half.base, &touch, 1, &err));
	assert_int_equal(pragma(db, "PRAGMA synchronous"), 2);
	disconnect(db);
}

static void g6_the_connection_is_hardened(void **state)
{
	struct fixture *fix = *state;
	struct stauth_db *db = connect_as(fix, STAUTH_ROLE_ADMIN);
	const char *const refused[] = {
		"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
		"''",
		"SELECT load_extension('/nonexistent')",
		"ATTACH ':memory:' AS other",
		"SELECT \"no such column\" FROM users",
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_not_equal(
			sqlite3_exec(db->sql, refused[i], NULL, NULL, NULL),
			SQLITE_OK);
	}
	disconnect(db);
	db = connect_as(fix, STAUTH_ROLE_CHECK);
	assert_int_equal(
		sqlite3_exec(db->sql, "DELETE FROM users", NULL, NULL, NULL) &
			0xff,
		SQLITE_READONLY);
	disconnect(db);
}

static void faults_mean_what_they_should(void **state)
{
	struct fixture *fix = *state;
	static const struct {
		int code;
		enum stauth_rc rc;
		bool must_reopen;
	} faults[] = {
		{SQLITE_BUSY, STAUTH_EUNREACHABLE, false},
		{SQLITE_BUSY_RECOVERY, STAUTH_EUNREACHABLE, false},
		{SQLITE_BUSY_SNAPSHOT, STAUTH_EUNREACHABLE, false},
		{SQLITE_LOCKED, STAUTH_EUNREACHABLE, false},
		{SQLITE_FULL, STAUTH_EUNREACHABLE, false},
		{SQLITE_CANTOPEN, STAUTH_EUNREACHABLE, true},
		{SQLITE_CANTOPEN_SYMLINK, STAUTH_EUNREACHABLE, true},
		{SQLITE_READONLY, STAUTH_EUNREACHABLE, true},
		{SQLITE_READONLY_DBMOVED, STAUTH_EUNREACHABLE, true},
		{SQLITE_PERM, STAUTH_EUNREACHABLE, true},
		{SQLITE_IOERR_READ, STAUTH_EUNREACHABLE, true},
		{SQLITE_NOMEM, STAUTH_ENOMEM, false},
		{SQLITE_CORRUPT, STAUTH_EBROKEN, true},
		{SQLITE_CORRUPT_INDEX, STAUTH_EBROKEN, true},
		{SQLITE_NOTADB, STAUTH_EBROKEN, true},
		{SQLITE_MISMATCH, STAUTH_EBROKEN, false},
		{SQLITE_CONSTRAINT_CHECK, STAUTH_EBROKEN, false},
		{SQLITE_ERROR, STAUTH_EBROKEN, true},
	};
	struct stauth_db *db = connect_as(fix, STAUTH_ROLE_PAGE);
	struct stauth_err err = {STAUTH_OK, ""};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		sqlite3 *before = db->sql;
		int64_t mark = 0;

		assert_rc(stauth_db_fault(db, faults[i].code, &err),
			faults[i].rc);
		assert_true(err.msg[0] != '\0');
		assert_int_equal(db->must_reopen, faults[i].must_reopen);
		mark = sqlite3_total_changes(before);
		assert_ok(stauth_db_ready(db, &err));
		assert_false(db->must_reopen);
		/* A new connection has changed nothing yet. */
		if (faults[i].must_reopen) {
			assert_int_equal(sqlite3_total_changes(db->sql), 0);
		} else {
			assert_ptr_equal(db->sql, before);
			assert_int_equal(sqlite3_total_changes(db->sql), mark);
		}
		assert_int_equal(
			sqlite3_exec(db->sql, "UPDATE meta SET value = value",
				NULL, NULL, NULL),
			SQLITE_OK);
	}
	disconnect(db);
}

/* What the service's user can do to root who opens the database: a file and a
 * link in the place of the -wal, by turns, until it is killed. */
static pid_t swap_the_wal(const char *wal, const char *next, const char *victim)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0) {
		return pid;
	}
	for (;;) {
		int fd = open(
			next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 || close(fd) != 0 || rename(next, wal) != 0 ||
			symlink(victim, next) != 0 || rename(next, wal) != 0) {
			_exit(1);
		}
	}
}

static void u15_no_mode_is_changed_through_a_link(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	char wal[256];
	char next[256];
	char victim[256];

	path_of(fix, "-wal", wal);
	path_of(fix, "-next", next);
	path_of(fix, "-victim", victim);
	close_stores(fix);
	int fd = open(victim, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	pid_t pid = swap_the_wal(wal, next, victim);
	struct stat st = {.st_mode = 0600};
	for (int i = 0; i < 12000 && (st.st_mode & 0777) == 0600; i++) {
		struct stauth_db db;

		assert_ok(stauth_db_setup(
			&db, fix->dir, "stauth.db", STAUTH_ROLE_ADMIN, &err));
		(void)stauth_db_connect(&db, &err);
		stauth_db_close(&db);
		assert_int_equal(lstat(victim, &st), 0);
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(st.st_mode & 0777, 0600);
	(void)unlink(wal);
	(void)unlink(next);
	(void)unlink(victim);
	open_stores(fix);
}

static void u15_a_side_file_gets_the_mode_of_the_file(void **state)
{
	struct fixture *fix = *state;
	struct stauth_db *db = connect_as(fix, STAUTH_ROLE_ADMIN);
	char wal[256];

	/* SQLite itself sees to an empty one. */
	assert_rc(write_audit(fix), STAUTH_OK);
	path_of(fix, "-wal", wal);
	assert_int_equal(chmod(db->path, 0640), 0);
	assert_int_equal(chmod(wal, 0440), 0);
	struct stat st;
	assert_int_equal(lstat(wal, &st), 0);
	assert_true(st.st_size > 0);
	struct stauth_db *other = connect_as(fix, STAUTH_ROLE_ADMIN);
	assert_int_equal(lstat(wal, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	disconnect(other);
	disconnect(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			roles_are_set_as_they_need, begin, end),
		cmocka_unit_test_setup_teardown(
			after_a_touch_writes_are_on_disk_again, begin, end),
		cmocka_unit_test_setup_teardown(
			g6_the_connection_is_hardened, begin, end),
		cmocka_unit_test_setup_teardown(
			faults_mean_what_they_should, begin, end),
		cmocka_unit_test_setup_teardown(
			u15_no_mode_is_changed_through_a_link, begin, end),
		cmocka_unit_test_setup_teardown(
			u15_a_side_file_gets_the_mode_of_the_file, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
