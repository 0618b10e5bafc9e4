/* SPDX-License-Identifier: MIT */
/*
 * A file that somebody else has written to: damaged by chance, or with a
 * schema and rows that were made to mislead. Whatever it says, it crashes
 * nobody and lets nobody in.
 */
#include "sqlite_files.h"

#include "base/banned.h"

/* --- G5: images with changed bytes */

#define ROUNDS  3000
#define UNKNOWN 4711

/* Reproducible: a failing round can be looked at. */
static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void damage(unsigned char *image, size_t len, uint32_t *seed)
{
	uint32_t count = 1 + next_random(seed) % 16;

	for (uint32_t i = 0; i < count; i++) {
		size_t at = next_random(seed) % len;

		/* Every other one where the structure is: in the first bytes
		 * of a page. */
		if (next_random(seed) % 2 == 0) {
			at = at / 4096 * 4096 + next_random(seed) % 64;
		}
		image[at % len] = (unsigned char)next_random(seed);
	}
}

/* Everything that reads, and some that write; only the verdict is judged. */
static void use_all(struct fixture *fix)
{
	struct stauth_err err = {STAUTH_OK, ""};
	static struct stauth_account accounts[8];
	static struct stauth_session sessions[8];
	static struct stauth_audit_row rows[8];
	struct stauth_limits limits = {
		.limit = {{.name = "account", .window_s = 10}}, .count = 1};
	char encoded[STAUTH_ENCODED_SIZE];
	int64_t wait_s = 0;
	size_t count = 0;
	int swept = 0;

	(void)find_user(fix, "alice");
	(void)fix->accounts->ops->user_list(fix->accounts,
		&(const struct stauth_account_page){.limit = 8}, accounts,
		&count, &err);
	(void)fix->accounts->ops->password_like(
		fix->accounts, 7, encoded, &err);
	const struct stauth_session_query query = {.limit = 8, .now_s = NOW};
	(void)fix->state->ops->session_list(
		fix->state, &query, sessions, &count, &err);
	(void)fix->state->ops->audit_list(fix->state,
		&(const struct stauth_audit_query){.limit = 8}, rows, &count,
		&err);
	(void)health_of(fix);
	(void)fix->state->ops->throttle_reserve(
		fix->state, &limits, NOW, &wait_s, &err);
	(void)fix->state->ops->session_end(
		fix->state, "handle0000000001", NULL, NOW, &err);
	(void)fix->state->ops->expire_batch(fix->state,
		&(const struct stauth_expiry){.idle_s = 60,
			.audit_before_s = NOW,
			.limit = 100,
			.now_s = NOW},
		&swept, &err);
	(void)write_audit(fix);
}

static void g5_damaged_images_let_nobody_in(void **state)
{
	struct fixture *fix = *state;
	uint32_t seed = 20261123;
	unsigned char *image;
	unsigned char *copy;
	size_t len;
	int faults = 0;
	char path[256];

	for (int i = 1; i <= 20; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "user%d", i);
		(void)add_live_session(fix, i == 1 ? "alice" : name, i);
	}
	image = image_of(fix, &len);
	copy = malloc(len);
	assert_non_null(copy);
	path_of(fix, "", path);
	for (int i = 0; i < ROUNDS; i++) {
		close_stores(fix);
		memcpy(copy, image, len);
		damage(copy, len, &seed);
		write_file(path, copy, len);
		open_stores(fix);
		assert_int_not_equal(verdict_of(fix, UNKNOWN), STAUTH_ALLOW);
		faults += verdict_of(fix, 1) == STAUTH_FAULT;
		/* Syncs are slow; one round in ten uses everything. */
		if (i % 10 == 0) {
			use_all(fix);
			assert_int_not_equal(
				verdict_of(fix, UNKNOWN), STAUTH_ALLOW);
		}
	}
	/* The damage was real, and not all of it total. */
	assert_in_range(faults, ROUNDS / 50, ROUNDS - ROUNDS / 10);
	free(copy);
	free(image);
}

/* Cut off anywhere. */
static void g5_truncated_images_let_nobody_in(void **state)
{
	struct fixture *fix = *state;
	unsigned char *image;
	size_t len;
	char path[256];

	(void)add_live_session(fix, "alice", 1);
	image = image_of(fix, &len);
	path_of(fix, "", path);
	for (size_t cut = 0; cut < len; cut += cut < 4096 ? 97 : 1021) {
		close_stores(fix);
		write_file(path, image, cut);
		open_stores(fix);
		assert_int_not_equal(verdict_of(fix, UNKNOWN), STAUTH_ALLOW);
	}
	free(image);
}

/* --- G6: a schema that was made to mislead */

static void g6_triggers_do_not_run(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice;

	raw(fix, "CREATE TRIGGER t AFTER INSERT ON sessions BEGIN "
		 "UPDATE users SET su = 1; END;"
		 "CREATE TRIGGER u AFTER UPDATE ON users BEGIN "
		 "UPDATE users SET disabled = 1; END");
	(void)add_live_session(fix, "alice", 1);
	assert_ok(fix->accounts->ops->user_by_name(
		fix->accounts, "alice", &alice, &err));
	assert_false(alice.su);
	assert_false(alice.disabled);
}

