/* SPDX-License-Identifier: MIT */
/* Rows that a check keeps: never a moment longer than they are true. */
#include "sqlite_files.h"

#include "base/clock.h"
#include "store/sqlite/verbs.h"

#include "base/banned.h"

#define ROUNDS 200

/* --- the table alone */

static struct stauth_session a_row(const char *user)
{
	struct stauth_session row;

	memset(&row, 0, sizeof(row));
	(void)snprintf(row.handle, sizeof(row.handle), "AbCdEfGhIjKlMnOp");
	(void)snprintf(row.user, sizeof(row.user), "%s", user);
	(void)snprintf(row.email, sizeof(row.email), "%s@example.com", user);
	(void)snprintf(row.groups, sizeof(row.groups), "su,staff");
	row.uid = 7;
	row.remember = true;
	row.factors = 3;
	row.level = 2;
	row.auth_at = 11;
	row.last_seen_at = 12;
	row.expires_at = 13;
	return row;
}

static int begin_recent(void **state)
{
	*state = stauth_recent_new();
	return *state ? 0 : -1;
}

static int end_recent(void **state)
{
	stauth_recent_free(*state);
	return 0;
}

static void a_row_comes_back_whole_for_its_hash_only(void **state)
{
	struct stauth_recent *recent = *state;
	struct stauth_session in = a_row("alice");
	struct stauth_session out;
	uint8_t hash[32];

	memset(hash, 0x21, sizeof(hash));
	assert_false(stauth_recent_get(recent, hash, &out));
	stauth_recent_put(recent, hash, &in);
	assert_false(stauth_recent_get(recent, hash, &out));
	stauth_recent_see(recent, 1, 5);
	stauth_recent_put(recent, hash, &in);
	memset(&out, 0, sizeof(out));
	assert_true(stauth_recent_get(recent, hash, &out));
	assert_memory_equal(&in, &out, sizeof(in));
	for (size_t i = 0; i < sizeof(hash); i++) {
		hash[i] ^= 0x80;
		assert_false(stauth_recent_get(recent, hash, &out));
		hash[i] ^= 0x80;
	}
	assert_true(stauth_recent_get(recent, hash, &out));
}

static void another_state_knows_nothing(void **state)
{
	struct stauth_recent *recent = *state;
	struct stauth_session row = a_row("alice");
	const struct {
		uint64_t connection;
		int64_t version;
	} seen[] = {{1, 5}, {1, 6}, {2, 6}, {2, 5}, {1, 5}, {1, 0}, {0, 0}};
	uint8_t hash[32] = {1};

	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		stauth_recent_see(recent, seen[i].connection, seen[i].version);
		assert_false(stauth_recent_get(recent, hash, &row));
		stauth_recent_put(recent, hash, &row);
		stauth_recent_see(recent, seen[i].connection, seen[i].version);
		assert_true(stauth_recent_get(recent, hash, &row));
	}
}

static void what_does_not_fit_is_not_kept(void **state)
{
	struct stauth_recent *recent = *state;
	struct stauth_session row = a_row("alice");
	struct stauth_session out;
	uint8_t hash[32] = {1};

	stauth_recent_see(recent, 1, 1);
	stauth_recent_put(recent, hash, &row);
	memset(row.groups, 'g', 300);
	/* A row that takes the place of another takes its hash with it. */
	for (uint8_t i = 2; i < 20; i++) {
		hash[5] = i;
		stauth_recent_put(recent, hash, &row);
		assert_false(stauth_recent_get(recent, hash, &out));
	}
	memset(row.groups, 0, sizeof(row.groups));
	for (uint8_t i = 2; i < 40; i++) {
		hash[5] = i;
		row.uid = i;
		stauth_recent_put(recent, hash, &row);
		assert_true(stauth_recent_get(recent, hash, &out));
		assert_int_equal(out.uid, i);
	}
	/* By now every place is taken: who is pushed out is gone whole. */
	(void)snprintf(row.user, sizeof(row.user), "mallory");
	memset(row.groups, 'g', 300);
	hash[5] = 50;
	stauth_recent_put(recent, hash, &row);
	for (uint8_t i = 2; i < 60; i++) {
		hash[5] = i;
		if (stauth_recent_get(recent, hash, &out)) {
			assert_int_equal(out.uid, i);
			assert_string_equal(out.user, "alice");
		}
	}
}

