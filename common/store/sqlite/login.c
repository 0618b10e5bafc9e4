/* SPDX-License-Identifier: MIT */
/*
 * How a session begins. MUSTs:
 *  1. There is no other way to a row of the table sessions.
 *  2. The account is enabled and of the same epoch as when it was read;
 *     else nothing is written: EXPIRED.
 *  3. The session that the browser came with ends.
 *  4. A user has at most so many web sessions; those used longest ago end,
 *     and those from the future whatever their number.
 *  5. Counters, known device and audit row are of the same transaction.
 */
#include "store/sqlite/verbs.h"

#include "store/sqlite/query.h"

#include "base/banned.h"

/* Of one account; a bound for the table, not a rule for people. */
#define DEVICES_MAX 200

static enum stauth_rc mark_account(struct stauth_db *db,
	const struct stauth_session *session, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db,
		db->accounts_elsewhere ? STAUTH_SQL_REMOTE_LOGGED_IN
				       : STAUTH_SQL_USER_LOGGED_IN);
	stauth_bind_int(&query, session->uid);
	stauth_bind_int(&query, now_s);
	stauth_bind_int(&query, session->epoch);
	int changes = 0;
	enum stauth_rc rc = stauth_query_run(&query, &changes, err);
	if (rc == STAUTH_OK && changes != 1) {
		rc = stauth_fail(
			err, STAUTH_EXPIRED, "the account has been changed");
	}
	return rc;
}

static enum stauth_rc end_presented(struct stauth_db *db,
	const struct stauth_login_commit *login, struct stauth_err *err)
{
	if (!login->end_presented) {
		return STAUTH_OK;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_SESSION_END_HASH);
	stauth_bind_hash(&query, login->presented_hash);
	return stauth_query_run(&query, NULL, err);
}

static enum stauth_rc put_session(struct stauth_db *db,
	const struct stauth_login_commit *login, int64_t now_s,
	struct stauth_err *err)
{
	const struct stauth_session *session = &login->session;
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_SESSION_INSERT);
	stauth_bind_hash(&query, login->token_hash);
	stauth_bind_text(&query, session->handle);
	stauth_bind_int(&query, session->uid);
	stauth_bind_int(&query, session->epoch);
	stauth_bind_text(&query, session->user);
	stauth_bind_text(&query, session->email);
	stauth_bind_text(&query, session->display_name);
	stauth_bind_text(&query, session->groups);
	stauth_bind_text(&query, session->channel);
	stauth_bind_text(&query, session->address);
	stauth_bind_text(&query, session->agent);
	stauth_bind_int(&query, session->remember);
	stauth_bind_int(&query, session->must_change);
	stauth_bind_int(&query, session->factors);
	stauth_bind_int(&query, session->level);
	stauth_bind_int(&query, session->auth_at);
	stauth_bind_int(&query, session->confirmed_at);
	stauth_bind_int(&query, now_s);
	stauth_bind_int(&query, session->expires_at);
	return stauth_query_run(&query, NULL, err);
}

static enum stauth_rc keep_cap(struct stauth_db *db,
	const struct stauth_login_commit *login, int64_t now_s,
	struct stauth_err *err)
{
	if (login->sessions_max <= 0) {
		return STAUTH_OK;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_SESSION_END_FUTURE);
	stauth_bind_int(&query, login->session.uid);
	stauth_bind_int(&query, now_s);
	enum stauth_rc rc = stauth_query_run(&query, NULL, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	stauth_query_start(&query, db, STAUTH_SQL_SESSION_CAP);
	stauth_bind_int(&query, login->session.uid);
	stauth_bind_hash(&query, login->token_hash);
	stauth_bind_int(&query, now_s);
	stauth_bind_int(&query, login->sessions_max - 1);
	return stauth_query_run(&query, NULL, err);
}

static enum stauth_rc put_device(struct stauth_db *db,
	const uint8_t device_hash[32], const struct stauth_device *device,
	int64_t now_s, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_DEVICE_PUT);
	stauth_bind_hash(&query, device_hash);
	stauth_bind_int(&query, device->uid);
	stauth_bind_int(&query, device->epoch);
	stauth_bind_int(&query, now_s);
	stauth_bind_int(&query, device->expires_at);
	enum stauth_rc rc = stauth_query_run(&query, NULL, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	stauth_query_start(&query, db, STAUTH_SQL_DEVICE_CAP);
	stauth_bind_int(&query, device->uid);
	stauth_bind_int(&query, DEVICES_MAX);
	return stauth_query_run(&query, NULL, err);
}

enum stauth_rc stauth_sq_device_put(struct stauth_state *state,
	const uint8_t device_hash[32], const struct stauth_device *device,
	int64_t now_s, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = put_device(db, device_hash, device, now_s, err);
	return stauth_write_end(db, rc, now_s, err);
}

static enum stauth_rc put_login_device(struct stauth_db *db,
	const struct stauth_login_commit *login, int64_t now_s,
	struct stauth_err *err)
{
	const struct stauth_device device = {
		.uid = login->session.uid,
		.epoch = login->session.epoch,
		.expires_at = login->device_expires_at,
	};

	return login->device
		       ? put_device(db, login->device_hash, &device, now_s, err)
		       : STAUTH_OK;
}

enum stauth_rc stauth_sq_login_commit(struct stauth_state *state,
	const struct stauth_login_commit *login, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = mark_account(db, &login->session, now_s, err);
	if (rc == STAUTH_OK) {
		rc = end_presented(db, login, err);
	}
	if (rc == STAUTH_OK) {
		rc = put_session(db, login, now_s, err);
	}
	if (rc == STAUTH_OK) {
		rc = keep_cap(db, login, now_s, err);
	}
	if (rc == STAUTH_OK) {
		rc = put_login_device(db, login, now_s, err);
	}
	if (rc == STAUTH_OK && login->limits != NULL) {
		rc = stauth_limits_settle(
			db, login->limits, STAUTH_OUTCOME_SUCCESS, now_s, err);
	}
	if (rc == STAUTH_OK) {
		rc = stauth_audit_put(db, &login->audit, now_s, err);
	}
	return stauth_write_end(db, rc, now_s, err);
}
