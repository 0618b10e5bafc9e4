/* SPDX-License-Identifier: MIT */
/*
 * What can happen to the file while the service runs. Every case has three
 * parts: a clear reason while it lasts, never an ALLOW out of thin air nor a
 * DENY in place of a FAULT, and service again, on the same handles, once the
 * cause is gone.
 */
#include "sqlite_files.h"

#include "base/clock.h"

#include "base/banned.h"

static void assert_out_of_service(struct fixture *fix, enum stauth_rc want)
{
	assert_rc(find_user(fix, "alice"), want);
	assert_rc(write_audit(fix), want);
	assert_int_equal(verdict_of(fix, 1), STAUTH_FAULT);
	assert_int_equal(verdict_of(fix, 2), STAUTH_FAULT);
	assert_int_equal(health_of(fix), STAUTH_HEALTH_DOWN);
}

static const char *reason_of(struct fixture *fix, struct stauth_err *err)
{
	struct stauth_account account;

	err->msg[0] = '\0';
	(void)fix->accounts->ops->user_by_name(
		fix->accounts, "alice", &account, err);
	return err->msg;
}

static void a_missing_file_is_found_when_it_comes(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_check_done done;
	uint8_t hash[32] = {0};
	char path[256];
	struct stat st;

	close_stores(fix);
	path_of(fix, "", path);
	assert_int_equal(unlink(path), 0);
	open_stores(fix);
	assert_out_of_service(fix, STAUTH_EUNREACHABLE);
	assert_non_null(strstr(reason_of(fix, &err), "run stauthctl init"));
	(void)fix->check.check->ops->submit(
		fix->check.check, hash, 0, 1, &done);
	fix->check.check->ops->flush(fix->check.check);
	assert_non_null(strstr(done.why, "run stauthctl init"));
	/* Nobody but init makes it. */
	assert_int_equal(stat(path, &st), -1);
	assert_ok(stauth_store_init(fix->config, &err));
	pause_ms(RETRY_MS);
	(void)add_live_session(fix, "alice", 1);
	assert_served(fix);
	/* And taken away from under open handles. */
	assert_int_equal(unlink(path), 0);
	pause_ms(LOOK_MS);
	assert_out_of_service(fix, STAUTH_EUNREACHABLE);
	assert_ok(stauth_store_init(fix->config, &err));
	pause_ms(RETRY_MS);
	(void)add_live_session(fix, "alice", 1);
	assert_served(fix);
	/* A new one at once, while the old is still open. */
	assert_int_equal(unlink(path), 0);
	assert_ok(stauth_store_init(fix->config, &err));
	assert_int_equal(raw_number(fix, "SELECT count(*) FROM users"), 0);
	raw(fix, "UPDATE meta SET value = 7");
	assert_int_equal(raw_number(fix, "SELECT value FROM meta"), 7);
	pause_ms(LOOK_MS);
	assert_rc(find_user(fix, "alice"), STAUTH_NOTFOUND);
	assert_int_equal(verdict_of(fix, 1), STAUTH_DENY);
	(void)add_live_session(fix, "alice", 1);
	assert_served(fix);
}

static void a_file_that_comes_back_lost_nothing(void **state)
{
	struct fixture *fix = *state;
	char path[256];
	char away[256];

	(void)add_live_session(fix, "alice", 1);
	assert_served(fix);
	path_of(fix, "", path);
	path_of(fix, ".away", away);
	assert_int_equal(rename(path, away), 0);
	pause_ms(LOOK_MS);
	assert_out_of_service(fix, STAUTH_EUNREACHABLE);
	assert_int_equal(rename(away, path), 0);
	pause_ms(RETRY_MS);
	assert_served(fix);
}

static void an_empty_file_asks_for_init(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	char path[256];

	close_stores(fix);
	path_of(fix, "", path);
	write_file(path, "", 0);
	open_stores(fix);
	assert_out_of_service(fix, STAUTH_ESCHEMA);
	assert_non_null(strstr(reason_of(fix, &err), "run stauthctl init"));
}

