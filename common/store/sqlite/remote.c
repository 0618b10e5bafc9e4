/* SPDX-License-Identifier: MIT */
/*
 * What this file keeps of accounts that live in another store: store/state.h,
 * store/split.c.
 */
#include "store/sqlite/verbs.h"

#include "store/sqlite/query.h"

#include "base/banned.h"

/* A statement about one account, with up to two more numbers. */
static enum stauth_rc run(struct stauth_db *db, enum stauth_sql id,
	const int64_t values[3], int *ret_changes, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, id);
	for (int i = 0; i < sqlite3_bind_parameter_count(query.stmt); i++) {
		stauth_bind_int(&query, values[i]);
	}
	return stauth_query_run(&query, ret_changes, err);
}

static int64_t new_lock(void)
{
	int64_t lock = 0;

	while (lock == 0) {
		sqlite3_randomness((int)sizeof(lock), &lock);
	}
	return lock;
}

enum stauth_rc stauth_sq_remote_lock(struct stauth_state *state, int64_t now_s,
	int64_t *ret_lock, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	const int64_t values[3] = {new_lock(), now_s, 0};
	enum stauth_rc rc = stauth_db_begin_ending(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	int changes = 0;
	rc = run(db, STAUTH_SQL_REMOTE_LOCK, values, &changes, err);
	if (rc == STAUTH_OK && changes != 1) {
		rc = stauth_fail(
			err, STAUTH_EBUSY, "another account is being changed");
	}
	rc = stauth_db_end(db, rc, err);
	if (rc == STAUTH_OK) {
		*ret_lock = values[0];
	}
	return rc;
}

/* In a transaction: the lock is still ours, and about this account. */
static enum stauth_rc hold_lock(struct stauth_db *db,
	const struct stauth_remote *remote, int64_t now_s,
	struct stauth_err *err)
{
	const int64_t values[3] = {remote->lock, remote->uid, now_s};
	int changes = 0;
	enum stauth_rc rc =
		run(db, STAUTH_SQL_REMOTE_MARK, values, &changes, err);

	if (rc == STAUTH_OK && changes != 1) {
		rc = stauth_fail(
			err, STAUTH_EXPIRED, "the account has been changed");
	}
	return rc;
}

static enum stauth_rc begin_change(struct stauth_db *db,
	const struct stauth_remote *remote, const struct stauth_change *change,
	int *ret_ended, struct stauth_err *err)
{
	const int64_t values[3] = {remote->uid, 0, 0};
	enum stauth_rc rc = hold_lock(db, remote, change->now_s, err);

	if (rc == STAUTH_OK && change->raise_epoch) {
		rc = run(db, STAUTH_SQL_REMOTE_RAISE_EPOCH, values, NULL, err);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	const struct stauth_version of = {remote->uid, remote->epoch};
	return stauth_change_end_older(db, &of, change, ret_ended, err);
}

enum stauth_rc stauth_sq_remote_begin(struct stauth_state *state,
	const struct stauth_remote *remote, const struct stauth_change *change,
	int *ret_ended, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin_ending(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	int ended = 0;
	rc = begin_change(db, remote, change, &ended, err);
	rc = stauth_db_end(db, rc, err);
	if (rc == STAUTH_OK) {
		*ret_ended = ended;
	}
	return rc;
}

/* Nothing is written of a change that was not made. */
static enum stauth_rc record_change(struct stauth_db *db, int64_t uid,
	const struct stauth_change *change, struct stauth_err *err)
{
	const int64_t values[3] = {uid, 0, 0};

	if (change == NULL) {
		return STAUTH_OK;
	}
	enum stauth_rc rc = STAUTH_OK;
	if (uid != 0) {
		rc = run(db, STAUTH_SQL_REMOTE_ADD, values, NULL, err);
	}
	return rc == STAUTH_OK ? stauth_change_record(db, change, 0, err) : rc;
}

enum stauth_rc stauth_sq_remote_end(struct stauth_state *state,
	const struct stauth_remote *remote, const struct stauth_change *change,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	const int64_t values[3] = {remote->lock, 0, 0};
	enum stauth_rc rc = stauth_db_begin_ending(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = record_change(db, remote->uid, change, err);
	if (rc == STAUTH_OK) {
		rc = run(db, STAUTH_SQL_REMOTE_UNLOCK, values, NULL, err);
	}
	return stauth_db_end(db, rc, err);
}

static enum stauth_rc read_row(struct stauth_db *db, int64_t now_s,
	struct stauth_remote *remote, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_REMOTE_READ);
	stauth_bind_int(&query, remote->uid);
	stauth_bind_int(&query, now_s);
	enum stauth_rc rc = stauth_query_row(&query, err);
	if (rc == STAUTH_OK) {
		remote->epoch = stauth_read_int(&query, 0, INT64_MAX);
		remote->last_login_at = stauth_read_at(&query);
		rc = stauth_query_only(&query, err);
	}
	stauth_query_end(&query);
	return rc;
}

enum stauth_rc stauth_sq_remote_read(struct stauth_state *state, int64_t now_s,
	struct stauth_remote *remote, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	const int64_t values[3] = {remote->uid, 0, 0};
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc == STAUTH_OK) {
		rc = read_row(db, now_s, remote, err);
	}
	if (rc != STAUTH_NOTFOUND) {
		return rc;
	}
	if (!remote->add) {
		return stauth_query_value(
			db, STAUTH_SQL_HEALTH, NULL, &remote->epoch, err);
	}
	rc = stauth_db_begin(db, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = run(db, STAUTH_SQL_REMOTE_ADD, values, NULL, err);
	if (rc == STAUTH_OK) {
		rc = read_row(db, now_s, remote, err);
	}
	return stauth_write_end(db, rc, now_s, err);
}
