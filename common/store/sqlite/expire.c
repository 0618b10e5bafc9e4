/* SPDX-License-Identifier: MIT */
/*
 * Rows that are over. They are dead without this: every read looks at the
 * time itself. It only keeps the file small, a batch at a time, so that
 * nobody waits long for the lock.
 */
#include "store/sqlite/verbs.h"

#include "base/banned.h"

#define SWEEP_ROWS 64
#define LIMITS_MAX 65536

/* Deletes at most *left rows that are over at the instant; *left goes down. */
static void expire(
	struct stauth_db *db, enum stauth_sql id, int64_t at, int64_t *left)
{
	if (*left > 0) {
		*left -= RUN(db, id, BIND_INT(at), BIND_INT(*left));
	}
}

/* What is over when the clock says so, whatever the policy. */
static void expire_dead(struct stauth_db *db, int64_t now_s, int64_t *left)
{
	expire(db, STAUTH_SQL_SESSION_EXPIRE, now_s, left);
	expire(db, STAUTH_SQL_MAIL_EXPIRE, now_s, left);
	expire(db, STAUTH_SQL_PIN_EXPIRE, now_s, left);
	expire(db, STAUTH_SQL_RESET_EXPIRE, now_s, left);
	expire(db, STAUTH_SQL_INVITE_EXPIRE, now_s, left);
	expire(db, STAUTH_SQL_PENDING_EXPIRE, now_s, left);
	expire(db, STAUTH_SQL_DEVICE_EXPIRE, now_s, left);
}

enum stauth_rc stauth_verb_commit(struct stauth_db *db, int64_t now_s)
{
	int64_t left = SWEEP_ROWS;

	if (db->rc == STAUTH_OK && ++db->writes == 0) {
		expire_dead(db, now_s, &left);
		RUN(db, STAUTH_SQL_LIMIT_EVICT, BIND_INT(LIMITS_MAX));
	}
	return stauth_verb_commit_only(db);
}

void stauth_wal_empty(struct stauth_db *db)
{
	stauth_db_no_wait(db);
	(void)sqlite3_wal_checkpoint_v2(
		db->sql, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

enum stauth_rc stauth_sq_expire_batch(struct stauth_state *state,
	const struct stauth_expiry *expiry, int *ret_count,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	int64_t now_s = expiry->now_s;
	int64_t most =
		expiry->limit < INT32_MAX ? (int64_t)expiry->limit : INT32_MAX;
	int64_t left = most;

	stauth_verb_write_ending(db, err);
	expire_dead(db, now_s, &left);
	if (expiry->idle_s > 0) {
		expire(db, STAUTH_SQL_SESSION_EXPIRE_IDLE,
			now_s - expiry->idle_s, &left);
	}
	expire(db, STAUTH_SQL_LIMIT_EXPIRE, now_s, &left);
	int64_t before = expiry->audit_before_s;
	int64_t room = left;
	expire(db, STAUTH_SQL_AUDIT_EXPIRE, before, &left);
	RUN(db, STAUTH_SQL_SEAL_EXPIRE, BIND_INT(before), BIND_INT(room));
	expire(db, STAUTH_SQL_AUDIT_EXPIRE_UNSEALED, before, &left);
	enum stauth_rc rc = stauth_verb_commit_only(db);
	if (rc != STAUTH_OK) {
		return rc;
	}
	*ret_count = (int)(most - left);
	if (*ret_count == 0) {
		stauth_wal_empty(db);
	}
	return STAUTH_OK;
}