static void a_locked_file_is_waited_for_in_vain(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_touch touch = {"handle0000000001", NOW + 50};
	sqlite3 *sql;
	int64_t start_ms;
	int64_t took_ms;

	(void)add_live_session(fix, "alice", 1);
	assert_served(fix);
	sql = raw_open(fix);
	raw_exec(sql, "BEGIN EXCLUSIVE");
	start_ms = stauth_boot_ms();
	/* Reading goes on. */
	for (int i = 0; i < 100; i++) {
		assert_int_equal(verdict_of(fix, 1), STAUTH_ALLOW);
		assert_int_equal(verdict_of(fix, 2), STAUTH_DENY);
	}
	assert_rc(find_user(fix, "alice"), STAUTH_OK);
	/* Touches wait for nobody, on either handle. */
	assert_rc(fix->touch.state->ops->session_touch(
			  fix->touch.state, &touch, 1, &err),
		STAUTH_EUNREACHABLE);
	assert_rc(fix->state->ops->session_touch(fix->state, &touch, 1, &err),
		STAUTH_EUNREACHABLE);
	took_ms = stauth_boot_ms() - start_ms;
	assert_in_range(took_ms, 0, 500);
	start_ms = stauth_boot_ms();
	assert_rc(write_audit(fix), STAUTH_EUNREACHABLE);
	took_ms = stauth_boot_ms() - start_ms;
	assert_in_range(took_ms, 1900, 2400);
	raw_exec(sql, "ROLLBACK");
	(void)sqlite3_close(sql);
	assert_served(fix);
	assert_ok(fix->touch.state->ops->session_touch(
		fix->touch.state, &touch, 1, &err));
}

/* A program that keeps the whole file for itself: nobody can read either. */
static void an_occupied_file_is_a_fault(void **state)
{
	struct fixture *fix = *state;
	sqlite3 *sql;
	int64_t start_ms;

	(void)add_live_session(fix, "alice", 1);
	close_stores(fix);
	sql = raw_open(fix);
	raw_exec(sql, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;"
		      "UPDATE meta SET value = value; COMMIT");
	open_stores(fix);
	start_ms = stauth_boot_ms();
	for (int i = 0; i < 10; i++) {
		assert_int_equal(verdict_of(fix, 1), STAUTH_FAULT);
	}
	assert_in_range(stauth_boot_ms() - start_ms, 0, 300);
	assert_out_of_service(fix, STAUTH_EUNREACHABLE);
	(void)sqlite3_close(sql);
	pause_ms(RETRY_MS);
	assert_served(fix);
}

static void garbage_is_a_fault_until_the_file_is_back(void **state)
{
	struct fixture *fix = *state;
	unsigned char *image;
	unsigned char *junk;
	size_t len;
	char path[256];

	(void)add_live_session(fix, "alice", 1);
	image = image_of(fix, &len);
	path_of(fix, "", path);
	junk = malloc(len);
	assert_non_null(junk);
	memset(junk, 0xa5, len);
	/* All of it; only the header; all but the header. */
	for (int i = 0; i < 3; i++) {
		close_stores(fix);
		memcpy(junk, image, len);
		memset(junk + (i == 2 ? 4096 : 0), 0xa5,
			i == 0   ? len
			: i == 1 ? 100
				 : len - 4096);
		write_file(path, junk, len);
		open_stores(fix);
		assert_out_of_service(fix, STAUTH_EBROKEN);
		write_file(path, image, len);
		pause_ms(RETRY_MS);
		assert_served(fix);
	}
	free(junk);
	free(image);
}

/* Overwritten under open handles: what is in their caches may still be told,
 * but nothing is made up, and the good file is served again. */
static void garbage_under_open_handles_is_survived(void **state)
{
	struct fixture *fix = *state;
	unsigned char *image;
	unsigned char *junk;
	size_t len;
	char path[256];
	char wal[256];
	char fresh[256];

	(void)add_live_session(fix, "alice", 1);
	image = image_of(fix, &len);
	assert_served(fix);
	path_of(fix, "", path);
	path_of(fix, "-wal", wal);
	path_of(fix, ".fresh", fresh);
	junk = malloc(len);
	assert_non_null(junk);
	memset(junk, 0xa5, len);
	write_file(path, junk, len);
	for (int i = 0; i < 50; i++) {
		assert_int_not_equal(verdict_of(fix, 2), STAUTH_ALLOW);
		(void)find_user(fix, "alice");
		(void)write_audit(fix);
	}
	pause_ms(LOOK_MS);
	assert_int_not_equal(verdict_of(fix, 2), STAUTH_ALLOW);
	(void)unlink(wal);
	write_file(fresh, image, len);
	assert_int_equal(rename(fresh, path), 0);
	pause_ms(LOOK_MS);
	assert_served(fix);
	free(junk);
	free(image);
}

static void g10_a_file_renamed_over_is_noticed(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	char path[256];
	char fresh[256];

	(void)add_live_session(fix, "alice", 1);
	assert_served(fix);
	path_of(fix, "", path);
	path_of(fix, ".fresh", fresh);
	(void)snprintf(fix->config->sqlite_db, sizeof(fix->config->sqlite_db),
		"stauth.db.fresh");
	assert_ok(stauth_store_init(fix->config, &err));
	assert_int_equal(rename(fresh, path), 0);
	pause_ms(LOOK_MS);
	assert_rc(find_user(fix, "alice"), STAUTH_NOTFOUND);
	assert_int_equal(verdict_of(fix, 1), STAUTH_DENY);
	(void)snprintf(fix->config->sqlite_db, sizeof(fix->config->sqlite_db),
		"stauth.db");
	(void)add_live_session(fix, "alice", 1);
	assert_served(fix);
}

