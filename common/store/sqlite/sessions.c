/* SPDX-License-Identifier: MIT */
/*
 * Sessions and known devices, apart from how they begin (login.c). MUSTs:
 *  1. A session is over at its very second, now >= expires_at; without
 *     remember also when it was idle for as long as the limit.
 *  2. What a token or device finds is compared with it again, byte by byte:
 *     the last word on who comes in is ours.
 *  3. An end is on disk before it is reported, and the audit row with it.
 *  4. A touch moves forward only, waits for nobody and need not be on disk.
 */
#include "store/sqlite/verbs.h"

#include "base/clock.h"
#include "base/secret.h"
#include "store/sqlite/open.h"
#include "store/sqlite/query.h"

#include "base/banned.h"

enum stauth_rc stauth_row_damaged(struct stauth_db *db, struct stauth_err *err)
{
	db->must_reopen = true;
	return stauth_fail(err, STAUTH_EBROKEN,
		"a row was found by a key it has not: %.120s", db->path);
}

static void read_session(struct stauth_query *query, uint8_t ret_hash[32],
	struct stauth_session *session)
{
	stauth_read_hash(query, ret_hash);
	stauth_read_text(query, session->handle, sizeof(session->handle));
	session->uid = stauth_read_int(query, 0, INT64_MAX);
	session->epoch = stauth_read_int(query, 0, INT64_MAX);
	stauth_read_text(query, session->user, sizeof(session->user));
	stauth_read_text(query, session->email, sizeof(session->email));
	stauth_read_text(
		query, session->display_name, sizeof(session->display_name));
	stauth_read_text(query, session->groups, sizeof(session->groups));
	stauth_read_text(query, session->channel, sizeof(session->channel));
	stauth_read_text(query, session->address, sizeof(session->address));
	stauth_read_text(query, session->agent, sizeof(session->agent));
	session->remember = stauth_read_flag(query);
	session->must_change = stauth_read_flag(query);
	session->factors = (int)stauth_read_int(query, 0, INT32_MAX);
	session->level = (int)stauth_read_int(query, 0, INT32_MAX);
	session->auth_at = stauth_read_at(query);
	session->confirmed_at = stauth_read_at(query);
	session->created_at = stauth_read_at(query);
	session->last_seen_at = stauth_read_at(query);
	session->expires_at = stauth_read_at(query);
}

enum stauth_rc stauth_sq_session_by_hash(struct stauth_state *state,
	const uint8_t token_hash[32], const struct stauth_alive *alive,
	struct stauth_session *ret_session, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_SESSION_BY_HASH);
	stauth_bind_hash(&query, token_hash);
	stauth_bind_int(&query, alive->now_s);
	stauth_bind_int(&query, alive->idle_s);
	rc = stauth_query_row(&query, err);
	struct stauth_session session;
	uint8_t found[32];
	if (rc == STAUTH_OK) {
		read_session(&query, found, &session);
		rc = stauth_query_only(&query, err);
		if (rc == STAUTH_OK &&
			!stauth_equal_ct(found, token_hash, sizeof(found))) {
			rc = stauth_row_damaged(db, err);
		}
	}
	stauth_query_end(&query);
	if (rc == STAUTH_OK) {
		*ret_session = session;
	}
	return rc;
}

enum stauth_rc stauth_sq_session_by_handle(struct stauth_state *state,
	const char *handle, const struct stauth_alive *alive,
	struct stauth_session *ret_session, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_SESSION_BY_HANDLE);
	stauth_bind_text(&query, handle);
	stauth_bind_int(&query, alive->now_s);
	stauth_bind_int(&query, alive->idle_s);
	rc = stauth_query_row(&query, err);
	struct stauth_session session;
	uint8_t found[32];
	if (rc == STAUTH_OK) {
		read_session(&query, found, &session);
		rc = stauth_query_only(&query, err);
	}
	stauth_query_end(&query);
	if (rc == STAUTH_OK) {
		*ret_session = session;
	}
	return rc;
}

static void read_row(struct stauth_query *query, void *row)
{
	uint8_t hash[32];

	read_session(query, hash, row);
}

