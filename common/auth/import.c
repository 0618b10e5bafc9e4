/* SPDX-License-Identifier: MIT */
/*
 * Accounts of another program become ours (CONTRACT 6, 8), in the order of
 * the code:
 *
 *  1. A source MUST be read to its end before anything is written.
 *  2. Names become canonical. An entry whose name is refused, and every entry
 *     of names that become one, MUST be told and skipped: none of them wins.
 *     So with e-mail addresses.
 *  3. An account that is there already MUST be left alone.
 *  4. Each field MUST meet the rules of any other way in; an entry with one
 *     that does not is told and skipped, never taken in part.
 *  5. A hash MUST be one that a log-in would be checked against: of a known
 *     scheme, whole, within the caps. It is taken as it is, the next log-in
 *     makes a modern one of it. A password that could not be typed MUST be
 *     skipped; a weak one is taken, nobody must choose a new one.
 *  6. The account is written in one step; no copy of a password MUST be left.
 *  7. A dry run MUST come to the same counts without writing.
 */
#include "auth/import.h"

#include <stdio.h>
#include <string.h>

#include "auth/account_change.h"
#include "auth/chars.h"
#include "auth/hash.h"
#include "auth/import_hash.h"
#include "auth/import_seen.h"
#include "auth/name.h"
#include "base/text.h"
#include "store/accounts.h"

#include "base/banned.h"

#define SHOWN_SIZE 100

struct import {
	struct stauth_ctx *ctx;
	const struct stauth_import_source *source;
	const struct stauth_actor *actor;
	struct stauth_import_count *count;
	bool dry_run;
	struct stauth_seen names;
	struct stauth_seen emails;
};

/* --- telling */

static void say(const struct import *im,
	const struct stauth_import_record *record, const char *what,
	const char *why)
{
	char typed[SHOWN_SIZE];
	char shown[SHOWN_SIZE];

	(void)snprintf(
		typed, sizeof(typed), "%s", record->name ? record->name : "");
	stauth_text_clean(shown, sizeof(shown), typed);
	if (!record->name) {
		stauth_say(&im->ctx->messages, STAUTH_WARNING,
			"%s line %zu: %s", what, record->line, why);
	} else if (record->line > 0) {
		stauth_say(&im->ctx->messages, STAUTH_WARNING,
			"%s \"%s\" (line %zu): %s", what, shown, record->line,
			why);
	} else {
		stauth_say(&im->ctx->messages, STAUTH_WARNING, "%s \"%s\": %s",
			what, shown, why);
	}
}

static enum stauth_rc skip(struct import *im,
	const struct stauth_import_record *record, const char *why)
{
	im->count->skipped++;
	say(im, record, "Skipped", why);
	return STAUTH_OK;
}

/* --- 1. the first reading; 2. names and addresses */

/* OK, and "" for an entry that has no address. */
static enum stauth_rc email_of(const struct stauth_import_record *record,
	const char *name, char ret_email[STAUTH_EMAIL_SIZE],
	struct stauth_err *err)
{
	const char *email = record->email;

	ret_email[0] = '\0';
	if (email) {
		return email[0] ? stauth_email_canonical(
					  email, strlen(email), ret_email, err)
				: STAUTH_OK;
	}
	/* A name with an @ may well be no address. */
	(void)stauth_email_canonical(name, strlen(name), ret_email, NULL);
	return STAUTH_OK;
}

static enum stauth_rc note(const struct stauth_import_record *record, void *arg,
	struct stauth_err *err)
{
	struct import *im = arg;
	char name[STAUTH_NAME_SIZE];
	char email[STAUTH_EMAIL_SIZE];
	enum stauth_rc rc;

	if (!record->name ||
		stauth_name_canonical(record->name, record->name_len, name,
			NULL) != STAUTH_OK) {
		return STAUTH_OK;
	}
	rc = stauth_seen_add(&im->names, name, err);
	if (rc == STAUTH_OK &&
		email_of(record, name, email, NULL) == STAUTH_OK && email[0]) {
		rc = stauth_seen_add(&im->emails, email, err);
	}
	return rc;
}

/* --- 3. what is there */

/* OK: the name is free. EXISTS. */
static enum stauth_rc name_free(
	struct import *im, const char *name, struct stauth_err *err)
{
	struct stauth_account other;
	enum stauth_rc rc = im->ctx->accounts->ops->user_by_name(
		im->ctx->accounts, name, &other, err);

	if (rc == STAUTH_OK) {
		stauth_wipe_array(other.password);
		return STAUTH_EXISTS;
	}
	return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
}

static enum stauth_rc email_free(
	struct import *im, const char *email, struct stauth_err *err)
{
	struct stauth_account other;
	enum stauth_rc rc;

	if (!email[0]) {
		return STAUTH_OK;
	}
	if (stauth_seen_twice(&im->emails, email)) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_IMPORT_EMAIL_TWICE);
	}
	rc = im->ctx->accounts->ops->user_by_email(
		im->ctx->accounts, email, &other, err);
	if (rc == STAUTH_OK) {
		stauth_wipe_array(other.password);
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_IMPORT_EMAIL_TAKEN);
	}
	return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
}

/* --- 4. the fields; 5. the password */

