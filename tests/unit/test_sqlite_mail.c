/* SPDX-License-Identifier: MIT */
/* Schema 2: how it comes to be, what stays in the files, what is broken. */
#include "sqlite_files.h"

#include <time.h>

#include "../contract/mailfix.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/verbs.h"

#include "base/banned.h"

#define MAIL  "ann@example.org"
#define PIN   "740915"
#define TOKEN "Zx9-token-that-nobody-may-find-in-a-file-42"

/* Is this text anywhere in the file? */
static bool holds(const struct fixture *fix, const char *name, const char *text)
{
	char path[256];
	size_t len = 0;
	unsigned char *data;
	bool found;

	(void)snprintf(path, sizeof(path), "%s/%s", fix->dir, name);
	if (access(path, F_OK) != 0) {
		return false;
	}
	data = read_file(path, &len);
	found = memmem(data, len, text, strlen(text)) != NULL;
	free(data);
	return found;
}

static bool files_hold(const struct fixture *fix, const char *text)
{
	return holds(fix, "stauth.db", text) ||
	       holds(fix, "stauth.db-wal", text);
}

/* Makes of a file what an older program made: released steps never change. */
#define TO_VERSION_3                                                           \
	"DROP INDEX users_created; DROP INDEX users_login; "                   \
	"ALTER TABLE users DROP COLUMN password_expires_at; "                  \
	"DROP TABLE audit_seals; "                                             \
	"DROP INDEX audit_event; DROP INDEX audit_user; "                      \
	"CREATE INDEX audit_user ON audit (user_name); "                       \
	"DROP TABLE invites; "                                                 \
	"ALTER TABLE pending_users DROP COLUMN invite_hash; "                  \
	"ALTER TABLE pending_users DROP COLUMN group_list; "                   \
	"ALTER TABLE pending_users DROP COLUMN approved; "                     \
	"ALTER TABLE pending_users DROP COLUMN verified_at; "                  \
	"PRAGMA user_version = 3; "
/* What the program before sign-up made. */
#define TO_VERSION_1                                                           \
	TO_VERSION_3                                                           \
	"DROP TABLE pending_users; DROP TABLE pins; DROP TABLE resets; "       \
	"DROP TABLE outbox; "                                                  \
	"DROP TABLE remote_accounts; DROP TABLE remote_change; "               \
	"DROP INDEX sessions_idle; DROP INDEX sessions_host; "                 \
	"DROP TABLE rate_limits; CREATE TABLE lanes (name, key, failures, "    \
	"first_at, last_at, expires_at); "                                     \
	"DELETE FROM sqlite_sequence WHERE name = 'outbox'; "                  \
	"PRAGMA user_version = 1"

static void schema_1_is_migrated_with_its_rows(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_mail mail;

	(void)add_live_session(fix, "alice", 1);
	close_stores(fix);
	raw(fix, TO_VERSION_1);
	open_stores(fix);
	assert_rc(find_user(fix, "alice"), STAUTH_ESCHEMA);
	assert_ok(stauth_store_init(fix->config, &err));
	assert_int_equal(
		raw_number(fix, "PRAGMA user_version"), STAUTH_SCHEMA_VERSION);
	assert_ok(stauth_store_init(fix->config, &err));
	close_stores(fix);
	open_stores(fix);
	assert_served(fix);
	assert_int_equal(raw_number(fix, "SELECT count(*) FROM sessions"), 1);
	post(fix, MAIL, PIN, NULL, NOW);
	assert_done(take_mail(fix, NOW, &mail));
}

static void schema_3_is_migrated_with_its_rows(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice;

	(void)add_live_session(fix, "alice", 1);
	raw(fix, "UPDATE users SET must_change = 1");
	close_stores(fix);
	raw(fix, TO_VERSION_3);
	assert_ok(stauth_store_init(fix->config, &err));
	open_stores(fix);
	assert_served(fix);
	assert_ok(fix->accounts->ops->user_by_name(
		fix->accounts, "alice", &alice, &err));
	assert_true(alice.must_change);
	assert_int_equal(alice.password_expires_at, 0);
	assert_int_equal(raw_number(fix, "SELECT count(*) FROM sessions"), 1);
}