enum stauth_rc stauth_sq_session_list(struct stauth_state *state,
	const struct stauth_session_query *asked,
	struct stauth_session *ret_sessions, size_t *ret_count,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	const struct stauth_list list = {stauth_list_limit(asked->limit),
		read_row, sizeof(*ret_sessions)};
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db,
		asked->of_hosts   ? STAUTH_SQL_SESSION_LIST_HOSTS
		: asked->uid == 0 ? STAUTH_SQL_SESSION_LIST
				  : STAUTH_SQL_SESSION_LIST_USER);
	stauth_bind_text(&query, asked->after != NULL ? asked->after : "");
	stauth_bind_int(&query, asked->now_s);
	stauth_bind_int(&query, asked->idle_s);
	stauth_bind_int(&query, (int64_t)list.limit);
	if (!asked->of_hosts && asked->uid != 0) {
		stauth_bind_int(&query, asked->uid);
	}
	return stauth_query_list(&query, &list, ret_sessions, ret_count, err);
}

enum stauth_rc stauth_sq_session_confirm(struct stauth_state *state,
	const struct stauth_session_confirm *confirm, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_SESSION_CONFIRM);
	stauth_bind_text(&query, confirm->handle);
	stauth_bind_int(&query, confirm->uid);
	stauth_bind_int(&query, confirm->epoch);
	stauth_bind_int(&query, confirm->now_s);
	int confirmed = 0;
	rc = stauth_query_run(&query, &confirmed, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	if (confirmed == 0) {
		rc = stauth_fail(err, STAUTH_EXPIRED, "the session has ended");
		goto out;
	}
	if (confirm->limits != NULL) {
		rc = stauth_limits_settle(db, confirm->limits,
			STAUTH_OUTCOME_SUCCESS, confirm->now_s, err);
		if (rc != STAUTH_OK) {
			goto out;
		}
	}
	rc = stauth_audit_put(db, confirm->audit, confirm->now_s, err);
out:
	return stauth_write_end(db, rc, confirm->now_s, err);
}

enum stauth_rc stauth_sq_session_end(struct stauth_state *state,
	const char *handle, const struct stauth_audit_row *audit, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin_ending(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_SESSION_END);
	stauth_bind_text(&query, handle);
	int ended = 0;
	rc = stauth_query_run(&query, &ended, err);
	if (rc == STAUTH_OK && ended == 0) {
		rc = STAUTH_NOTFOUND;
	}
	if (rc == STAUTH_OK) {
		rc = stauth_audit_put(db, audit, now_s, err);
	}
	return stauth_write_end(db, rc, now_s, err);
}

enum stauth_rc stauth_sq_session_end_user(struct stauth_state *state,
	const struct stauth_session_end *which, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin_ending(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db,
		which->uid == 0 ? STAUTH_SQL_SESSION_END_ALL
				: STAUTH_SQL_SESSION_END_USER);
	if (which->uid != 0) {
		stauth_bind_int(&query, which->uid);
	}
	stauth_bind_text(&query, which->keep != NULL ? which->keep : "");
	int ended = 0;
	rc = stauth_query_run(&query, &ended, err);
	if (rc == STAUTH_OK) {
		rc = stauth_audit_put(db, which->audit, which->now_s, err);
	}
	rc = stauth_write_end(db, rc, which->now_s, err);
	if (rc == STAUTH_OK && ret_ended != NULL) {
		*ret_ended = ended;
	}
	return rc;
}

