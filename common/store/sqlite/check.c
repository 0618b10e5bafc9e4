/* SPDX-License-Identifier: MIT */
/*
 * The check half. MUSTs:
 *  1. The verdict is DENY before anything else happens, and ALLOW is set in
 *     one place: after the one live session of this very hash, or of this
 *     handle, was read whole.
 *  2. What could not be read is FAULT, never DENY and never ALLOW.
 *  3. One read, nothing written, nobody waited for.
 *  4. The checks of one round look at the state of the database at the
 *     round's first check, or a later one. All of them had arrived by then
 *     and none was answered, so what was acknowledged before one of them was
 *     sent is in it. The next round reads again.
 *  5. A row that was read before is used only if nothing at all was committed
 *     since. That is found out in the round's read transaction, or without
 *     one, where the head of the -wal's index is still the one that was there
 *     before the last transaction began: not after, or a commit in between
 *     would pass for seen.
 */
#include "store/sqlite/verbs.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "store/sqlite/query.h"

#include "base/banned.h"

#define IDLE_MS     1000
#define REGION_SIZE 32768 /* the unit in which the index is mapped */

/* As the condition ALIVE of sql.c has it: dead at the very second, and from
 * the future. */
static bool is_alive(
	const struct stauth_session *session, int64_t idle_s, int64_t now_s)
{
	return session->expires_at > now_s &&
	       session->last_seen_at <= now_s + STAUTH_CLOCK_SLACK_S &&
	       (session->remember || idle_s == 0 ||
		       session->last_seen_at > now_s - idle_s);
}

static void end_round(struct stauth_sqlite_check *half)
{
	if (half->in_transaction) {
		stauth_query_end(&half->round);
		half->in_transaction = false;
	}
	half->in_round = false;
}

static enum stauth_rc see_state(
	struct stauth_sqlite_check *half, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_query_row(&half->round, err);

	if (rc == STAUTH_NOTFOUND) {
		return stauth_fail(err, STAUTH_EBROKEN, "no data_version");
	}
	int64_t version = 0;
	if (rc == STAUTH_OK) {
		version = stauth_read_int(&half->round, INT64_MIN, INT64_MAX);
		rc = stauth_query_valid(&half->round, err);
	}
	if (rc == STAUTH_OK && half->recent != NULL) {
		stauth_recent_see(half->recent, half->db->opened, version);
	}
	return rc;
}

bool stauth_wal_head(
	const struct stauth_db *db, uint32_t ret_head[STAUTH_WAL_HEAD_WORDS])
{
	volatile void *index = NULL;
	const volatile uint32_t *words;

	sqlite3_file *file = NULL;
	/* Asked of SQLite each time: it may map the index again. (In another
	 * mode it would make one.) */
	if (db->sql == NULL || !db->wal ||
		sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_FILE_POINTER,
			&file) != SQLITE_OK ||
		file == NULL || file->pMethods == NULL ||
		file->pMethods->iVersion < 2 ||
		file->pMethods->xShmMap(file, 0, REGION_SIZE, 0, &index) !=
			SQLITE_OK ||
		index == NULL) {
		return false;
	}
	/* The writer writes the second copy first. */
	words = index;
	for (size_t i = 0; i < STAUTH_WAL_HEAD_WORDS; i++) {
		ret_head[i] = words[i];
	}
	atomic_thread_fence(memory_order_acquire);
	return memcmp(ret_head, ret_head + STAUTH_WAL_HEAD_COPY,
		       STAUTH_WAL_HEAD_COPY * sizeof(*ret_head)) == 0;
}

/* SQLite ends a transaction with the last statement that reads in it; this
 * one is under way until the round ends. */
static enum stauth_rc begin_transaction(
	struct stauth_sqlite_check *half, struct stauth_err *err)
{
	uint32_t head[STAUTH_WAL_HEAD_WORDS];
	bool known = half->recent != NULL && stauth_wal_head(half->db, head);

	half->seen_of = 0;
	stauth_query_start(&half->round, half->db, STAUTH_SQL_DATA_VERSION);
	half->in_transaction = true;
	enum stauth_rc rc = see_state(half, err);
	if (rc == STAUTH_OK && known) {
		memcpy(half->seen, head, sizeof(half->seen));
		half->seen_of = half->db->opened;
	}
	return rc;
}