static void h8_a_settled_mail_leaves_nothing_in_the_files(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_pin pin = a_pin(1, 10);
	struct stauth_mail mail;

	post(fix, MAIL, PIN, &pin, NOW);
	post(fix, MAIL, TOKEN, NULL, NOW);
	assert_true(files_hold(fix, PIN));
	assert_true(files_hold(fix, TOKEN));
	raw(fix, "PRAGMA wal_checkpoint(TRUNCATE)");
	assert_true(holds(fix, "stauth.db", PIN));
	for (int i = 0; i < 2; i++) {
		assert_done(take_mail(fix, NOW, &mail));
		assert_ok(fix->state->ops->mail_done(
			fix->state, mail.id, NULL, NOW, &err));
		assert_int_equal(i == 1, !files_hold(fix, TOKEN));
	}
	assert_false(files_hold(fix, PIN));
	assert_done(look_pin(fix, 1, NOW, &pin));
}

static void h8_what_is_superseded_or_expired_leaves_nothing(void **state)
{
	struct fixture *fix = *state;
	struct stauth_pin pin = a_pin(1, 10);
	struct stauth_mail mail;

	post(fix, MAIL, PIN, &pin, NOW);
	post(fix, MAIL, "111222", &pin, NOW);
	post(fix, MAIL, TOKEN, NULL, NOW);
	assert_done(take_mail(fix, NOW, &mail));
	assert_rc(take_mail(fix, NOW + 1800, &mail), STAUTH_NOTFOUND);
	raw(fix, "PRAGMA wal_checkpoint(TRUNCATE)");
	assert_false(files_hold(fix, PIN));
	assert_false(files_hold(fix, "111222"));
	assert_false(files_hold(fix, TOKEN));
}

static void a_backup_holds_no_mail(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_pending wait = a_pending(1, MAIL);
	struct stauth_mail mail;
	char path[256];

	(void)add_live_session(fix, "alice", 1);
	assert_done(put_pending(fix, &wait));
	post(fix, MAIL, PIN, NULL, NOW);
	(void)snprintf(path, sizeof(path), "%s/copy.db", fix->dir);
	assert_ok(stauth_store_backup(fix->config, path, &err));
	assert_true(holds(fix, "copy.db", "alice"));
	assert_true(holds(fix, "copy.db", MAIL));
	assert_false(holds(fix, "copy.db", PIN));
	/* Nothing beside it, and the store itself keeps its mail. */
	assert_false(holds(fix, "copy.db-journal", ""));
	assert_false(holds(fix, "copy.db-wal", ""));
	assert_done(take_mail(fix, NOW, &mail));
	assert_string_equal(mail.code, PIN);
}

static void found(const char *name, bool was_disabled, void *user)
{
	(void)name;
	(void)was_disabled;
	(void)user;
}

static void restore(struct fixture *fix, const char *path)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_restore job;

	memset(&job, 0, sizeof(job));
	job.now_s = NOW;
	job.found = found;
	(void)snprintf(job.audit.event, sizeof(job.audit.event), "restore");
	assert_ok(stauth_store_restore(fix->config, path, &job, &err));
}

static void a_restore_spends_every_pin_and_link(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_pending wait = a_pending(1, MAIL);
	struct stauth_pin pin = a_pin(1, 10);
	struct stauth_reset reset;
	struct stauth_mail mail;
	char path[256];
	int64_t id;

	assert_done(put_pending(fix, &wait));
	post(fix, MAIL, PIN, &pin, NOW);
	assert_done(put_reset(fix, 1, 7, NULL));
	(void)snprintf(path, sizeof(path), "%s/copy.db", fix->dir);
	assert_ok(stauth_store_backup(fix->config, path, &err));
	/* More than the backup knows of. */
	post(fix, MAIL, TOKEN, NULL, NOW);
	assert_done(take_mail(fix, NOW, &mail));
	assert_done(take_mail(fix, NOW, &mail));
	id = mail.id;
	restore(fix, path);
	assert_rc(look_pin(fix, 1, NOW, &pin), STAUTH_NOTFOUND);
	assert_rc(look_reset(fix, 1, NOW, &reset), STAUTH_NOTFOUND);
	assert_rc(take_mail(fix, NOW + 600, &mail), STAUTH_NOTFOUND);
	assert_true(waits(fix, 1));
	/* A worker that still has the old one in hand erases no new one. */
	post(fix, MAIL, PIN, NULL, NOW);
	assert_done(take_mail(fix, NOW, &mail));
	assert_true(mail.id > id);
}

