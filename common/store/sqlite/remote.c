/* SPDX-License-Identifier: MIT */
/*
 * What this file keeps of accounts that live in another store: store/state.h,
 * store/split.c.
 */
#include "store/sqlite/verbs.h"

#include "base/banned.h"

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
	int64_t lock = new_lock();

	stauth_verb_write_ending(db, err);
	if (RUN(db, STAUTH_SQL_REMOTE_LOCK, BIND_INT(lock), BIND_INT(now_s)) !=
		1) {
		stauth_verb_fail(
			db, STAUTH_EBUSY, "another account is being changed");
	}
	enum stauth_rc rc = stauth_verb_commit_only(db);
	if (rc != STAUTH_OK) {
		return rc;
	}
	*ret_lock = lock;
	return STAUTH_OK;
}

enum stauth_rc stauth_sq_remote_begin(struct stauth_state *state,
	const struct stauth_remote *remote, const struct stauth_change *change,
	int *ret_ended, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	const struct stauth_version of = {remote->uid, remote->epoch};

	stauth_verb_write_ending(db, err);
	/* The lock is still ours; from now on it is about this account. */
	if (RUN(db, STAUTH_SQL_REMOTE_MARK, BIND_INT(remote->lock),
		    BIND_INT(remote->uid), BIND_INT(change->now_s)) != 1) {
		stauth_verb_fail(
			db, STAUTH_EXPIRED, "the account has been changed");
	}
	if (change->raise_epoch) {
		RUN(db, STAUTH_SQL_REMOTE_RAISE_EPOCH, BIND_INT(remote->uid));
	}
	int ended = stauth_change_end_older(db, &of, change);
	enum stauth_rc rc = stauth_verb_commit_only(db);
	if (rc != STAUTH_OK) {
		return rc;
	}
	*ret_ended = ended;
	return STAUTH_OK;
}

enum stauth_rc stauth_sq_remote_end(struct stauth_state *state,
	const struct stauth_remote *remote, const struct stauth_change *change,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_write_ending(db, err);
	/* Nothing is written of a change that was not made. */
	if (change != NULL) {
		if (remote->uid != 0) {
			RUN(db, STAUTH_SQL_REMOTE_ADD, BIND_INT(remote->uid));
		}
		stauth_change_record(db, change, 0);
	}
	RUN(db, STAUTH_SQL_REMOTE_UNLOCK, BIND_INT(remote->lock));
	return stauth_verb_commit_only(db);
}

static bool read_row(
	struct stauth_db *db, int64_t now_s, struct stauth_remote *remote)
{
	struct stauth_query query;

	START(&query, db, STAUTH_SQL_REMOTE_READ, BIND_INT(remote->uid),
		BIND_INT(now_s));
	if (!stauth_row(&query)) {
		return false;
	}
	remote->epoch = stauth_read_int(&query, 0, INT64_MAX);
	remote->last_login_at = stauth_read_at(&query);
	(void)stauth_row_valid(&query);
	stauth_query_end(&query);
	return true;
}

enum stauth_rc stauth_sq_remote_read(struct stauth_state *state, int64_t now_s,
	struct stauth_remote *remote, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_read(db, err);
	if (read_row(db, now_s, remote) || !stauth_verb_ok(db)) {
		return stauth_verb_end(db);
	}
	if (!remote->add) {
		remote->epoch = stauth_read_value(db, STAUTH_SQL_HEALTH, NULL);
		return stauth_verb_end(db);
	}
	stauth_verb_write(db, err);
	RUN(db, STAUTH_SQL_REMOTE_ADD, BIND_INT(remote->uid));
	(void)read_row(db, now_s, remote);
	return stauth_verb_commit(db, now_s);
}
