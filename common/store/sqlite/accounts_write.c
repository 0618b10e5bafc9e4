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

#include "base/banned.h"

#define NAME_TAKEN  "the user name is taken"
#define EMAIL_TAKEN "the e-mail address is taken"

/* The account that a text leads to; 0: none. */
static int64_t find_owner(
	struct stauth_db *db, enum stauth_sql id, const char *text)
{
	struct stauth_query query;
	START(&query, db, id, BIND_TEXT(text));
	if (!stauth_row(&query)) {
		return 0;
	}
	int64_t uid = stauth_read_int(&query, 1, INT64_MAX);
	stauth_query_end(&query);
	return uid;
}

/* Has another account than uid this name or address, as either? The address
 * that uid has already it keeps: an old file may have clashes. taken: what to
 * say then. */
static void must_be_free(
	struct stauth_db *db, const char *text, int64_t uid, const char *taken)
{
	if (text[0] == '\0') {
		return;
	}
	int64_t owner = find_owner(db, STAUTH_SQL_USER_BY_EMAIL, text);
	if (owner == 0) {
		owner = find_owner(db, STAUTH_SQL_USER_BY_NAME, text);
	}
	if (owner != 0 && owner != uid) {
		stauth_verb_fail(db, STAUTH_EXISTS, taken);
	}
}

/* One change of a present account, within a transaction. */
struct step {
	struct stauth_db *db;
	const struct stauth_change *change;
	struct stauth_version of; /* as it was before */
	int64_t superusers;       /* before */
};

/* epoch: that the caller knows (-1: any). */
static void look_before(struct step *step, int64_t epoch)
{
	step->of.epoch = stauth_read_value(
		step->db, STAUTH_SQL_USER_EPOCH, &step->of.uid);
	if (epoch != -1 && epoch != step->of.epoch) {
		stauth_verb_fail(step->db, STAUTH_EXPIRED,
			"the account has been changed");
	}
	step->superusers =
		stauth_read_value(step->db, STAUTH_SQL_SUPERUSERS, NULL);
}

static void must_leave_superuser(const struct step *step)
{
	if (step->change->keep_a_superuser && step->superusers > 0 &&
		stauth_read_value(step->db, STAUTH_SQL_SUPERUSERS, NULL) == 0) {
		stauth_verb_fail(
			step->db, STAUTH_REFUSED, "this is the last superuser");
	}
}

/* What is kept gets the new epoch. */
static void renew_kept(struct stauth_db *db, const struct stauth_version *now,
	const struct stauth_change *change)
{
	RUN(db, STAUTH_SQL_SESSION_KEEP, BIND_INT(now->uid),
		BIND_TEXT(change->keep_session), BIND_INT(now->epoch));
	if (change->keep_device) {
		RUN(db, STAUTH_SQL_DEVICE_KEEP, BIND_INT(now->uid),
			BIND_HASH(change->keep_device_hash),
			BIND_INT(now->epoch));
	}
}

int stauth_change_end_older(struct stauth_db *db,
	const struct stauth_version *of, const struct stauth_change *change)
{
	const struct stauth_version now = {of->uid, of->epoch + 1};
	const uint8_t *device =
		change->keep_device ? change->keep_device_hash : NULL;

	if (!change->end_sessions && !change->raise_epoch) {
		return 0;
	}
	int ended = RUN(db, STAUTH_SQL_SESSION_END_USER, BIND_INT(of->uid),
		BIND_TEXT(change->keep_session));
	RUN(db, STAUTH_SQL_DEVICE_END_USER, BIND_INT(of->uid),
		BIND_HASH(device));
	stauth_reset_end(db, of->uid);
	if (change->raise_epoch) {
		renew_kept(db, &now, change);
	}
	return ended;
}

void stauth_change_record(
	struct stauth_db *db, const struct stauth_change *change, int64_t uid)
{
	const struct stauth_mail_commit notice = {.mail = change->notice};
	struct stauth_audit_row audit = change->audit;

	if (uid != 0) {
		audit.uid = uid;
	}
	stauth_audit_put(db, &audit, change->now_s);
	if (notice.mail != NULL) {
		stauth_mail_put(db, &notice, change->now_s);
	}
}

/* What every change of a present account ends with. */
static enum stauth_rc finish(const struct step *step, int *ret_ended)
{
	struct stauth_db *db = step->db;

