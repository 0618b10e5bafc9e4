/* SPDX-License-Identifier: MIT */
/*
 * Rows that are over. They are dead without this: every read looks at the
 * time itself. It only keeps the file small, a batch at a time, so that
 * nobody waits long for the lock.
 */
#include "store/sqlite/verbs.h"

#include "store/sqlite/query.h"

#include "base/banned.h"

#define SWEEP_ROWS 64
#define LIMITS_MAX 65536

/* Deletes at most *left rows that are over at the instant; *left goes down. */
static enum stauth_rc expire(struct stauth_db *db, enum stauth_sql id,
	int64_t at, int64_t *left, struct stauth_err *err)
{
	if (*left <= 0) {
		return STAUTH_OK;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, id);
	stauth_bind_int(&query, at);
	stauth_bind_int(&query, *left);
	int changes = 0;
	enum stauth_rc rc = stauth_query_run(&query, &changes, err);
	*left -= changes;
	return rc;
}

static enum stauth_rc evict_limits(struct stauth_db *db, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_LIMIT_EVICT);
	stauth_bind_int(&query, LIMITS_MAX);
	return stauth_query_run(&query, NULL, err);
}

/* What is over when the clock says so, whatever the policy. */
static enum stauth_rc expire_dead(struct stauth_db *db, int64_t now_s,
	int64_t *left, struct stauth_err *err)
{
	static const enum stauth_sql dead[] = {
		STAUTH_SQL_SESSION_EXPIRE,
		STAUTH_SQL_MAIL_EXPIRE,
		STAUTH_SQL_PIN_EXPIRE,
		STAUTH_SQL_RESET_EXPIRE,
		STAUTH_SQL_INVITE_EXPIRE,
		STAUTH_SQL_PENDING_EXPIRE,
		STAUTH_SQL_DEVICE_EXPIRE,
	};
	enum stauth_rc rc = STAUTH_OK;

	for (size_t i = 0; i < sizeof(dead) / sizeof(dead[0]); i++) {
		if (rc == STAUTH_OK) {
			rc = expire(db, dead[i], now_s, left, err);
		}
	}
	return rc;
}

enum stauth_rc stauth_write_end(struct stauth_db *db, enum stauth_rc rc,
	int64_t now_s, struct stauth_err *err)
{
	int64_t left = SWEEP_ROWS;

	if (rc == STAUTH_OK && ++db->writes == 0) {
		rc = expire_dead(db, now_s, &left, err);
		if (rc == STAUTH_OK) {
			rc = evict_limits(db, err);
		}
	}
	return stauth_db_end(db, rc, err);
}

static enum stauth_rc expire_all(struct stauth_db *db,
	const struct stauth_expiry *expiry, int64_t *left,
	struct stauth_err *err)
{
	int64_t now_s = expiry->now_s;
	enum stauth_rc rc = expire_dead(db, now_s, left, err);

	if (rc == STAUTH_OK && expiry->idle_s > 0) {
		rc = expire(db, STAUTH_SQL_SESSION_EXPIRE_IDLE,
			now_s - expiry->idle_s, left, err);
	}
	if (rc == STAUTH_OK) {
		rc = expire(db, STAUTH_SQL_LIMIT_EXPIRE, now_s, left, err);
	}
	if (rc == STAUTH_OK) {
		rc = expire(db, STAUTH_SQL_AUDIT_EXPIRE, expiry->audit_before_s,
			left, err);
	}
	return rc;
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
	int64_t most =
		expiry->limit < INT32_MAX ? (int64_t)expiry->limit : INT32_MAX;
	enum stauth_rc rc = stauth_db_begin_ending(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	int64_t left = most;
	rc = expire_all(db, expiry, &left, err);
	rc = stauth_db_end(db, rc, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	*ret_count = (int)(most - left);
	if (*ret_count == 0) {
		stauth_wal_empty(db);
	}
	return STAUTH_OK;
}
