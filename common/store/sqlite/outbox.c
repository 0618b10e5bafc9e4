/* SPDX-License-Identifier: MIT */
/*
 * The outbox. MUSTs:
 *  1. A mail and the PIN or link in it are one transaction, and so are the
 *     counters of the mail throttle: all of it happens, or none.
 *  2. A mail belongs to one worker until its lease ends; then it is due again,
 *     whatever became of that worker.
 *  3. What expired is never handed out.
 *  4. A mail that is settled leaves nothing: its row is overwritten
 *     (secure_delete), and the -wal, where older pages stand, is emptied as
 *     soon as nobody reads them.
 *  5. Looking whether there is anything to do takes no lock.
 *  6. A clock that was set back keeps no mail: one that was put off further
 *     than anything ever is, is due.
 */
#include "store/sqlite/verbs.h"

#include <string.h>

#include "base/secret.h"
#include "store/sqlite/query.h"

#include "base/banned.h"

#define AT_MAX      INT64_C(253402300799)
#define EXPIRE_ROWS 64

enum stauth_rc stauth_mail_put(struct stauth_db *db,
	const struct stauth_mail_commit *commit, int64_t now_s,
	struct stauth_err *err)
{
	const struct stauth_mail *mail = commit->mail;
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_MAIL_PUT);
	stauth_bind_text(&query, mail->kind);
	stauth_bind_text(&query, mail->recipient);
	stauth_bind_text(&query, mail->user);
	stauth_bind_text(&query, mail->code);
	stauth_bind_text(&query, mail->message_id);
	stauth_bind_hash(
		&query, commit->pin != NULL ? commit->pin->flow_hash : NULL);
	if (commit->reset != NULL) {
		stauth_bind_int(&query, commit->reset->uid);
	} else {
		stauth_bind_text(&query, NULL);
	}
	stauth_bind_int(&query, now_s);
	stauth_bind_int(&query, mail->expires_at);
	return stauth_query_run(&query, NULL, err);
}

static enum stauth_rc must_have_room(
	struct stauth_db *db, size_t max, int64_t now_s, struct stauth_err *err)
{
	int64_t count = 0;
	enum stauth_rc rc = stauth_query_value(
		db, STAUTH_SQL_MAIL_COUNT, &now_s, &count, err);

	if (rc == STAUTH_OK && (uint64_t)count >= max) {
		rc = stauth_fail(err, STAUTH_EBUSY,
			"the outbox is full: %lld mails wait",
			(long long)count);
	}
	return rc;
}

/* The one-time things first: they make room by dropping older mails. */
static enum stauth_rc commit_all(struct stauth_db *db,
	const struct stauth_mail_commit *commit, int64_t now_s,
	int64_t *ret_wait_s, struct stauth_err *err)
{
	const struct stauth_pin *pin = commit->pin;
	const struct stauth_reset *reset = commit->reset;
	enum stauth_rc rc = STAUTH_OK;

	if (commit->limits != NULL) {
		rc = stauth_limits_count(
			db, commit->limits, now_s, ret_wait_s, err);
	}
	if (rc == STAUTH_OK && pin != NULL) {
		rc = stauth_pin_put(db, pin, now_s, err);
	}
	if (rc == STAUTH_OK && reset != NULL) {
		rc = stauth_reset_put(db, reset, now_s, err);
	}
	if (rc == STAUTH_OK && commit->mail != NULL) {
		rc = must_have_room(db, commit->outbox_max, now_s, err);
	}
	if (rc == STAUTH_OK && commit->mail != NULL) {
		rc = stauth_mail_put(db, commit, now_s, err);
	}
	if (rc == STAUTH_OK) {
		rc = stauth_audit_put(db, &commit->audit, now_s, err);
	}
	return rc;
}

enum stauth_rc stauth_sq_mail_commit(struct stauth_state *state,
	const struct stauth_mail_commit *commit, int64_t now_s,
	int64_t *ret_wait_s, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	int64_t wait_s = 0;
	rc = commit_all(db, commit, now_s, &wait_s, err);
	rc = stauth_limits_end(db, rc, now_s, err);
	if (rc == STAUTH_THROTTLED && ret_wait_s != NULL) {
		*ret_wait_s = wait_s;
	}
	return rc;
}

