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

#include <stdio.h>

#include "base/secret.h"

#include "base/banned.h"

#define AT_MAX      INT64_C(253402300799)
#define EXPIRE_ROWS 64

void stauth_mail_put(struct stauth_db *db,
	const struct stauth_mail_commit *commit, int64_t now_s)
{
	const struct stauth_mail *mail = commit->mail;
	const struct stauth_reset *reset = commit->reset;
	const uint8_t *flow =
		commit->pin != NULL ? commit->pin->flow_hash : NULL;

	RUN(db, STAUTH_SQL_MAIL_PUT, BIND_TEXT(mail->kind),
		BIND_TEXT(mail->recipient), BIND_TEXT(mail->user),
		BIND_TEXT(mail->code), BIND_TEXT(mail->message_id),
		BIND_HASH(flow),
		{reset != NULL ? STAUTH_VALUE_INT : STAUTH_VALUE_TEXT,
			reset != NULL ? reset->uid : 0, NULL},
		BIND_INT(now_s), BIND_INT(mail->expires_at));
}

static void must_have_room(struct stauth_db *db, size_t max, int64_t now_s)
{
	int64_t count = stauth_read_value(db, STAUTH_SQL_MAIL_COUNT, &now_s);
	char why[64];

	if ((uint64_t)count >= max) {
		snprintf(why, sizeof(why),
			"the outbox is full: %lld mails wait",
			(long long)count);
		stauth_verb_fail(db, STAUTH_EBUSY, why);
	}
}

enum stauth_rc stauth_sq_mail_commit(struct stauth_state *state,
	const struct stauth_mail_commit *commit, int64_t now_s,
	int64_t *ret_wait_s, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_write(db, err);
	int64_t wait_s = 0;
	if (commit->limits != NULL &&
		!stauth_limits_count(db, commit->limits, now_s, &wait_s)) {
		return stauth_limits_refuse(db, wait_s, ret_wait_s);
	}
	/* The one-time things first: they make room by dropping older mails. */
	if (commit->pin != NULL) {
		stauth_pin_put(db, commit->pin, now_s);
	}
	if (commit->reset != NULL) {
		stauth_reset_put(db, commit->reset, now_s);
	}
	if (commit->mail != NULL) {
		must_have_room(db, commit->outbox_max, now_s);
		stauth_mail_put(db, commit, now_s);
	}
	stauth_audit_put(db, &commit->audit, now_s);
	return stauth_verb_commit(db, now_s);
}

static void read_mail(struct stauth_query *query, void *row)
{
	struct stauth_mail *mail = row;

	mail->id = stauth_read_int(query, 1, INT64_MAX);
	stauth_read_text(query, mail->kind, sizeof(mail->kind));
	stauth_read_text(query, mail->recipient, sizeof(mail->recipient));
	stauth_read_text(query, mail->user, sizeof(mail->user));
	stauth_read_text(query, mail->code, sizeof(mail->code));
	stauth_read_text(query, mail->message_id, sizeof(mail->message_id));
	mail->created_at = stauth_read_at(query);
	mail->expires_at = stauth_read_at(query);
	mail->tries = (int)stauth_read_int(query, 0, INT32_MAX - 1);
}

static void lease(struct stauth_db *db, int64_t lease_s, int64_t now_s,
	struct stauth_mail *mail)
{
	int64_t until_at = lease_s < AT_MAX - now_s ? now_s + lease_s : AT_MAX;
	struct stauth_query query;

	START(&query, db, STAUTH_SQL_MAIL_DUE, BIND_INT(now_s));
	stauth_read_one(&query, read_mail, mail);
	RUN(db, STAUTH_SQL_MAIL_LEASE, BIND_INT(mail->id), BIND_INT(until_at));
	mail->tries++;
}

enum stauth_rc stauth_sq_mail_take(struct stauth_state *state, int64_t lease_s,
	int64_t now_s, struct stauth_mail *ret_mail, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_read(db, err);
	if (stauth_read_value(db, STAUTH_SQL_MAIL_WAITING, &now_s) == 0) {
		stauth_verb_fail(db, STAUTH_NOTFOUND, NULL);
	}
	stauth_verb_begin(db);
	int expired = RUN(db, STAUTH_SQL_MAIL_EXPIRE, BIND_INT(now_s),
		BIND_INT(EXPIRE_ROWS));
	struct stauth_mail mail = {0};
	lease(db, lease_s, now_s, &mail);
	bool none = stauth_verb_end(db) == STAUTH_NOTFOUND;
	/* That nothing is due does not take back what expired. */
	if (none && expired > 0) {
		db->rc = STAUTH_OK;
	}
	enum stauth_rc rc = stauth_verb_commit(db, now_s);
	if (rc == STAUTH_OK && !none) {
		*ret_mail = mail;
	}
	stauth_wipe_array(mail.code);
	return rc == STAUTH_OK && none ? STAUTH_NOTFOUND : rc;
}

enum stauth_rc stauth_sq_mail_done(struct stauth_state *state, int64_t id,
	const struct stauth_audit_row *audit, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_write(db, err);
	RUN(db, STAUTH_SQL_MAIL_DONE, BIND_INT(id));
	stauth_audit_put(db, audit, now_s);
	enum stauth_rc rc = stauth_verb_commit(db, now_s);
	if (rc != STAUTH_OK) {
		return rc;
	}
	/* MUST 4; the next mail that is settled tries again. */
	stauth_wal_empty(db);
	return STAUTH_OK;
}

enum stauth_rc stauth_sq_mail_later(struct stauth_state *state, int64_t id,
	int64_t next_at, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_write(db, err);
	RUN(db, STAUTH_SQL_MAIL_LATER, BIND_INT(id),
		BIND_INT(next_at < AT_MAX ? next_at : AT_MAX));
	return stauth_verb_commit_only(db);
}
