/* SPDX-License-Identifier: MIT */
/*
 * G10: another file in the place of the database, and the -wal of the one
 * before beside it. Whoever opens the new file, and when, it stays apart.
 */
#include <signal.h>
#include <sys/wait.h>

#include "sqlite_files.h"

#include "store/sqlite/verbs.h"

#include "base/banned.h"

#define OPENERS 4
#define ROUNDS  8

static void name_db(struct fixture *fix, const char *name)
{
	snprintf(fix->config->sqlite_db, sizeof(fix->config->sqlite_db), "%s",
		name);
}

/* A database beside ours, that knows this one user. */
static void make_other(struct fixture *fix, const char *user)
{
	struct stauth_err err = {STAUTH_OK, ""};

	name_db(fix, "stauth.db.other");
	assert_ok(stauth_store_init(fix->config, &err));
	open_stores(fix);
	(void)add_user(fix, user);
	close_stores(fix);
	name_db(fix, "stauth.db");
}

static void move(
	const struct fixture *fix, const char *from_end, const char *to_end)
{
	char from[256];

	path_of(fix, from_end, from);
	char to[256];
	path_of(fix, to_end, to);
	assert_int_equal(rename(from, to), 0);
}

static void assert_sound(const struct fixture *fix)
{
	assert_int_equal(
		raw_number(fix, "SELECT count(*) FROM pragma_integrity_check "
				"WHERE integrity_check <> 'ok'"),
		0);
}

static off_t size_of(const struct fixture *fix, const char *ending)
{
	char path[256];

	path_of(fix, ending, path);
	struct stat st;
	return stat(path, &st) == 0 ? st.st_size : -1;
}

/* A user is written, and the process ends without a chance to bring it
 * home. */
static void die_with(struct fixture *fix, const char *user)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		open_stores(fix);
		(void)add_user(fix, user);
		(void)raise(SIGKILL);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_true(size_of(fix, "-wal") > 0);
}

static void init(struct fixture *fix)
{
	struct stauth_err err = {STAUTH_OK, ""};

	assert_ok(stauth_store_init(fix->config, &err));
}

static void g10_what_a_crash_left_is_not_read_into_another_file(void **state)
{
	struct fixture *fix = *state;

	init(fix);
	make_other(fix, "bob");
	die_with(fix, "alice");
	move(fix, "", ".old");
	move(fix, ".other", "");
	open_stores(fix);
	assert_rc(find_user(fix, "bob"), STAUTH_OK);
	assert_rc(find_user(fix, "alice"), STAUTH_NOTFOUND);
	close_stores(fix);
	assert_sound(fix);
	/* It is not lost either: the old file may want it back. */
	assert_true(size_of(fix, "-wal.orphan") > 0);
	move(fix, ".old", "");
	move(fix, "-wal.orphan", "-wal");
	open_stores(fix);
	assert_rc(find_user(fix, "alice"), STAUTH_OK);
	assert_rc(find_user(fix, "bob"), STAUTH_NOTFOUND);
	close_stores(fix);
	assert_sound(fix);
}

static void what_a_crash_left_is_read_into_its_own_file(void **state)
{
	struct fixture *fix = *state;

	init(fix);
	die_with(fix, "alice");
	move(fix, "", ".away");
	move(fix, ".away", "");
	open_stores(fix);
	assert_rc(find_user(fix, "alice"), STAUTH_OK);
	close_stores(fix);
	assert_int_equal(size_of(fix, "-wal.orphan"), -1);
}

/* A copy of the whole directory: the record speaks of other files. */
static void a_copied_pair_belongs_together(void **state)
{
	static const char *const ends[] = {"", "-wal"};
	struct fixture *fix = *state;

	init(fix);
	die_with(fix, "alice");
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char path[256];

		path_of(fix, ends[i], path);
		size_t len;
		unsigned char *data = read_file(path, &len);
		/* Both exist at once: no number is used twice. */
		move(fix, ends[i], i == 0 ? ".old" : ".old-wal");
		write_file(path, data, len);
		free(data);
	}
	open_stores(fix);
	assert_rc(find_user(fix, "alice"), STAUTH_OK);
	close_stores(fix);
}

