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

#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "store/sqlite/open.h"

#include "base/banned.h"

/* A row, and the hash that it stands under. */
struct found {
	uint8_t hash[32];
	struct stauth_session session;
};

static void read_session(struct stauth_query *query, void *row)
{
	struct stauth_session *session = row;

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

static void read_found(struct stauth_query *query, void *row)
{
	struct found *found = row;

	stauth_read_hash(query, found->hash);
	read_session(query, &found->session);
}

enum stauth_rc stauth_sq_session_by_hash(struct stauth_state *state,
	const uint8_t token_hash[32], const struct stauth_alive *alive,
	struct stauth_session *ret_session, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_read(db, err);
	struct stauth_query query;
	START(&query, db, STAUTH_SQL_SESSION_BY_HASH, BIND_HASH(token_hash),
		BIND_INT(alive->now_s), BIND_INT(alive->idle_s));
	struct found found;
	if (stauth_read_one(&query, read_found, &found) &&
		stauth_verb_found(
			db, stauth_equal_ct(found.hash, token_hash, 32))) {
		*ret_session = found.session;
	}
	return stauth_verb_end(db);
}

enum stauth_rc stauth_sq_session_by_handle(struct stauth_state *state,
	const char *handle, const struct stauth_alive *alive,
	struct stauth_session *ret_session, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_read(db, err);
	struct stauth_query query;
	START(&query, db, STAUTH_SQL_SESSION_BY_HANDLE, BIND_TEXT(handle),
		BIND_INT(alive->now_s), BIND_INT(alive->idle_s));
	struct found found;
	if (stauth_read_one(&query, read_found, &found) &&
		stauth_verb_found(
			db, strcmp(found.session.handle, handle) == 0)) {
		*ret_session = found.session;
	}
	return stauth_verb_end(db);
}

static void read_row(struct stauth_query *query, void *row)
{
	uint8_t hash[32];

	stauth_read_hash(query, hash);
	read_session(query, row);
}

enum stauth_rc stauth_sq_session_list(struct stauth_state *state,
	const struct stauth_session_query *asked,
	struct stauth_session *ret_sessions, size_t *ret_count,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	const struct stauth_list list = {stauth_list_limit(asked->limit),
		read_row, sizeof(*ret_sessions)};
	bool of_user = !asked->of_hosts && asked->uid != 0;

	stauth_verb_read(db, err);
	struct stauth_query query;
	stauth_query_bind(&query, db,
		asked->of_hosts ? STAUTH_SQL_SESSION_LIST_HOSTS
		: of_user       ? STAUTH_SQL_SESSION_LIST_USER
				: STAUTH_SQL_SESSION_LIST,
		(const struct stauth_value[]){
			BIND_TEXT(asked->after != NULL ? asked->after : ""),
			BIND_INT(asked->now_s), BIND_INT(asked->idle_s),
			BIND_INT((int64_t)list.limit),
			{of_user ? STAUTH_VALUE_INT : STAUTH_VALUE_END,
				asked->uid, NULL},
			{STAUTH_VALUE_END, 0, NULL}});
	return stauth_read_list(&query, &list, ret_sessions, ret_count);
}

enum stauth_rc stauth_sq_session_confirm(struct stauth_state *state,
	const struct stauth_session_confirm *confirm, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_write(db, err);
	if (RUN(db, STAUTH_SQL_SESSION_CONFIRM, BIND_TEXT(confirm->handle),
		    BIND_INT(confirm->uid), BIND_INT(confirm->epoch),
		    BIND_INT(confirm->now_s)) == 0) {
		stauth_verb_fail(db, STAUTH_EXPIRED, "the session has ended");
	}
	stauth_limits_settle(
		db, confirm->limits, STAUTH_OUTCOME_SUCCESS, confirm->now_s);
	stauth_audit_put(db, confirm->audit, confirm->now_s);
	return stauth_verb_commit(db, confirm->now_s);
}

enum stauth_rc stauth_sq_session_end(struct stauth_state *state,
	const char *handle, const struct stauth_audit_row *audit, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_write_ending(db, err);
	if (RUN(db, STAUTH_SQL_SESSION_END, BIND_TEXT(handle)) == 0) {
		stauth_verb_fail(db, STAUTH_NOTFOUND, NULL);
	}
	stauth_audit_put(db, audit, now_s);
	return stauth_verb_commit(db, now_s);
}

enum stauth_rc stauth_sq_session_end_user(struct stauth_state *state,
	const struct stauth_session_end *which, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	const char *keep = which->keep != NULL ? which->keep : "";

	stauth_verb_write_ending(db, err);
	int ended =
		which->uid == 0
			? RUN(db, STAUTH_SQL_SESSION_END_ALL, BIND_TEXT(keep))
			: RUN(db, STAUTH_SQL_SESSION_END_USER,
				  BIND_INT(which->uid), BIND_TEXT(keep));
	stauth_audit_put(db, which->audit, which->now_s);
	enum stauth_rc rc = stauth_verb_commit(db, which->now_s);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (ret_ended != NULL) {
		*ret_ended = ended;
	}
	return STAUTH_OK;
}

static enum stauth_rc touch_all(
	struct stauth_db *db, const struct stauth_touch *touches, size_t count)
{
	stauth_verb_begin(db);
	for (size_t i = 0; i < count; i++) {
		RUN(db, STAUTH_SQL_SESSION_TOUCH, BIND_TEXT(touches[i].handle),
			BIND_INT(touches[i].seen_at));
	}
	return stauth_verb_commit_only(db);
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
	stauth_verb_read(db, err);
	if (!stauth_verb_ok(db)) {
		return stauth_verb_end(db);
	}
	stauth_db_no_wait(db);
	if (acknowledges) {
		set_sync(db, STAUTH_SQL_SYNC_NORMAL);
	}
	enum stauth_rc rc = touch_all(db, touches, count);
	if (acknowledges) {
		set_sync(db, STAUTH_SQL_SYNC_FULL);
	} else {
		/* SQLite shares a -shm between the connections of a process:
		 * kept open, this one would keep a removed one alive. */
		stauth_db_close(db);
	}
	return rc;
}

struct found_device {
	uint8_t hash[32];
	struct stauth_device device;
};

static void read_device(struct stauth_query *query, void *row)
{
	struct found_device *found = row;

	stauth_read_hash(query, found->hash);
	found->device.uid = stauth_read_int(query, 0, INT64_MAX);
	found->device.epoch = stauth_read_int(query, 0, INT64_MAX);
	found->device.created_at = stauth_read_at(query);
	found->device.last_used_at = stauth_read_at(query);
	found->device.expires_at = stauth_read_at(query);
}

enum stauth_rc stauth_sq_device_by_hash(struct stauth_state *state,
	const uint8_t device_hash[32], int64_t now_s,
	struct stauth_device *ret_device, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_read(db, err);
	struct stauth_query query;
	START(&query, db, STAUTH_SQL_DEVICE_BY_HASH, BIND_HASH(device_hash),
		BIND_INT(now_s));
	struct found_device found;
	if (stauth_read_one(&query, read_device, &found) &&
		stauth_verb_found(
			db, stauth_equal_ct(found.hash, device_hash, 32))) {
		*ret_device = found.device;
	}
	return stauth_verb_end(db);
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

	stauth_verb_read(db, err);
	(void)stauth_read_value(db, STAUTH_SQL_HEALTH, NULL);
	enum stauth_rc rc = stauth_verb_end(db);
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
	.seal_put = stauth_sq_seal_put,
	.seal_last = stauth_sq_seal_last,
	.seal_list = stauth_sq_seal_list,
	.remote_lock = stauth_sq_remote_lock,
	.remote_begin = stauth_sq_remote_begin,
	.remote_end = stauth_sq_remote_end,
	.remote_read = stauth_sq_remote_read,
	.expire_batch = stauth_sq_expire_batch,
};