static void g6_views_are_not_read(void **state)
{
	struct fixture *fix = *state;
	sqlite3 *sql;

	(void)add_live_session(fix, "alice", 1);
	close_stores(fix);
	sql = raw_open(fix);
	raw_exec(sql, "ALTER TABLE sessions RENAME TO real_sessions");
	/* One session for every token there is. */
	raw_exec(sql,
		"CREATE VIEW sessions AS SELECT "
		"x'671200005a5a5a5a5a5a5a5a5a5a5a5a"
		"5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a' AS token_hash, handle, "
		"uid, epoch, user_name, email, display_name, group_list, "
		"channel, address, agent, remember, must_change, factors, "
		"level, auth_at, confirmed_at, created_at, last_seen_at, "
		"expires_at FROM real_sessions");
	(void)sqlite3_close(sql);
	open_stores(fix);
	assert_int_equal(verdict_of(fix, UNKNOWN), STAUTH_FAULT);
	assert_int_equal(verdict_of(fix, 1), STAUTH_FAULT);
}

/* Our version number on tables without our rules. */
static void make_loose(struct fixture *fix, const char *more)
{
	char path[256];
	sqlite3 *sql;

	close_stores(fix);
	path_of(fix, "", path);
	assert_int_equal(unlink(path), 0);
	sql = raw_open(fix);
	raw_exec(sql,
		"CREATE TABLE meta (key, value);"
		"INSERT INTO meta VALUES ('epoch', 1);"
		"CREATE TABLE users (uid, epoch, name, email, display_name, "
		"group_list, password, su, disabled, system_login, "
		"must_change, password_expires_at, created_at, "
		"last_login_at, mfa_since, extra);"
		"CREATE TABLE sessions (token_hash, handle, uid, epoch, "
		"user_name, email, display_name, group_list, channel, "
		"address, agent, remember, must_change, factors, level, "
		"auth_at, confirmed_at, created_at, last_seen_at, "
		"expires_at, extra);"
		"PRAGMA application_id = 1937006965;"
		"PRAGMA user_version = 4; PRAGMA journal_mode = WAL;");
	raw_exec(sql, more);
	(void)sqlite3_close(sql);
	open_stores(fix);
}

#define GOOD_USER                                                              \
	"INSERT INTO users VALUES (1, 1, 'alice', NULL, '', '', 'hash', 0, "   \
	"0, 0, 0, 0, 0, 0, 0, 0);"

static void g6_values_of_a_wrong_type_are_refused(void **state)
{
	struct fixture *fix = *state;
	const char *const wrong[] = {
		"UPDATE users SET password = CAST(password AS BLOB)",
		"UPDATE users SET password = NULL",
		"UPDATE users SET password = 5",
		"UPDATE users SET su = '1'",
		"UPDATE users SET su = 2",
		"UPDATE users SET su = -1",
		"UPDATE users SET su = NULL",
		"UPDATE users SET su = 0.5",
		"UPDATE users SET disabled = NULL",
		"UPDATE users SET uid = 'x'",
		"UPDATE users SET uid = 0",
		"UPDATE users SET epoch = NULL",
		"UPDATE users SET email = 5",
		"UPDATE users SET group_list = x'00'",
		"UPDATE users SET created_at = -1",
		"UPDATE users SET created_at = 9e18",
		"INSERT INTO users SELECT * FROM users",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		make_loose(fix, GOOD_USER);
		assert_rc(find_user(fix, "alice"), STAUTH_OK);
		make_loose(fix, GOOD_USER);
		raw(fix, wrong[i]);
		assert_rc(find_user(fix, "alice"), STAUTH_EBROKEN);
	}
	make_loose(fix, GOOD_USER);
	raw(fix, "UPDATE users SET name = 5");
	assert_rc(find_user(fix, "5"), STAUTH_NOTFOUND);
}

#define GOOD_SESSION                                                           \
	"INSERT INTO sessions VALUES (x'010000005a5a5a5a5a5a5a5a5a5a5a5a"      \
	"5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a', 'handle0000000001', 1, 1, "        \
	"'alice', '', '', '', 'web', '', '', 0, 0, 1, 1, 0, 0, 0, 0, "         \
	"9999999999, 0);"

static void g6_sessions_of_a_wrong_type_are_faults(void **state)
{
	struct fixture *fix = *state;
	const char *const wrong[] = {
		"UPDATE sessions SET user_name = x'616c696365'",
		"UPDATE sessions SET user_name = NULL",
		"UPDATE sessions SET group_list = 7",
		"UPDATE sessions SET must_change = 'no'",
		"UPDATE sessions SET must_change = NULL",
		"UPDATE sessions SET uid = 'root'",
		"UPDATE sessions SET handle = handle || handle",
		"UPDATE sessions SET expires_at = 1e30",
		/* Text is later than every number. */
		"UPDATE sessions SET expires_at = 'never'",
		"INSERT INTO sessions SELECT * FROM sessions",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		make_loose(fix, GOOD_SESSION);
		assert_int_equal(verdict_of(fix, 1), STAUTH_ALLOW);
		make_loose(fix, GOOD_SESSION);
		raw(fix, wrong[i]);
		assert_int_equal(verdict_of(fix, 1), STAUTH_FAULT);
		assert_int_not_equal(verdict_of(fix, UNKNOWN), STAUTH_ALLOW);
	}
}

