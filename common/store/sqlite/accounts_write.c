/* SPDX-License-Identifier: MIT */
/*
 * Changes of accounts. MUSTs:
 *  1. What belongs together is one transaction: the row, the epoch, the end
 *     of the sessions and known devices, the audit row, the mail about it.
 *  2. With a raised epoch every older session and device ends, whether or not
 *     the caller asked for it; what is kept gets the new epoch. With the
 *     sessions goes the link to choose a new password, and its mail.
 *  3. A change made on what was read before must fail if it changed since.
 *  4. Where there is an enabled superuser, one is left.
 *  5. Names and addresses are one namespace: what one account has as either,
 *     no other may get as either. Judged in the transaction that writes, so
 *     that of two writers one is refused.
 */
#include "store/sqlite/verbs.h"

#include "store/sqlite/query.h"

#include "base/banned.h"

#define NAME_TAKEN  "the user name is taken"
#define EMAIL_TAKEN "the e-mail address is taken"

/* The account that a text leads to; 0: none. */
static enum stauth_rc find_owner(struct stauth_db *db, enum stauth_sql id,
	const char *text, int64_t *ret_uid, struct stauth_err *err)
{
	*ret_uid = 0;
	struct stauth_query query;
	stauth_query_start(&query, db, id);
	stauth_bind_text(&query, text);
	enum stauth_rc rc = stauth_query_row(&query, err);
	if (rc == STAUTH_OK) {
		*ret_uid = stauth_read_int(&query, 1, INT64_MAX);
	}
	stauth_query_end(&query);
	return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
}

/* Has another account than uid this name or address, as either? The address
 * that uid has already it keeps: an old file may have clashes. taken: what to
 * say then. */
static enum stauth_rc must_be_free(struct stauth_db *db, const char *text,
	int64_t uid, const char *taken, struct stauth_err *err)
{
	if (text[0] == '\0') {
		return STAUTH_OK;
	}
	int64_t owner = 0;
	enum stauth_rc rc =
		find_owner(db, STAUTH_SQL_USER_BY_EMAIL, text, &owner, err);
	if (rc == STAUTH_OK && owner == 0) {
		rc = find_owner(db, STAUTH_SQL_USER_BY_NAME, text, &owner, err);
	}
	if (rc != STAUTH_OK || owner == 0 || owner == uid) {
		return rc;
	}
	return stauth_fail(err, STAUTH_EXISTS, "%s", taken);
}

static enum stauth_rc superusers(
	struct stauth_db *db, int64_t *ret_count, struct stauth_err *err)
{
	return stauth_query_value(
		db, STAUTH_SQL_SUPERUSERS, NULL, ret_count, err);
}

/* One change of a present account, within a transaction. */
struct step {
	struct stauth_db *db;
	const struct stauth_change *change;
	struct stauth_version of; /* as it was before */
	int64_t superusers;       /* before */
};

/* epoch: that the caller knows (-1: any). */
static enum stauth_rc look_before(
	struct step *step, int64_t epoch, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_query_value(step->db, STAUTH_SQL_USER_EPOCH,
		&step->of.uid, &step->of.epoch, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	if (epoch != -1 && epoch != step->of.epoch) {
		return stauth_fail(
			err, STAUTH_EXPIRED, "the account has been changed");
	}
	return superusers(step->db, &step->superusers, err);
}

static enum stauth_rc must_leave_superuser(
	const struct step *step, struct stauth_err *err)
{
	if (!step->change->keep_a_superuser || step->superusers == 0) {
		return STAUTH_OK;
	}
	int64_t left = 0;
	enum stauth_rc rc = superusers(step->db, &left, err);
	if (rc == STAUTH_OK && left == 0) {
		rc = stauth_fail(
			err, STAUTH_REFUSED, "this is the last superuser");
	}
	return rc;
}

static enum stauth_rc raise_epoch(
	struct stauth_db *db, int64_t uid, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_USER_RAISE_EPOCH);
	stauth_bind_int(&query, uid);
	return stauth_query_run(&query, NULL, err);
}

static enum stauth_rc end_sessions(struct stauth_db *db, int64_t uid,
	const char *keep, int *ret_ended, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_SESSION_END_USER);
	stauth_bind_int(&query, uid);
	stauth_bind_text(&query, keep);
	return stauth_query_run(&query, ret_ended, err);
}