/* Some handles notice before others: the two files stay apart. */
static void replace_beside_a_slow_handle(
	struct fixture *fix, void (*replace)(struct fixture *fix))
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_touch touch = {"handle0000000001", NOW + 50};

	(void)add_live_session(fix, "alice", 1);
	assert_served(fix);
	pause_ms(LOOK_MS);
	/* This one has looked just now, and will not for a second. */
	assert_ok(fix->touch.state->ops->session_touch(
		fix->touch.state, &touch, 1, &err));
	replace(fix);
	assert_rc(find_user(fix, "alice"), STAUTH_NOTFOUND);
	for (int i = 0; i < 20; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "new%d", i);
		(void)add_user(fix, name);
		touch.seen_at++;
		(void)fix->touch.state->ops->session_touch(
			fix->touch.state, &touch, 1, &err);
	}
	assert_int_equal(raw_number(fix, "SELECT count(*) FROM users"), 20);
	assert_int_equal(
		raw_number(fix, "SELECT count(*) FROM sessions NOT INDEXED"),
		0);
	assert_rc(find_user(fix, "new19"), STAUTH_OK);
	assert_int_equal(
		raw_number(fix, "SELECT count(*) FROM pragma_integrity_check "
				"WHERE integrity_check <> 'ok'"),
		0);
}

static void rename_over(struct fixture *fix)
{
	struct stauth_err err = {STAUTH_OK, ""};
	char path[256];
	char fresh[256];

	path_of(fix, "", path);
	path_of(fix, ".fresh", fresh);
	(void)snprintf(fix->config->sqlite_db, sizeof(fix->config->sqlite_db),
		"stauth.db.fresh");
	assert_ok(stauth_store_init(fix->config, &err));
	assert_int_equal(rename(fresh, path), 0);
}

static void g10_a_file_renamed_over_stays_apart(void **state)
{
	replace_beside_a_slow_handle(*state, rename_over);
}

static void make_again(struct fixture *fix)
{
	struct stauth_err err = {STAUTH_OK, ""};
	char path[256];

	path_of(fix, "", path);
	assert_int_equal(unlink(path), 0);
	assert_ok(stauth_store_init(fix->config, &err));
}

static void g10_a_file_made_again_stays_apart(void **state)
{
	replace_beside_a_slow_handle(*state, make_again);
}

static void other_schema_versions_are_refused(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};

	(void)add_live_session(fix, "alice", 1);
	assert_served(fix);
	raw(fix, "PRAGMA user_version = 99");
	pause_ms(LOOK_MS);
	assert_out_of_service(fix, STAUTH_ESCHEMA);
	assert_non_null(strstr(reason_of(fix, &err), "newer"));
	raw(fix, "PRAGMA user_version = 0");
	pause_ms(LOOK_MS);
	assert_out_of_service(fix, STAUTH_ESCHEMA);
	assert_non_null(strstr(reason_of(fix, &err), "run stauthctl init"));
	raw(fix, "PRAGMA user_version = 1");
	pause_ms(LOOK_MS);
	assert_out_of_service(fix, STAUTH_ESCHEMA);
	assert_non_null(strstr(reason_of(fix, &err), "run stauthctl init"));
	raw(fix, "PRAGMA user_version = 4; PRAGMA application_id = 5");
	pause_ms(LOOK_MS);
	assert_out_of_service(fix, STAUTH_ESCHEMA);
	raw(fix, "PRAGMA application_id = 1937006965");
	pause_ms(RETRY_MS);
	assert_served(fix);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_missing_file_is_found_when_it_comes, begin, end),
		cmocka_unit_test_setup_teardown(
			a_file_that_comes_back_lost_nothing, begin, end),
		cmocka_unit_test_setup_teardown(
			an_empty_file_asks_for_init, begin, end),
		cmocka_unit_test_setup_teardown(
			a_locked_file_is_waited_for_in_vain, begin, end),
		cmocka_unit_test_setup_teardown(
			an_occupied_file_is_a_fault, begin, end),
		cmocka_unit_test_setup_teardown(
			garbage_is_a_fault_until_the_file_is_back, begin, end),
		cmocka_unit_test_setup_teardown(
			garbage_under_open_handles_is_survived, begin, end),
		cmocka_unit_test_setup_teardown(
			g10_a_file_renamed_over_is_noticed, begin, end),
		cmocka_unit_test_setup_teardown(
			g10_a_file_renamed_over_stays_apart, begin, end),
		cmocka_unit_test_setup_teardown(
			g10_a_file_made_again_stays_apart, begin, end),
		cmocka_unit_test_setup_teardown(
			other_schema_versions_are_refused, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