/* The record is lost, full of something else, or no file at all. */
static void no_fault_of_the_record_stops_anybody(void **state)
{
	struct fixture *fix = *state;

	init(fix);
	unsigned char junk[600];
	memset(junk, 'x', sizeof(junk));
	char path[256];
	path_of(fix, "-wal-owner", path);
	for (int i = 0; i < 5; i++) {
		char name[16];

		snprintf(name, sizeof(name), "user%d", i);
		die_with(fix, name);
		(void)unlink(path);
		if (i > 0 && i < 4) {
			junk[200] = i == 1 ? 'x' : ' ';
			write_file(path, junk, i == 3 ? 0 : sizeof(junk));
		} else if (i == 4) {
			assert_int_equal(mkdir(path, 0700), 0);
		}
		open_stores(fix);
		assert_rc(find_user(fix, name), STAUTH_OK);
		close_stores(fix);
		assert_sound(fix);
	}
}

static int first_value(void *arg, int columns, char **values, char **names)
{
	(void)columns;
	(void)names;
	snprintf(arg, 16, "%s", values[0] != NULL ? values[0] : "");
	return 0;
}

/* Waits for the parent's word, then tries to leave WAL mode. */
static int leave_wal_when_asked(const struct fixture *fix, int told_fd)
{
	char mode[16] = "";
	char byte;

	if (read(told_fd, &byte, 1) != 1) {
		return 2;
	}
	sqlite3 *sql = raw_open(fix);
	(void)sqlite3_exec(
		sql, "PRAGMA journal_mode = DELETE", first_value, mode, NULL);
	(void)sqlite3_close(sql);
	return strcmp(mode, "delete") == 0 ? 1 : 0;
}

/* What kept rows stand on: a commit that the head does not show would need
 * the other mode, and an open check keeps everybody from going there. */
static void nobody_leaves_wal_mode_beside_an_open_check(void **state)
{
	struct fixture *fix = *state;

	init(fix);
	open_stores(fix);
	(void)add_live_session(fix, "alice", 1);
	close_stores(fix);
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		_exit(leave_wal_when_asked(fix, fds[0]));
	}
	open_stores(fix);
	/* The check's connection alone, between two rounds. */
	assert_int_equal(verdict_of(fix, 1), STAUTH_ALLOW);
	assert_int_equal(verdict_of(fix, 1), STAUTH_ALLOW);
	assert_int_equal(write(fds[1], "!", 1), 1);
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(verdict_of(fix, 1), STAUTH_ALLOW);
	close(fds[0]);
	close(fds[1]);
}

/* Waits for the parent's word, then works on the file that is there. */
static int work_when_asked(struct fixture *fix, int told_fd)
{
	char byte;

	if (read(told_fd, &byte, 1) != 1) {
		return 1;
	}
	open_stores(fix);
	bool fine = find_user(fix, "bob") == STAUTH_OK &&
		    write_audit(fix) == STAUTH_OK;
	(void)add_user(fix, "carol");
	close_stores(fix);
	return fine ? 0 : 1;
}

static void g10_open_handles_on_the_old_file_disturb_nobody(void **state)
{
	struct fixture *fix = *state;

	init(fix);
	make_other(fix, "bob");
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		_exit(work_when_asked(fix, fds[0]));
	}
	open_stores(fix);
	(void)add_user(fix, "alice");
	(void)verdict_of(fix, 1);
	move(fix, ".other", "");
	assert_int_equal(write(fds[1], "!", 1), 1);
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	pause_ms(LOOK_MS);
	(void)verdict_of(fix, 1);
	assert_rc(find_user(fix, "alice"), STAUTH_NOTFOUND);
	assert_rc(find_user(fix, "bob"), STAUTH_OK);
	assert_rc(find_user(fix, "carol"), STAUTH_OK);
	close_stores(fix);
	assert_sound(fix);
	close(fds[0]);
	close(fds[1]);
}

static void to_other_mode(const struct fixture *fix)
{
	char path[256];
	char mode[16] = "";

	path_of(fix, ".other", path);
	sqlite3 *sql = NULL;
	assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sql, "PRAGMA journal_mode = DELETE",
				 first_value, mode, NULL),
		SQLITE_OK);
	assert_string_equal(mode, "delete");
	assert_int_equal(sqlite3_close(sql), SQLITE_OK);
}

/* As stauthctl backup makes them. Checks alone read it as it is; the first
 * who may write brings it to the mode in which nobody waits for a writer. */