static void schema_1_backups_are_restored(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_mail mail;
	sqlite3 *sql = NULL;
	char path[256];

	(void)add_live_session(fix, "alice", 1);
	(void)snprintf(path, sizeof(path), "%s/copy.db", fix->dir);
	assert_ok(stauth_store_backup(fix->config, path, &err));
	assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
	raw_exec(sql, TO_VERSION_1);
	assert_int_equal(sqlite3_close(sql), SQLITE_OK);
	restore(fix, path);
	assert_rc(find_user(fix, "alice"), STAUTH_OK);
	post(fix, MAIL, PIN, NULL, NOW);
	assert_done(take_mail(fix, NOW, &mail));
}

/* A value that no CHECK would let in: another program's, or a bad disk's. */
static void damage(struct fixture *fix, const char *text)
{
	sqlite3 *sql = raw_open(fix);

	raw_exec(sql, "PRAGMA ignore_check_constraints = 1");
	raw_exec(sql, text);
	assert_int_equal(sqlite3_close(sql), SQLITE_OK);
}

static void g6_broken_rows_are_reported(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_pending wait = a_pending(1, MAIL);
	struct stauth_pin pin = a_pin(1, 10);
	struct stauth_pending rows[2];
	struct stauth_reset reset;
	struct stauth_mail mail;
	int64_t uid = 0;
	size_t count = 0;
	int left = -1;

	assert_done(put_pending(fix, &wait));
	post(fix, MAIL, PIN, &pin, NOW);
	assert_done(put_reset(fix, 1, 7, NULL));
	damage(fix, "UPDATE pins SET pin_mac = x'00'");
	assert_rc(look_pin(fix, 1, NOW, &pin), STAUTH_EBROKEN);
	assert_rc(try_pin(fix, "signup", 1, 10, NOW, &left), STAUTH_EBROKEN);
	assert_int_equal(left, -1);
	damage(fix, "UPDATE resets SET epoch = -1");
	assert_rc(look_reset(fix, 1, NOW, &reset), STAUTH_EBROKEN);
	assert_rc(take_reset(fix, 1, NOW, &reset), STAUTH_EBROKEN);
	damage(fix, "UPDATE outbox SET kind = printf('%050d', 1)");
	assert_rc(take_mail(fix, NOW, &mail), STAUTH_EBROKEN);
	damage(fix, "UPDATE pending_users SET email = printf('%0300d', 1)");
	assert_rc(pending_at(fix, 1, NOW, &rows[0]), STAUTH_EBROKEN);
	assert_rc(promote(fix, &wait, NOW, &uid), STAUTH_EBROKEN);
	assert_rc(fix->accounts->ops->pending_list(fix->accounts,
			  &(const struct stauth_pending_page){
				  .limit = 2, .now_s = NOW},
			  rows, &count, &err),
		STAUTH_EBROKEN);
	assert_int_equal(raw_number(fix, "SELECT count(*) FROM resets"), 1);
}

/* All that writes, each in turn: what did not happen is told so. */
static void assert_nothing_is_written(struct fixture *fix)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_pending wait = a_pending(1, MAIL);
	struct stauth_reset reset;
	struct stauth_mail mail;
	struct timespec start;
	struct timespec end;
	int64_t uid = 0;
	int left = -1;

	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	assert_rc(put_pending(fix, &wait), STAUTH_EUNREACHABLE);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(end.tv_sec - start.tv_sec <= 4);
	assert_rc(promote(fix, &wait, NOW, &uid), STAUTH_EUNREACHABLE);
	assert_rc(
		try_pin(fix, "signup", 1, 10, NOW, &left), STAUTH_EUNREACHABLE);
	assert_rc(take_reset(fix, 1, NOW, &reset), STAUTH_EUNREACHABLE);
	assert_rc(take_mail(fix, NOW, &mail), STAUTH_EUNREACHABLE);
	assert_rc(fix->state->ops->mail_done(fix->state, 1, NULL, NOW, &err),
		STAUTH_EUNREACHABLE);
	assert_int_equal(left, -1);
}

