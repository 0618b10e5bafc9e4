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

#include "base/banned.h"

/* Of one account; a bound for the table, not a rule for people. */
#define DEVICES_MAX 200

static void mark_account(struct stauth_db *db,
	const struct stauth_session *session, int64_t now_s)
{
	enum stauth_sql id = db->accounts_elsewhere
				     ? STAUTH_SQL_REMOTE_LOGGED_IN
				     : STAUTH_SQL_USER_LOGGED_IN;

	if (RUN(db, id, BIND_INT(session->uid), BIND_INT(now_s),
		    BIND_INT(session->epoch)) != 1) {
		stauth_verb_fail(
			db, STAUTH_EXPIRED, "the account has been changed");
	}
}

static void put_session(struct stauth_db *db,
	const struct stauth_login_commit *login, int64_t now_s)
{
	const struct stauth_session *session = &login->session;

	if (login->end_presented) {
		RUN(db, STAUTH_SQL_SESSION_END_HASH,
			BIND_HASH(login->presented_hash));
	}
	RUN(db, STAUTH_SQL_SESSION_INSERT, BIND_HASH(login->token_hash),
		BIND_TEXT(session->handle), BIND_INT(session->uid),
		BIND_INT(session->epoch), BIND_TEXT(session->user),
		BIND_TEXT(session->email), BIND_TEXT(session->display_name),
		BIND_TEXT(session->groups), BIND_TEXT(session->channel),
		BIND_TEXT(session->address), BIND_TEXT(session->agent),
		BIND_INT(session->remember), BIND_INT(session->must_change),
		BIND_INT(session->factors), BIND_INT(session->level),
		BIND_INT(session->auth_at), BIND_INT(session->confirmed_at),
		BIND_INT(now_s), BIND_INT(session->expires_at));
	if (login->sessions_max > 0) {
		RUN(db, STAUTH_SQL_SESSION_END_FUTURE, BIND_INT(session->uid),
			BIND_INT(now_s));
		RUN(db, STAUTH_SQL_SESSION_CAP, BIND_INT(session->uid),
			BIND_HASH(login->token_hash), BIND_INT(now_s),
			BIND_INT(login->sessions_max - 1));
	}
}

static void put_device(struct stauth_db *db, const uint8_t device_hash[32],
	const struct stauth_device *device, int64_t now_s)
{
	RUN(db, STAUTH_SQL_DEVICE_PUT, BIND_HASH(device_hash),
		BIND_INT(device->uid), BIND_INT(device->epoch), BIND_INT(now_s),
		BIND_INT(device->expires_at));
	RUN(db, STAUTH_SQL_DEVICE_CAP, BIND_INT(device->uid),
		BIND_INT(DEVICES_MAX));
}

enum stauth_rc stauth_sq_device_put(struct stauth_state *state,
	const uint8_t device_hash[32], const struct stauth_device *device,
	int64_t now_s, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_write(db, err);
	put_device(db, device_hash, device, now_s);
	return stauth_verb_commit(db, now_s);
}

enum stauth_rc stauth_sq_login_commit(struct stauth_state *state,
	const struct stauth_login_commit *login, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	const struct stauth_device device = {
		.uid = login->session.uid,
		.epoch = login->session.epoch,
		.expires_at = login->device_expires_at,
	};

	stauth_verb_write(db, err);
	mark_account(db, &login->session, now_s);
	put_session(db, login, now_s);
	if (login->device) {
		put_device(db, login->device_hash, &device, now_s);
	}
	stauth_limits_settle(db, login->limits, STAUTH_OUTCOME_SUCCESS, now_s);
	stauth_audit_put(db, &login->audit, now_s);
	return stauth_verb_commit(db, now_s);
}