	must_leave_superuser(step);
	if (step->change->raise_epoch) {
		RUN(db, STAUTH_SQL_USER_RAISE_EPOCH, BIND_INT(step->of.uid));
	}
	int ended = stauth_change_end_older(db, &step->of, step->change);
	stauth_change_record(db, step->change, 0);
	enum stauth_rc rc = stauth_verb_commit(db, step->change->now_s);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (ret_ended != NULL) {
		*ret_ended = ended;
	}
	return STAUTH_OK;
}

int64_t stauth_account_put(struct stauth_db *db,
	const struct stauth_account *account,
	const struct stauth_change *change)
{
	must_be_free(db, account->name, 0, NAME_TAKEN);
	must_be_free(db, account->email, 0, EMAIL_TAKEN);
	RUN(db, STAUTH_SQL_USER_INSERT, BIND_TEXT(account->name),
		BIND_OPTIONAL(account->email), BIND_TEXT(account->display_name),
		BIND_TEXT(account->groups), BIND_TEXT(account->password),
		BIND_INT(account->su), BIND_INT(account->disabled),
		BIND_INT(account->system_login), BIND_INT(account->must_change),
		BIND_INT(account->password_expires_at),
		BIND_INT(change->now_s));
	if (!stauth_verb_ok(db)) {
		return 0;
	}
	/* The caller cannot know the uid before. */
	int64_t uid = sqlite3_last_insert_rowid(db->sql);
	stauth_change_record(db, change, uid);
	return uid;
}

enum stauth_rc stauth_sq_user_insert(struct stauth_accounts *accounts,
	const struct stauth_account *account,
	const struct stauth_change *change, int64_t *ret_uid,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);

	stauth_verb_write(db, err);
	int64_t uid = stauth_account_put(db, account, change);
	enum stauth_rc rc = stauth_verb_commit(db, change->now_s);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (ret_uid != NULL) {
		*ret_uid = uid;
	}
	return STAUTH_OK;
}

enum stauth_rc stauth_sq_user_update(struct stauth_accounts *accounts,
	const struct stauth_account *account,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	struct step step = {.db = db, .change = change, .of.uid = account->uid};

	stauth_verb_write_ending(db, err);
	look_before(&step, account->epoch);
	must_be_free(db, account->email, account->uid, EMAIL_TAKEN);
	RUN(db, STAUTH_SQL_USER_UPDATE, BIND_INT(account->uid),
		BIND_INT(account->epoch), BIND_OPTIONAL(account->email),
		BIND_TEXT(account->display_name), BIND_TEXT(account->groups),
		BIND_INT(account->su), BIND_INT(account->disabled),
		BIND_INT(account->system_login));
	return finish(&step, ret_ended);
}

enum stauth_rc stauth_sq_password_set(struct stauth_accounts *accounts,
	const struct stauth_password_row *password,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	struct step step = {
		.db = db, .change = change, .of.uid = password->uid};

	stauth_verb_write_ending(db, err);
	look_before(&step, password->epoch);
	/* The row is there, and of this epoch. */
	if (RUN(db, STAUTH_SQL_PASSWORD_SET, BIND_INT(password->uid),
		    BIND_TEXT(password->encoded),
		    BIND_INT(password->must_change),
		    BIND_INT(password->expires_at),
		    BIND_INT(change->unless_system_login)) != 1) {
		stauth_verb_fail(db, STAUTH_REFUSED,
			"the account is marked for system log-in");
	}
	return finish(&step, ret_ended);
}

enum stauth_rc stauth_sq_password_rehash(struct stauth_accounts *accounts,
	int64_t uid, const char *old, const char *encoded,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);

	stauth_verb_write(db, err);
	if (RUN(db, STAUTH_SQL_PASSWORD_REHASH, BIND_INT(uid), BIND_TEXT(old),
		    BIND_TEXT(encoded)) != 1) {
		stauth_verb_fail(db, STAUTH_EXPIRED, NULL);
	}
	return stauth_verb_commit_only(db);
}

enum stauth_rc stauth_sq_user_delete(struct stauth_accounts *accounts,
	int64_t uid, const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	struct stauth_change all = *change;
	struct step step = {.db = db, .change = &all, .of.uid = uid};

	/* Nothing of the user stays, whatever the caller would keep. */
	all.end_sessions = true;
	all.keep_session[0] = '\0';
	all.keep_device = false;
	stauth_verb_write_ending(db, err);
	look_before(&step, -1);
	RUN(db, STAUTH_SQL_USER_DELETE, BIND_INT(uid));
	return finish(&step, ret_ended);
}