static void a_locked_file_writes_nothing_and_still_reads(void **state)
{
	struct fixture *fix = *state;
	struct stauth_pending wait = a_pending(1, MAIL);
	struct stauth_pin pin = a_pin(1, 10);
	struct stauth_reset reset;
	struct stauth_mail mail;
	sqlite3 *sql;
	int left = -1;

	assert_done(put_pending(fix, &wait));
	post(fix, MAIL, PIN, &pin, NOW);
	assert_done(put_reset(fix, 1, 7, NULL));
	sql = raw_open(fix);
	raw_exec(sql, "BEGIN IMMEDIATE");
	assert_nothing_is_written(fix);
	assert_true(waits(fix, 1));
	assert_done(look_pin(fix, 1, NOW, &pin));
	assert_int_equal(pin.tries_left, 5);
	assert_done(look_reset(fix, 1, NOW, &reset));
	/* That nothing is due is known without a lock. */
	assert_rc(take_mail(fix, NOW - 1, &mail), STAUTH_NOTFOUND);
	raw_exec(sql, "ROLLBACK");
	assert_int_equal(sqlite3_close(sql), SQLITE_OK);
	assert_done(try_pin(fix, "signup", 1, 10, NOW, &left));
	assert_done(take_mail(fix, NOW, &mail));
	assert_int_equal(mail.tries, 1);
}

/* What another process does between the count of a try and its end. */
struct meanwhile {
	struct fixture *fix;
	const char *text;
};

static int between(void *arg, sqlite3 *sql, const char *name, int pages)
{
	struct meanwhile *meanwhile = arg;
	const char *text = meanwhile->text;

	(void)sql;
	(void)name;
	(void)pages;
	meanwhile->text = NULL;
	if (text) {
		raw(meanwhile->fix, text);
	}
	return SQLITE_OK;
}

static void f3_only_who_removes_the_pin_wins(void **state)
{
	struct fixture *fix = *state;
	sqlite3 *sql;
	struct meanwhile meanwhile = {fix, "DELETE FROM pins"};
	struct stauth_pin pin = a_pin(1, 10);
	int left = -1;

	post(fix, MAIL, PIN, &pin, NOW);
	sql = stauth_state_db(fix->state)->sql;
	(void)sqlite3_wal_hook(sql, between, &meanwhile);
	assert_rc(try_pin(fix, "signup", 1, 10, NOW, &left), STAUTH_EXPIRED);
	assert_null(meanwhile.text);
	/* A newer PIN is not what was compared, and lives on. */
	post(fix, MAIL, PIN, &pin, NOW);
	meanwhile.text = "UPDATE pins SET pin_mac = zeroblob(32)";
	assert_rc(try_pin(fix, "signup", 1, 10, NOW, &left), STAUTH_EXPIRED);
	assert_done(look_pin(fix, 1, NOW, &pin));
	assert_int_equal(left, -1);
}

static void a_try_is_on_disk_before_it_is_compared(void **state)
{
	struct fixture *fix = *state;
	struct stauth_pin pin = a_pin(1, 10);
	struct meanwhile meanwhile = {fix, "UPDATE pins SET created_at = "
					   "created_at + tries_left"};
	int left = -1;

	post(fix, MAIL, PIN, &pin, NOW);
	(void)sqlite3_wal_hook(
		stauth_state_db(fix->state)->sql, between, &meanwhile);
	assert_rc(try_pin(fix, "signup", 1, 11, NOW, &left), STAUTH_BADVALUE);
	assert_done(look_pin(fix, 1, NOW, &pin));
	/* Another process saw four tries left while this one compared. */
	assert_int_equal(pin.created_at, NOW + 4);
}

#define ON(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON(schema_1_is_migrated_with_its_rows),
		ON(schema_3_is_migrated_with_its_rows),
		ON(h8_a_settled_mail_leaves_nothing_in_the_files),
		ON(h8_what_is_superseded_or_expired_leaves_nothing),
		ON(a_backup_holds_no_mail),
		ON(a_restore_spends_every_pin_and_link),
		ON(schema_1_backups_are_restored),
		ON(f3_only_who_removes_the_pin_wins),
		ON(a_try_is_on_disk_before_it_is_compared),
		ON(g6_broken_rows_are_reported),
		ON(a_locked_file_writes_nothing_and_still_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