static void g10_a_backup_that_was_moved_here_locks_nobody_out(void **state)
{
	struct fixture *fix = *state;

	init(fix);
	make_other(fix, "bob");
	name_db(fix, "stauth.db.other");
	open_stores(fix);
	(void)add_live_session(fix, "alice", 1);
	close_stores(fix);
	name_db(fix, "stauth.db");
	to_other_mode(fix);
	move(fix, ".other", "");
	open_stores(fix);
	assert_int_equal(verdict_of(fix, 1), STAUTH_ALLOW);
	assert_int_equal(verdict_of(fix, 1), STAUTH_ALLOW);
	assert_int_equal(size_of(fix, "-shm"), -1);
	assert_served(fix);
	sqlite3 *sql = raw_open(fix);
	raw_exec(sql, "BEGIN EXCLUSIVE; UPDATE users SET display_name = 'x'");
	assert_int_equal(verdict_of(fix, 1), STAUTH_ALLOW);
	assert_rc(find_user(fix, "alice"), STAUTH_OK);
	raw_exec(sql, "ROLLBACK");
	assert_int_equal(sqlite3_close(sql), SQLITE_OK);
	/* The check has noticed by its next look. */
	pause_ms(LOOK_MS);
	assert_int_equal(verdict_of(fix, 1), STAUTH_ALLOW);
	assert_true(((struct stauth_sqlite_check *)fix->check.check)->db->wal);
	close_stores(fix);
	assert_sound(fix);
}

/* Opens, asks, closes, as short-lived programs do, until the writer of the
 * pipe is gone. The exit status says whether anything broken was read. */
static int open_and_ask(struct fixture *fix, int until_fd)
{
	(void)fcntl(until_fd, F_SETFL, O_NONBLOCK);
	char byte;
	int worst = 0;
	while (read(until_fd, &byte, 1) != 0) {
		open_stores(fix);
		enum stauth_rc rc = find_user(fix, "alice");
		if (rc == STAUTH_EBROKEN || rc == STAUTH_ESCHEMA) {
			worst = 1;
		}
		if (write_audit(fix) == STAUTH_EBROKEN) {
			worst = 1;
		}
		close_stores(fix);
	}
	return worst;
}

static void start_openers(
	struct fixture *fix, pid_t pids[OPENERS], int *ret_end_fd)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	for (int i = 0; i < OPENERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			close(fds[1]);
			_exit(open_and_ask(fix, fds[0]));
		}
	}
	close(fds[0]);
	*ret_end_fd = fds[1];
}

static void g10_who_opens_first_after_a_rename(void **state)
{
	struct fixture *fix = *state;

	init(fix);
	char name[32];
	for (int i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof(name), "only%d", i);
		make_other(fix, name);
		snprintf(name, sizeof(name), ".round%d", i);
		move(fix, ".other", name);
	}
	pid_t pids[OPENERS];
	int end_fd = -1;
	start_openers(fix, pids, &end_fd);
	/* These stay open on the old file, and are the last to see it. */
	open_stores(fix);
	for (int i = 0; i < ROUNDS; i++) {
		for (int j = 0; j < 20; j++) {
			(void)write_audit(fix);
			pause_ms(2);
		}
		snprintf(name, sizeof(name), ".round%d", i);
		move(fix, name, "");
		pause_ms(i % 2 == 0 ? 30 : 200);
	}
	close(end_fd);
	for (int i = 0; i < OPENERS; i++) {
		int status = -1;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	pause_ms(LOOK_MS);
	snprintf(name, sizeof(name), "only%d", ROUNDS - 1);
	assert_rc(find_user(fix, name), STAUTH_OK);
	assert_int_equal(raw_number(fix, "SELECT count(*) FROM users"), 1);
	close_stores(fix);
	assert_sound(fix);
}

#define FILES_TEST(f) cmocka_unit_test_setup_teardown(f, begin_empty, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILES_TEST(g10_what_a_crash_left_is_not_read_into_another_file),
		FILES_TEST(what_a_crash_left_is_read_into_its_own_file),
		FILES_TEST(a_copied_pair_belongs_together),
		FILES_TEST(no_fault_of_the_record_stops_anybody),
		FILES_TEST(g10_open_handles_on_the_old_file_disturb_nobody),
		FILES_TEST(g10_a_backup_that_was_moved_here_locks_nobody_out),
		FILES_TEST(nobody_leaves_wal_mode_beside_an_open_check),
		FILES_TEST(g10_who_opens_first_after_a_rename),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