static bool is_unchanged(const struct stauth_sqlite_check *half)
{
	uint32_t head[STAUTH_WAL_HEAD_WORDS];

	return half->seen_of != 0 && half->seen_of == half->db->opened &&
	       stauth_wal_head(half->db, head) &&
	       memcmp(head, half->seen, sizeof(head)) == 0;
}

static enum stauth_rc begin_round(
	struct stauth_sqlite_check *half, struct stauth_err *err)
{
	if (half->in_round) {
		return STAUTH_OK;
	}
	enum stauth_rc rc = stauth_db_ready(half->db, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	half->in_round = true;
	return is_unchanged(half) ? STAUTH_OK : begin_transaction(half, err);
}

/* The columns of STAUTH_SQL_CHECK; the other members stay as they are, and are
 * filled also when the query turns out unsound. */
static void read_checked(struct stauth_query *query, uint8_t ret_hash[32],
	struct stauth_session *session)
{
	stauth_read_hash(query, ret_hash);
	stauth_read_text(query, session->handle, sizeof(session->handle));
	session->uid = stauth_read_int(query, 0, INT64_MAX);
	stauth_read_text(query, session->user, sizeof(session->user));
	stauth_read_text(query, session->email, sizeof(session->email));
	stauth_read_text(
		query, session->display_name, sizeof(session->display_name));
	stauth_read_text(query, session->groups, sizeof(session->groups));
	session->remember = stauth_read_flag(query);
	session->must_change = stauth_read_flag(query);
	session->factors = (int)stauth_read_int(query, 0, INT32_MAX);
	session->level = (int)stauth_read_int(query, 0, INT32_MAX);
	session->auth_at = stauth_read_at(query);
	session->last_seen_at = stauth_read_at(query);
	session->expires_at = stauth_read_at(query);
}

/* What a row is read by: the hash of a token, or a handle. */
struct row_key {
	const uint8_t *token_hash; /* NULL: by handle */
	const char *handle;
	uint8_t recent[32]; /* stands for it among the recent rows */
};

/* Rows are spread by the first bytes, and a handle is text. */
static void set_handle_key(struct row_key *key, const char *handle)
{
	key->token_hash = NULL;
	key->handle = handle;
	uint64_t first;
	memcpy(&first, handle, sizeof(first));
	first *= UINT64_C(0x9e3779b97f4a7c15);
	first ^= first >> 32;
	memcpy(key->recent, &first, 8);
	memcpy(key->recent + 8, handle + 8, 8);
	memcpy(key->recent + 16, handle, STAUTH_HANDLE_LEN);
}

static bool is_row_of(const struct row_key *key, const uint8_t found[32],
	const struct stauth_session *session)
{
	return key->token_hash != NULL
		       ? stauth_equal_ct(found, key->token_hash, 32)
		       : strcmp(session->handle, key->handle) == 0;
}

/* NOTFOUND; what it read until a failure stays in *ret_session. */
static enum stauth_rc read_row(struct stauth_db *db, const struct row_key *key,
	struct stauth_session *ret_session, struct stauth_err *err)
{
	struct stauth_query query;