/* --- G12: NULs */

static void g12_embedded_nuls_are_refused(void **state)
{
	struct fixture *fix = *state;
	char *why = NULL;
	sqlite3 *sql;

	(void)add_live_session(fix, "alice", 1);
	sql = raw_open(fix);
	/* The schema does not take them ... */
	assert_int_equal(
		sqlite3_exec(sql,
			"UPDATE users SET password = 'a' || char(0) || 'b'",
			NULL, NULL, &why),
		SQLITE_CONSTRAINT);
	sqlite3_free(why);
	assert_rc(find_user(fix, "alice"), STAUTH_OK);
	/* ... and where it was made to, reading does not. */
	raw_exec(sql,
		"PRAGMA ignore_check_constraints = ON;"
		"UPDATE users SET password = 'a' || char(0) || 'b';"
		"UPDATE sessions SET user_name = 'alice' || char(0) || 'x'");
	(void)sqlite3_close(sql);
	assert_rc(find_user(fix, "alice"), STAUTH_EBROKEN);
	assert_int_equal(verdict_of(fix, 1), STAUTH_FAULT);
}

static void values_too_long_are_refused_not_cut(void **state)
{
	struct fixture *fix = *state;

	(void)add_live_session(fix, "alice", 1);
	raw(fix, "PRAGMA ignore_check_constraints = ON;"
		 "UPDATE users SET password = hex(zeroblob(257));"
		 "UPDATE sessions SET group_list = hex(zeroblob(1040))");
	assert_rc(find_user(fix, "alice"), STAUTH_EBROKEN);
	assert_int_equal(verdict_of(fix, 1), STAUTH_FAULT);
}

static void the_schema_takes_no_nonsense(void **state)
{
	struct fixture *fix = *state;
	const char *const nonsense[] = {
		"UPDATE users SET su = 2",
		"UPDATE users SET name = ''",
		"UPDATE users SET epoch = 0",
		"UPDATE users SET email = ''",
		"UPDATE users SET password = x'00'",
		"UPDATE users SET created_at = -1",
		"UPDATE sessions SET token_hash = x'00'",
		"UPDATE sessions SET handle = 'short'",
		"UPDATE sessions SET expires_at = 'never'",
		"INSERT INTO users (name) VALUES ('alice')",
	};
	sqlite3 *sql;

	(void)add_live_session(fix, "alice", 1);
	sql = raw_open(fix);
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		assert_int_equal(
			sqlite3_exec(sql, nonsense[i], NULL, NULL, NULL),
			SQLITE_CONSTRAINT);
	}
	(void)sqlite3_close(sql);
}

/* --- G13: what was deleted is gone from the file */

static bool file_holds(const struct fixture *fix, const char *text)
{
	char path[256];
	unsigned char *data;
	size_t len;
	bool found;

	path_of(fix, "", path);
	data = read_file(path, &len);
	found = memmem(data, len, text, strlen(text)) != NULL;
	free(data);
	return found;
}

static void g13_what_is_replaced_does_not_stay_in_the_file(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("password.change");
	struct stauth_account alice = an_account("alice");

	(void)snprintf(
		alice.password, sizeof(alice.password), "canary-in-the-file");
	alice = add_account(fix, &alice);
	free(image_of(fix, &(size_t){0}));
	assert_true(file_holds(fix, "canary-in-the-file"));
	assert_ok(fix->accounts->ops->password_set(fix->accounts,
		&(const struct stauth_password_row){
			alice.uid, -1, "short", false, 0},
		&change, NULL, &err));
	free(image_of(fix, &(size_t){0}));
	assert_false(file_holds(fix, "canary-in-the-file"));
	assert_ok(fix->accounts->ops->user_delete(
		fix->accounts, alice.uid, &change, NULL, &err));
	free(image_of(fix, &(size_t){0}));
	assert_false(file_holds(fix, "short"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			g5_damaged_images_let_nobody_in, begin, end),
		cmocka_unit_test_setup_teardown(
			g5_truncated_images_let_nobody_in, begin, end),
		cmocka_unit_test_setup_teardown(
			g6_triggers_do_not_run, begin, end),
		cmocka_unit_test_setup_teardown(
			g6_views_are_not_read, begin, end),
		cmocka_unit_test_setup_teardown(
			g6_values_of_a_wrong_type_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(
			g6_sessions_of_a_wrong_type_are_faults, begin, end),
		cmocka_unit_test_setup_teardown(
			g12_embedded_nuls_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(
			values_too_long_are_refused_not_cut, begin, end),
		cmocka_unit_test_setup_teardown(
			the_schema_takes_no_nonsense, begin, end),
		cmocka_unit_test_setup_teardown(
			g13_what_is_replaced_does_not_stay_in_the_file, begin,
			end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