static enum stauth_rc fields_of(struct import *im,
	const struct stauth_import_record *record,
	struct stauth_account *account, struct stauth_err *err)
{
	const char *display = record->display_name ? record->display_name : "";
	enum stauth_rc rc =
		stauth_account_wall(record->system_login, im->actor, err);

	account->su = record->su;
	account->disabled = record->disabled;
	account->system_login = record->system_login;
	account->must_change = record->must_change;
	if (rc == STAUTH_OK) {
		rc = email_of(record, account->name, account->email, err);
	}
	if (rc == STAUTH_OK) {
		rc = stauth_display_check(display, strlen(display), err);
	}
	if (rc == STAUTH_OK) {
		(void)snprintf(account->display_name,
			sizeof(account->display_name), "%s", display);
		rc = stauth_groups_canonical(
			record->groups ? record->groups : "", record->su,
			account->groups, err);
	}
	if (rc == STAUTH_OK) {
		rc = email_free(im, account->email, err);
	}
	return rc;
}

static enum stauth_rc check_password(
	const struct stauth_secret *password, struct stauth_err *err)
{
	if (password->len == 0) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_PASSWORD_EMPTY);
	}
	if (memchr(password->data, '\r', password->len) ||
		memchr(password->data, '\n', password->len)) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_PASSWORD_BYTES);
	}
	return STAUTH_OK;
}

/* BADVALUE: the entry is to blame, not we; err->msg says why. */
static enum stauth_rc judge(struct import *im,
	const struct stauth_import_record *record,
	struct stauth_account *account, struct stauth_err *err)
{
	enum stauth_rc rc = STAUTH_OK;

	if (record->refused) {
		return stauth_fail(err, STAUTH_BADVALUE, "%s", record->refused);
	}
	rc = fields_of(im, record, account, err);
	if (rc == STAUTH_OK && record->hash) {
		rc = stauth_import_hash_check(record->hash, err);
		if (rc == STAUTH_OK) {
			(void)snprintf(account->password,
				sizeof(account->password), "%s", record->hash);
		}
	} else if (rc == STAUTH_OK && record->password) {
		rc = check_password(record->password, err);
	}
	return rc == STAUTH_REFUSED ? STAUTH_BADVALUE : rc;
}

/* --- 6. writing */

static enum stauth_rc write_account(struct import *im,
	const struct stauth_import_record *record,
	struct stauth_account *account, struct stauth_err *err)
{
	struct stauth_ctx *ctx = im->ctx;
	struct stauth_change change;
	int64_t uid = 0;
	int ended = 0;
	enum stauth_rc rc = STAUTH_OK;

	if (record->password && !record->hash) {
		rc = stauth_hash_new(
			ctx, false, record->password, account->password, err);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	stauth_change_fill(ctx, "import", account, im->actor, im->source->label,
		false, &change);
	rc = ctx->accounts->ops->user_insert(
		ctx->accounts, account, &change, &uid, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	change.audit.uid = uid;
	return stauth_change_after(ctx, uid, &change, &ended, err);
}

/* --- 7. one entry, and all */

static enum stauth_rc take_over(struct import *im,
	const struct stauth_import_record *record,
	struct stauth_account *account, struct stauth_err *err)
{
	enum stauth_rc rc = judge(im, record, account, err);

	if (rc == STAUTH_BADVALUE) {
		return skip(im, record, err->msg);
	}
	if (rc == STAUTH_OK && !im->dry_run) {
		rc = write_account(im, record, account, err);
	}
	if (rc == STAUTH_EXISTS) {
		return skip(im, record, STAUTH_TEXT_IMPORT_TAKEN);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	im->count->added++;
	for (size_t i = 0; record->notes[i]; i++) {
		say(im, record, "Note on", record->notes[i]);
	}
	return STAUTH_OK;
}

static enum stauth_rc take(const struct stauth_import_record *record, void *arg,
	struct stauth_err *err)
{
	struct import *im = arg;
	struct stauth_account account = {0};
	enum stauth_rc rc;

	if (!record->name) {
		return skip(im, record, record->refused);
	}
	if (stauth_name_canonical(record->name, record->name_len, account.name,
		    err) != STAUTH_OK) {
		return skip(im, record, err->msg);
	}
	if (stauth_seen_twice(&im->names, account.name)) {
		return skip(im, record, STAUTH_TEXT_IMPORT_NAME_TWICE);
	}
	rc = name_free(im, account.name, err);
	if (rc == STAUTH_EXISTS) {
		im->count->existing++;
		return STAUTH_OK;
	}
	if (rc == STAUTH_OK) {
		rc = take_over(im, record, &account, err);
		stauth_wipe_array(account.password);
	}
	return rc;
}

enum stauth_rc stauth_import(struct stauth_ctx *ctx,
	const struct stauth_import_source *source, bool dry_run,
	const struct stauth_actor *actor, struct stauth_import_count *ret_count,
	struct stauth_err *err)
{
	struct stauth_err own;
	struct import im = {
		.ctx = ctx,
		.source = source,
		.actor = actor,
		.count = ret_count,
		.dry_run = dry_run,
	};
	enum stauth_rc rc;

	err = err ? err : &own;
	*ret_count = (struct stauth_import_count){0};
	rc = source->read(source->self, note, &im, err);
	if (rc == STAUTH_OK) {
		rc = source->read(source->self, take, &im, err);
	}
	stauth_seen_free(&im.names);
	stauth_seen_free(&im.emails);
	return rc;
}