	if (key->token_hash != NULL) {
		stauth_query_start(&query, db, STAUTH_SQL_CHECK);
		stauth_bind_hash(&query, key->token_hash);
	} else {
		stauth_query_start(&query, db, STAUTH_SQL_CHECK_HANDLE);
		stauth_bind_text(&query, key->handle);
	}
	enum stauth_rc rc = stauth_query_row(&query, err);
	uint8_t found[32];
	if (rc == STAUTH_OK) {
		read_checked(&query, found, ret_session);
		rc = stauth_query_only(&query, err);
		if (rc == STAUTH_OK && !is_row_of(key, found, ret_session)) {
			rc = stauth_row_damaged(db, err);
		}
	}
	stauth_query_end(&query);
	return rc;
}

static enum stauth_rc find_row(struct stauth_sqlite_check *half,
	const struct row_key *key, struct stauth_session *ret_session,
	struct stauth_err *err)
{
	if (half->recent != NULL &&
		stauth_recent_get(half->recent, key->recent, ret_session)) {
		return STAUTH_OK;
	}
	enum stauth_rc rc = STAUTH_OK;
	if (!half->in_transaction) {
		rc = begin_transaction(half, err);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = read_row(half->db, key, ret_session, err);
	if (rc == STAUTH_OK && half->recent != NULL) {
		stauth_recent_put(half->recent, key->recent, ret_session);
	}
	return rc;
}

/* Its identity goes first, so that a denial carries nobody's. */
static void begin_done(struct stauth_check_done *done, uint64_t tag)
{
	done->tag = tag;
	done->verdict = STAUTH_DENY;
	done->session.handle[0] = '\0';
	done->session.user[0] = '\0';
	done->session.groups[0] = '\0';
	done->session.must_change = true;
	done->why[0] = '\0';
}

static enum stauth_rc answer(struct stauth_sqlite_check *half,
	const struct row_key *key, int64_t idle_s,
	struct stauth_check_done *ret_done)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	uint64_t tag = ret_done->tag;

	enum stauth_rc rc = begin_round(half, &err);
	if (rc == STAUTH_OK) {
		rc = find_row(half, key, &ret_done->session, &err);
	}
	if (rc < 0) {
		end_round(half);
		begin_done(ret_done, tag);
		ret_done->verdict = STAUTH_FAULT;
		snprintf(
			ret_done->why, sizeof(ret_done->why), "%.95s", err.msg);
		return rc;
	}
	if (rc == STAUTH_OK &&
		is_alive(&ret_done->session, idle_s, stauth_wall_s())) {
		ret_done->verdict = STAUTH_ALLOW;
	}
	return STAUTH_OK;
}

static enum stauth_rc submit(struct stauth_check *check,
	const uint8_t token_hash[32], int64_t idle_s, uint64_t tag,
	struct stauth_check_done *ret_done)
{
	struct row_key key = {.token_hash = token_hash};

	begin_done(ret_done, tag);
	memcpy(key.recent, token_hash, sizeof(key.recent));
	return answer(
		(struct stauth_sqlite_check *)check, &key, idle_s, ret_done);
}

static enum stauth_rc submit_handle(struct stauth_check *check,
	const char *handle, int64_t idle_s, uint64_t tag,
	struct stauth_check_done *ret_done)
{
	begin_done(ret_done, tag);
	if (strlen(handle) != STAUTH_HANDLE_LEN) {
		return STAUTH_OK;
	}
	struct row_key key;
	set_handle_key(&key, handle);
	return answer(
		(struct stauth_sqlite_check *)check, &key, idle_s, ret_done);
}

static int64_t check_now(struct stauth_check *check)
{
	(void)check;
	return stauth_wall_s();
}

/* Everything is answered in submit, so nothing is ever under way. */
static int pollfd(struct stauth_check *check)
{
	(void)check;
	return -1;
}

static int64_t next_ms(struct stauth_check *check)
{
	struct stauth_sqlite_check *sqlite =
		(struct stauth_sqlite_check *)check;

	return sqlite->db->sql != NULL ? sqlite->idle_at_ms : INT64_MAX;
}

/* Also without a check: others may wait for files that were removed. */
static void tick(struct stauth_check *check, int64_t boot_ms)
{
	struct stauth_sqlite_check *sqlite =
		(struct stauth_sqlite_check *)check;

	stauth_db_idle(sqlite->db);
	sqlite->idle_at_ms = boot_ms + IDLE_MS;
}

static void flush(struct stauth_check *check)
{
	end_round((struct stauth_sqlite_check *)check);
}

static size_t reap(struct stauth_check *check,
	struct stauth_check_done *ret_done, size_t max)
{
	(void)check;
	(void)ret_done;
	(void)max;
	return 0;
}

const struct stauth_check_ops stauth_sqlite_check_ops = {
	.now = check_now,
	.pollfd = pollfd,
	.next_ms = next_ms,
	.tick = tick,
	.submit = submit,
	.submit_handle = submit_handle,
	.flush = flush,
	.reap = reap,
};