static enum stauth_rc touch_all(struct stauth_db *db,
	const struct stauth_touch *touches, size_t count,
	struct stauth_err *err)
{
	enum stauth_rc rc = stauth_db_begin_raw(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	for (size_t i = 0; i < count && rc == STAUTH_OK; i++) {
		stauth_query_start(&query, db, STAUTH_SQL_SESSION_TOUCH);
		stauth_bind_text(&query, touches[i].handle);
		stauth_bind_int(&query, touches[i].seen_at);
		rc = stauth_query_run(&query, NULL, err);
	}
	return stauth_db_end(db, rc, err);
}

/* This pragma acts when it is compiled, so it cannot be kept prepared. */
static void set_sync(struct stauth_db *db, enum stauth_sql id)
{
	int code = sqlite3_exec(db->sql, stauth_sql_text(id), NULL, NULL, NULL);

	if (code != SQLITE_OK) {
		db->must_reopen = true;
	}
}

enum stauth_rc stauth_sq_session_touch(struct stauth_state *state,
	const struct stauth_touch *touches, size_t count,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	bool acknowledges = db->role != STAUTH_ROLE_TOUCH;

	if (count == 0) {
		return STAUTH_OK;
	}
	enum stauth_rc rc = stauth_db_ready(db, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	stauth_db_no_wait(db);
	if (acknowledges) {
		set_sync(db, STAUTH_SQL_SYNC_NORMAL);
	}
	rc = touch_all(db, touches, count, err);
	if (acknowledges) {
		set_sync(db, STAUTH_SQL_SYNC_FULL);
	} else {
		/* SQLite shares a -shm between the connections of a process:
		 * kept open, this one would keep a removed one alive. */
		stauth_db_close(db);
	}
	return rc;
}

enum stauth_rc stauth_sq_device_by_hash(struct stauth_state *state,
	const uint8_t device_hash[32], int64_t now_s,
	struct stauth_device *ret_device, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_DEVICE_BY_HASH);
	stauth_bind_hash(&query, device_hash);
	stauth_bind_int(&query, now_s);
	rc = stauth_query_row(&query, err);
	struct stauth_device device;
	uint8_t found[32];
	if (rc == STAUTH_OK) {
		stauth_read_hash(&query, found);
		device.uid = stauth_read_int(&query, 0, INT64_MAX);
		device.epoch = stauth_read_int(&query, 0, INT64_MAX);
		device.created_at = stauth_read_at(&query);
		device.last_used_at = stauth_read_at(&query);
		device.expires_at = stauth_read_at(&query);
		rc = stauth_query_only(&query, err);
		if (rc == STAUTH_OK &&
			!stauth_equal_ct(found, device_hash, sizeof(found))) {
			rc = stauth_row_damaged(db, err);
		}
	}
	stauth_query_end(&query);
	if (rc == STAUTH_OK) {
		*ret_device = device;
	}
	return rc;
}

static int64_t state_now(struct stauth_state *state)
{
	(void)state;
	return stauth_wall_s();
}

static enum stauth_health health(
	struct stauth_state *state, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	int64_t epoch = 0;
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc == STAUTH_OK) {
		rc = stauth_query_value(
			db, STAUTH_SQL_HEALTH, NULL, &epoch, err);
	}
	if (rc == STAUTH_NOTFOUND) {
		(void)stauth_fail(err, STAUTH_EBROKEN,
			"the table meta has no epoch: %.120s", db->path);
	}
	if (rc != STAUTH_OK) {
		return STAUTH_HEALTH_DOWN;
	}
	if (sqlite3_db_readonly(db->sql, "main") != 0) {
		(void)stauth_fail(err, STAUTH_EUNREACHABLE,
			"the database can only be read: %.120s", db->path);
		return STAUTH_HEALTH_READONLY;
	}
	return STAUTH_HEALTH_OK;
}

const struct stauth_state_ops stauth_sqlite_state_ops = {
	.now = state_now,
	.health = health,
	.login_commit = stauth_sq_login_commit,
	.session_by_hash = stauth_sq_session_by_hash,
	.session_by_handle = stauth_sq_session_by_handle,
	.session_confirm = stauth_sq_session_confirm,
	.session_end = stauth_sq_session_end,
	.session_end_user = stauth_sq_session_end_user,
	.session_list = stauth_sq_session_list,
	.session_touch = stauth_sq_session_touch,
	.device_by_hash = stauth_sq_device_by_hash,
	.device_put = stauth_sq_device_put,
	.throttle_reserve = stauth_sq_throttle_reserve,
	.throttle_settle = stauth_sq_throttle_settle,
	.throttle_list = stauth_sq_throttle_list,
	.throttle_clear = stauth_sq_throttle_clear,
	.mail_commit = stauth_sq_mail_commit,
	.mail_take = stauth_sq_mail_take,
	.mail_done = stauth_sq_mail_done,
	.mail_later = stauth_sq_mail_later,
	.pin_read = stauth_sq_pin_read,
	.pin_try = stauth_sq_pin_try,
	.reset_read = stauth_sq_reset_read,
	.reset_take = stauth_sq_reset_take,
	.invite_put = stauth_sq_invite_put,
	.invite_by_hash = stauth_sq_invite_by_hash,
	.invite_list = stauth_sq_invite_list,
	.invite_revoke = stauth_sq_invite_revoke,
	.audit_add = stauth_sq_audit_add,
	.audit_list = stauth_sq_audit_list,
	.remote_lock = stauth_sq_remote_lock,
	.remote_begin = stauth_sq_remote_begin,
	.remote_end = stauth_sq_remote_end,
	.remote_read = stauth_sq_remote_read,
	.expire_batch = stauth_sq_expire_batch,
};