static enum stauth_rc read_due(struct stauth_db *db, int64_t now_s,
	struct stauth_mail *mail, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_MAIL_DUE);
	stauth_bind_int(&query, now_s);
	enum stauth_rc rc = stauth_query_row(&query, err);
	if (rc == STAUTH_OK) {
		mail->id = stauth_read_int(&query, 1, INT64_MAX);
		stauth_read_text(&query, mail->kind, sizeof(mail->kind));
		stauth_read_text(
			&query, mail->recipient, sizeof(mail->recipient));
		stauth_read_text(&query, mail->user, sizeof(mail->user));
		stauth_read_text(&query, mail->code, sizeof(mail->code));
		stauth_read_text(
			&query, mail->message_id, sizeof(mail->message_id));
		mail->created_at = stauth_read_at(&query);
		mail->expires_at = stauth_read_at(&query);
		mail->tries = (int)stauth_read_int(&query, 0, INT32_MAX - 1);
		rc = stauth_query_only(&query, err);
	}
	stauth_query_end(&query);
	return rc;
}

static enum stauth_rc run_two(struct stauth_db *db, enum stauth_sql id,
	int64_t first, int64_t second, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, id);
	stauth_bind_int(&query, first);
	stauth_bind_int(&query, second);
	return stauth_query_run(&query, NULL, err);
}

static enum stauth_rc lease(struct stauth_db *db, int64_t lease_s,
	int64_t now_s, struct stauth_mail *mail, struct stauth_err *err)
{
	int64_t until_at = lease_s < AT_MAX - now_s ? now_s + lease_s : AT_MAX;
	enum stauth_rc rc = read_due(db, now_s, mail, err);

	if (rc == STAUTH_OK) {
		rc = run_two(
			db, STAUTH_SQL_MAIL_LEASE, mail->id, until_at, err);
		mail->tries++;
	}
	return rc;
}

/* That nothing is due is no failure of the transaction: what expired goes. */
static enum stauth_rc take(struct stauth_db *db, int64_t lease_s, int64_t now_s,
	struct stauth_mail *mail, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_db_begin_raw(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = run_two(db, STAUTH_SQL_MAIL_EXPIRE, now_s, EXPIRE_ROWS, err);
	if (rc == STAUTH_OK) {
		rc = lease(db, lease_s, now_s, mail, err);
	}
	bool none = rc == STAUTH_NOTFOUND;
	rc = stauth_write_end(db, none ? STAUTH_OK : rc, now_s, err);
	return rc == STAUTH_OK && none ? STAUTH_NOTFOUND : rc;
}

enum stauth_rc stauth_sq_mail_take(struct stauth_state *state, int64_t lease_s,
	int64_t now_s, struct stauth_mail *ret_mail, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	int64_t waiting = 0;
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc == STAUTH_OK) {
		rc = stauth_query_value(
			db, STAUTH_SQL_MAIL_WAITING, &now_s, &waiting, err);
	}
	if (rc == STAUTH_OK && waiting == 0) {
		rc = STAUTH_NOTFOUND;
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_mail mail;
	memset(&mail, 0, sizeof(mail));
	rc = take(db, lease_s, now_s, &mail, err);
	if (rc == STAUTH_OK) {
		*ret_mail = mail;
	}
	stauth_wipe_array(mail.code);
	return rc;
}

enum stauth_rc stauth_sq_mail_done(struct stauth_state *state, int64_t id,
	const struct stauth_audit_row *audit, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_MAIL_DONE);
	stauth_bind_int(&query, id);
	rc = stauth_query_run(&query, NULL, err);
	if (rc == STAUTH_OK) {
		rc = stauth_audit_put(db, audit, now_s, err);
	}
	rc = stauth_write_end(db, rc, now_s, err);
	if (rc == STAUTH_OK) {
		/* MUST 4; the next mail that is settled tries again. */
		stauth_wal_empty(db);
	}
	return rc;
}

enum stauth_rc stauth_sq_mail_later(struct stauth_state *state, int64_t id,
	int64_t next_at, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	next_at = next_at < AT_MAX ? next_at : AT_MAX;
	rc = run_two(db, STAUTH_SQL_MAIL_LATER, id, next_at, err);
	return stauth_db_end(db, rc, err);
}