/* --- in the check */

static void assert_verdict(
	struct fixture *fix, int number, enum stauth_verdict want)
{
	/* Read, and then from what was kept. */
	assert_int_equal(verdict_of(fix, number), want);
	assert_int_equal(verdict_of(fix, number), want);
}

static void an_end_is_seen_by_the_very_next_check(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice = add_user(fix, "alice");
	int64_t now_s = stauth_wall_s();

	for (int i = 1; i <= ROUNDS; i++) {
		struct stauth_login_commit login = a_login(&alice, i);

		login.sessions_max = 0;
		login.session.expires_at = now_s + 1000;
		assert_verdict(fix, i, STAUTH_DENY);
		assert_rc(commit_at(fix, &login, now_s), STAUTH_OK);
		assert_verdict(fix, i, STAUTH_ALLOW);
		if (i % 3 == 0) {
			raw(fix, "PRAGMA wal_checkpoint(TRUNCATE)");
			assert_verdict(fix, i, STAUTH_ALLOW);
		}
		assert_ok(fix->state->ops->session_end(
			fix->state, login.session.handle, NULL, now_s, &err));
		assert_verdict(fix, i, STAUTH_DENY);
	}
}

static struct stauth_session session_of(struct fixture *fix, int number)
{
	struct stauth_check *check = fix->check.check;
	struct stauth_check_done done;
	uint8_t hash[32];

	fill_hash(hash, number);
	assert_int_equal(
		check->ops->submit(check, hash, 0, 1, &done), STAUTH_OK);
	check->ops->flush(check);
	assert_int_equal(done.verdict, STAUTH_ALLOW);
	return done.session;
}

static enum stauth_verdict submit_of(struct fixture *fix, int number)
{
	struct stauth_check *check = fix->check.check;
	struct stauth_check_done done;
	uint8_t hash[32];

	fill_hash(hash, number);
	(void)check->ops->submit(check, hash, 0, 1, &done);
	return done.verdict;
}

/* What is committed while a round is under way was not answered before its
 * checks were sent; the round after it sees it, from row and kept row. */
static void a_round_sees_one_state_and_the_next_the_newest(void **state)
{
	struct fixture *fix = *state;
	struct stauth_check *check = fix->check.check;

	(void)add_live_session(fix, "alice", 1);
	(void)add_live_session(fix, "bob", 2);
	assert_int_equal(submit_of(fix, 1), STAUTH_ALLOW);
	raw(fix, "DELETE FROM sessions");
	assert_int_equal(submit_of(fix, 1), STAUTH_ALLOW);
	assert_int_equal(submit_of(fix, 2), STAUTH_ALLOW);
	check->ops->flush(check);
	assert_int_equal(submit_of(fix, 1), STAUTH_DENY);
	assert_int_equal(submit_of(fix, 2), STAUTH_DENY);
	check->ops->flush(check);
}