static enum stauth_rc end_devices(struct stauth_db *db, int64_t uid,
	const uint8_t *keep, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_DEVICE_END_USER);
	stauth_bind_int(&query, uid);
	stauth_bind_hash(&query, keep);
	return stauth_query_run(&query, NULL, err);
}

static enum stauth_rc renew_kept(struct stauth_db *db,
	const struct stauth_version *now, const struct stauth_change *change,
	struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_SESSION_KEEP);
	stauth_bind_int(&query, now->uid);
	stauth_bind_text(&query, change->keep_session);
	stauth_bind_int(&query, now->epoch);
	enum stauth_rc rc = stauth_query_run(&query, NULL, err);
	if (rc != STAUTH_OK || !change->keep_device) {
		return rc;
	}
	stauth_query_start(&query, db, STAUTH_SQL_DEVICE_KEEP);
	stauth_bind_int(&query, now->uid);
	stauth_bind_hash(&query, change->keep_device_hash);
	stauth_bind_int(&query, now->epoch);
	return stauth_query_run(&query, NULL, err);
}

enum stauth_rc stauth_change_end_older(struct stauth_db *db,
	const struct stauth_version *of, const struct stauth_change *change,
	int *ret_ended, struct stauth_err *err)
{
	if (!change->end_sessions && !change->raise_epoch) {
		return STAUTH_OK;
	}
	enum stauth_rc rc =
		end_sessions(db, of->uid, change->keep_session, ret_ended, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = end_devices(db, of->uid,
		change->keep_device ? change->keep_device_hash : NULL, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_reset_end(db, of->uid, err);
	if (rc != STAUTH_OK || !change->raise_epoch) {
		return rc;
	}
	const struct stauth_version now = {of->uid, of->epoch + 1};
	return renew_kept(db, &now, change, err);
}

enum stauth_rc stauth_change_record(struct stauth_db *db,
	const struct stauth_change *change, int64_t uid, struct stauth_err *err)
{
	struct stauth_audit_row audit = change->audit;

	if (uid != 0) {
		audit.uid = uid;
	}
	enum stauth_rc rc = stauth_audit_put(db, &audit, change->now_s, err);
	if (rc == STAUTH_OK && change->notice != NULL) {
		const struct stauth_mail_commit notice = {
			.mail = change->notice};
		rc = stauth_mail_put(db, &notice, change->now_s, err);
	}
	return rc;
}

static enum stauth_rc write_along(
	const struct step *step, int *ret_ended, struct stauth_err *err)
{
	enum stauth_rc rc = must_leave_superuser(step, err);

	if (rc == STAUTH_OK && step->change->raise_epoch) {
		rc = raise_epoch(step->db, step->of.uid, err);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_change_end_older(
		step->db, &step->of, step->change, ret_ended, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	return stauth_change_record(step->db, step->change, 0, err);
}

/* What every change of a present account ends with, commit included. */
static enum stauth_rc finish(const struct step *step, enum stauth_rc rc,
	int *ret_ended, struct stauth_err *err)
{
	int ended = 0;

	if (rc == STAUTH_OK) {
		rc = write_along(step, &ended, err);
	}
	rc = stauth_write_end(step->db, rc, step->change->now_s, err);
	if (rc == STAUTH_OK && ret_ended != NULL) {
		*ret_ended = ended;
	}
	return rc;
}

static enum stauth_rc insert_row(struct stauth_db *db,
	const struct stauth_account *account, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_USER_INSERT);
	stauth_bind_text(&query, account->name);
	stauth_bind_optional(&query, account->email);
	stauth_bind_text(&query, account->display_name);
	stauth_bind_text(&query, account->groups);
	stauth_bind_text(&query, account->password);
	stauth_bind_int(&query, account->su);
	stauth_bind_int(&query, account->disabled);
	stauth_bind_int(&query, account->system_login);
	stauth_bind_int(&query, account->must_change);
	stauth_bind_int(&query, account->password_expires_at);
	stauth_bind_int(&query, now_s);
	return stauth_query_run(&query, NULL, err);
}

enum stauth_rc stauth_account_put(struct stauth_db *db,
	const struct stauth_account *account,
	const struct stauth_change *change, int64_t *ret_uid,
	struct stauth_err *err)
{
	enum stauth_rc rc = must_be_free(db, account->name, 0, NAME_TAKEN, err);

	if (rc == STAUTH_OK) {
		rc = must_be_free(db, account->email, 0, EMAIL_TAKEN, err);
	}
	if (rc == STAUTH_OK) {
		rc = insert_row(db, account, change->now_s, err);
	}
	if (rc == STAUTH_OK) {
		/* The caller cannot know the uid before. */
		*ret_uid = sqlite3_last_insert_rowid(db->sql);
		rc = stauth_change_record(db, change, *ret_uid, err);
	}
	return rc;
}

enum stauth_rc stauth_sq_user_insert(struct stauth_accounts *accounts,
	const struct stauth_account *account,
	const struct stauth_change *change, int64_t *ret_uid,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	int64_t uid = 0;
	rc = stauth_account_put(db, account, change, &uid, err);
	rc = stauth_write_end(db, rc, change->now_s, err);
	if (rc == STAUTH_OK && ret_uid != NULL) {
		*ret_uid = uid;
	}
	return rc;
}

static enum stauth_rc update_row(struct stauth_db *db,
	const struct stauth_account *account, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_USER_UPDATE);
	stauth_bind_int(&query, account->uid);
	stauth_bind_int(&query, account->epoch);
	stauth_bind_optional(&query, account->email);
	stauth_bind_text(&query, account->display_name);
	stauth_bind_text(&query, account->groups);
	stauth_bind_int(&query, account->su);
	stauth_bind_int(&query, account->disabled);
	stauth_bind_int(&query, account->system_login);
	return stauth_query_run(&query, NULL, err);
}

enum stauth_rc stauth_sq_user_update(struct stauth_accounts *accounts,
	const struct stauth_account *account,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	struct step step = {.db = db, .change = change, .of.uid = account->uid};
	enum stauth_rc rc = stauth_db_begin_ending(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = look_before(&step, account->epoch, err);
	if (rc == STAUTH_OK) {
		rc = must_be_free(
			db, account->email, account->uid, EMAIL_TAKEN, err);
	}
	if (rc == STAUTH_OK) {
		rc = update_row(db, account, err);
	}
	return finish(&step, rc, ret_ended, err);
}

enum stauth_rc stauth_sq_password_set(struct stauth_accounts *accounts,
	const struct stauth_password_row *password,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	struct step step = {
		.db = db, .change = change, .of.uid = password->uid};
	enum stauth_rc rc = stauth_db_begin_ending(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = look_before(&step, password->epoch, err);
	struct stauth_query query;
	int changes = 0;
	if (rc == STAUTH_OK) {
		stauth_query_start(&query, db, STAUTH_SQL_PASSWORD_SET);
		stauth_bind_int(&query, password->uid);
		stauth_bind_text(&query, password->encoded);
		stauth_bind_int(&query, password->must_change);
		stauth_bind_int(&query, password->expires_at);
		stauth_bind_int(&query, change->unless_system_login);
		rc = stauth_query_run(&query, &changes, err);
	}
	/* The row is there, and of this epoch. */
	if (rc == STAUTH_OK && changes != 1) {
		rc = stauth_fail(err, STAUTH_REFUSED,
			"the account is marked for system log-in");
	}
	return finish(&step, rc, ret_ended, err);
}

enum stauth_rc stauth_sq_password_rehash(struct stauth_accounts *accounts,
	int64_t uid, const char *old, const char *encoded,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_PASSWORD_REHASH);
	stauth_bind_int(&query, uid);
	stauth_bind_text(&query, old);
	stauth_bind_text(&query, encoded);
	int changes = 0;
	rc = stauth_query_run(&query, &changes, err);
	if (rc == STAUTH_OK && changes != 1) {
		rc = STAUTH_EXPIRED;
	}
	return stauth_db_end(db, rc, err);
}

enum stauth_rc stauth_sq_user_delete(struct stauth_accounts *accounts,
	int64_t uid, const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	struct stauth_change all = *change;
	struct step step = {.db = db, .change = &all, .of.uid = uid};
	enum stauth_rc rc = stauth_db_begin_ending(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	/* Nothing of the user stays, whatever the caller would keep. */
	all.end_sessions = true;
	all.keep_session[0] = '\0';
	all.keep_device = false;
	rc = look_before(&step, -1, err);
	struct stauth_query query;
	if (rc == STAUTH_OK) {
		stauth_query_start(&query, db, STAUTH_SQL_USER_DELETE);
		stauth_bind_int(&query, uid);
		rc = stauth_query_run(&query, NULL, err);
	}
	return finish(&step, rc, ret_ended, err);
}