/* A reader that stays would keep the write-ahead log growing for ever. */
static void nothing_is_held_between_rounds(void **state)
{
	struct fixture *fix = *state;
	struct stauth_check *check = fix->check.check;

	(void)add_live_session(fix, "alice", 1);
	assert_int_equal(submit_of(fix, 1), STAUTH_ALLOW);
	assert_int_equal(raw_number(fix, "PRAGMA wal_checkpoint(TRUNCATE)"), 1);
	check->ops->flush(check);
	assert_int_equal(raw_number(fix, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
	/* A flush without a round, and again. */
	check->ops->flush(check);
	check->ops->flush(check);
	assert_verdict(fix, 1, STAUTH_ALLOW);
}

static int delete_sessions_once(
	unsigned event, void *arg, void *statement, void *detail)
{
	struct fixture **fix = arg;
	struct fixture *once = *fix;

	(void)event;
	(void)statement;
	(void)detail;
	*fix = NULL;
	if (once) {
		raw(once, "DELETE FROM sessions");
	}
	return 0;
}

/* The round that did not see it must not pass for one that did. */
static void a_commit_while_a_round_begins_is_seen_by_the_next(void **state)
{
	struct fixture *fix = *state;
	struct fixture *once = fix;
	struct stauth_sqlite_check *half =
		(struct stauth_sqlite_check *)fix->check.check;

	(void)add_live_session(fix, "alice", 1);
	assert_verdict(fix, 1, STAUTH_ALLOW);
	raw(fix, "UPDATE sessions SET group_list = 'su'");
	/* At its first row the transaction has begun. */
	assert_int_equal(sqlite3_trace_v2(half->db->sql, SQLITE_TRACE_ROW,
				 delete_sessions_once, &once),
		SQLITE_OK);
	assert_int_equal(verdict_of(fix, 1), STAUTH_ALLOW);
	assert_null(once);
	assert_int_equal(
		sqlite3_trace_v2(half->db->sql, 0, NULL, NULL), SQLITE_OK);
	assert_verdict(fix, 1, STAUTH_DENY);
}

static volatile uint32_t *index_of(const struct stauth_sqlite_check *half)
{
	volatile void *index = NULL;
	sqlite3_file *file = NULL;

	assert_int_equal(sqlite3_file_control(half->db->sql, "main",
				 SQLITE_FCNTL_FILE_POINTER, &file),
		SQLITE_OK);
	assert_int_equal(
		file->pMethods->xShmMap(file, 0, 32768, 0, &index), SQLITE_OK);
	return index;
}

/* Two copies that differ: somebody is at it, or died there. SQLite makes the
 * index anew. */
static void a_head_that_is_half_written_is_no_head(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_sqlite_check *half =
		(const struct stauth_sqlite_check *)fix->check.check;
	uint32_t head[STAUTH_WAL_HEAD_WORDS];

	(void)add_live_session(fix, "alice", 1);
	assert_verdict(fix, 1, STAUTH_ALLOW);
	assert_true(stauth_wal_head(half->db, head));
	index_of(half)[STAUTH_WAL_HEAD_COPY + 4] ^= 1;
	assert_false(stauth_wal_head(half->db, head));
	assert_int_equal(submit_of(fix, 1), STAUTH_ALLOW);
	assert_true(half->in_transaction);
	fix->check.check->ops->flush(fix->check.check);
	assert_true(stauth_wal_head(half->db, head));
	assert_verdict(fix, 1, STAUTH_ALLOW);
}

/* Where nothing was committed, kept rows need no transaction; a row that is
 * not kept still does. */
static void kept_rows_cost_no_transaction(void **state)
{
	struct fixture *fix = *state;
	struct stauth_check *check = fix->check.check;
	const struct stauth_sqlite_check *half =
		(const struct stauth_sqlite_check *)check;

	(void)add_live_session(fix, "alice", 1);
	(void)add_live_session(fix, "bob", 2);
	assert_verdict(fix, 1, STAUTH_ALLOW);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(submit_of(fix, 1), STAUTH_ALLOW);
		assert_false(half->in_transaction);
		check->ops->flush(check);
	}
	assert_int_equal(submit_of(fix, 1), STAUTH_ALLOW);
	assert_int_equal(submit_of(fix, 2), STAUTH_ALLOW);
	assert_true(half->in_transaction);
	check->ops->flush(check);
	assert_false(half->in_transaction);
	/* Any commit, also one that changes nothing of theirs. */
	assert_rc(write_audit(fix), STAUTH_OK);
	assert_int_equal(submit_of(fix, 1), STAUTH_ALLOW);
	assert_true(half->in_transaction);
	check->ops->flush(check);
}

/* The connection falls away within a round. */
static void a_fault_ends_its_round(void **state)
{
	struct fixture *fix = *state;
	struct stauth_check *check = fix->check.check;

	(void)add_live_session(fix, "alice", 1);
	raw(fix, "PRAGMA ignore_check_constraints = ON;"
		 "UPDATE sessions SET user_name = 'a' || char(0)");
	assert_int_equal(submit_of(fix, 1), STAUTH_FAULT);
	raw(fix, "UPDATE sessions SET user_name = 'alice'");
	assert_int_equal(submit_of(fix, 1), STAUTH_ALLOW);
	check->ops->flush(check);
}

static void every_change_of_a_row_is_seen(void **state)
{
	struct fixture *fix = *state;

	(void)add_live_session(fix, "alice", 1);
	assert_string_equal(session_of(fix, 1).user, "alice");
	raw(fix, "UPDATE sessions SET user_name = 'bob'");
	assert_string_equal(session_of(fix, 1).user, "bob");
	raw(fix, "UPDATE sessions SET must_change = 1");
	assert_true(session_of(fix, 1).must_change);
	raw(fix, "UPDATE sessions SET group_list = 'su', must_change = 0");
	assert_string_equal(session_of(fix, 1).groups, "su");
	assert_false(session_of(fix, 1).must_change);
	raw(fix, "UPDATE sessions SET expires_at = 1");
	assert_verdict(fix, 1, STAUTH_DENY);
}

static void c10_a_kept_row_ends_at_its_second_too(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_login_commit login = a_login(&alice, 1);
	int64_t now_s = stauth_wall_s();

	login.session.expires_at = now_s + 2;
	assert_rc(commit_at(fix, &login, now_s), STAUTH_OK);
	while (stauth_wall_s() < now_s + 2) {
		enum stauth_verdict verdict = verdict_of(fix, 1);

		assert_true(verdict == STAUTH_ALLOW ||
			    stauth_wall_s() >= now_s + 2);
		pause_ms(20);
	}
	assert_verdict(fix, 1, STAUTH_DENY);
}

/* A new connection counts from the same beginning as the old one did. */
static void g10_a_replaced_file_has_none_of_the_old_rows(void **state)
{
	struct fixture *fix = *state;
	char path[256];
	char other[256];
	unsigned char *image;
	size_t len;

	image = image_of(fix, &len);
	path_of(fix, "", path);
	path_of(fix, ".other", other);
	write_file(other, image, len);
	free(image);
	(void)add_live_session(fix, "alice", 1);
	close_stores(fix);
	open_stores(fix);
	assert_verdict(fix, 1, STAUTH_ALLOW);
	assert_int_equal(rename(other, path), 0);
	pause_ms(1100);
	assert_verdict(fix, 1, STAUTH_DENY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_row_comes_back_whole_for_its_hash_only, begin_recent,
			end_recent),
		cmocka_unit_test_setup_teardown(
			another_state_knows_nothing, begin_recent, end_recent),
		cmocka_unit_test_setup_teardown(what_does_not_fit_is_not_kept,
			begin_recent, end_recent),
		cmocka_unit_test_setup_teardown(
			an_end_is_seen_by_the_very_next_check, begin, end),
		cmocka_unit_test_setup_teardown(
			every_change_of_a_row_is_seen, begin, end),
		cmocka_unit_test_setup_teardown(
			c10_a_kept_row_ends_at_its_second_too, begin, end),
		cmocka_unit_test_setup_teardown(
			g10_a_replaced_file_has_none_of_the_old_rows, begin,
			end),
		cmocka_unit_test_setup_teardown(
			a_round_sees_one_state_and_the_next_the_newest, begin,
			end),
		cmocka_unit_test_setup_teardown(
			a_commit_while_a_round_begins_is_seen_by_the_next,
			begin, end),
		cmocka_unit_test_setup_teardown(
			a_head_that_is_half_written_is_no_head, begin, end),
		cmocka_unit_test_setup_teardown(
			kept_rows_cost_no_transaction, begin, end),
		cmocka_unit_test_setup_teardown(
			nothing_is_held_between_rounds, begin, end),
		cmocka_unit_test_setup_teardown(
			a_fault_ends_its_round, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
