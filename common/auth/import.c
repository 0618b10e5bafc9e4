/* SPDX-License-Identifier: MIT */
/*
 * Accounts of another program become ours (CONTRACT 6, 8), in the order of
 * the code:
 *
 *  1. A source MUST be read to its end before anything is written.
 *  2. Names become canonical. An entry whose name is refused, and every entry
 *     of names that become one, MUST be reported and skipped: none of them
 *     wins. So with e-mail addresses: both are one namespace.
 *  3. An account that is there already MUST be left alone.
 *  4. Each field MUST meet the rules of any other way in; an entry with one
 *     that does not is reported and skipped, never taken in part.
 *  5. A hash MUST be one that a log-in would be checked against: of a known
 *     scheme, whole, within the caps. It is taken as it is, the next log-in
 *     makes a modern one of it. A password that could not be typed MUST be
 *     skipped. One that could not be chosen today is taken, reported, and
 *     MUST be changed at the first log-in.
 *  6. The account is written in one step; no copy of a password MUST be left.
 *  7. A dry run MUST come to the same counts without writing.
 */
#include "auth/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/account_parts.h"
#include "auth/import_password.h"
#include "auth/name.h"
#include "auth/slots.h"
#include "base/codec.h"
#include "base/text.h"
#include "store/accounts.h"

#include "base/banned.h"

#define SHOWN_SIZE 100

/* --- the names and addresses of the source */

/*
 * What was seen: eight bytes of a keyed hash of each name and address, so that
 * millions cost little memory. Two texts of one hash, by a chance of 2^-64,
 * would be skipped as if they were one.
 */
struct seen {
	uint8_t key[STAUTH_SHA256_LEN];
	uint64_t *hashes; /* in order once all are there */
	size_t count;
	size_t room;
};

static int hash_order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool seen_hash(
	const struct seen *seen, const char *text, uint64_t *ret_hash)
{
	uint8_t mac[STAUTH_SHA256_LEN];

	if (!stauth_hmac_sha256(
		    seen->key, sizeof(seen->key), text, strlen(text), mac)) {
		return false;
	}
	memcpy(ret_hash, mac, sizeof(*ret_hash));
	return true;
}

static enum stauth_rc seen_add(
	struct seen *seen, const char *text, struct stauth_err *err)
{
	if (seen->count == seen->room) {
		size_t room = seen->room == 0 ? 1024 : 2 * seen->room;
		uint64_t *grown =
			reallocarray(seen->hashes, room, sizeof(*grown));

		if (grown == NULL) {
			return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
		}
		seen->hashes = grown;
		seen->room = room;
	}
	if (!seen_hash(seen, text, &seen->hashes[seen->count])) {
		return stauth_fail(err, STAUTH_ECRYPTO, "HMAC failed");
	}
	seen->count++;
	return STAUTH_OK;
}

/* Also if it cannot be known: then the entry is skipped. */
static bool seen_twice(const struct seen *seen, const char *text)
{
	uint64_t hash;

	if (!seen_hash(seen, text, &hash)) {
		return true;
	}
	const uint64_t *found = bsearch(
		&hash, seen->hashes, seen->count, sizeof(hash), hash_order);
	if (found == NULL) {
		return false;
	}
	return (found > seen->hashes && found[-1] == hash) ||
	       (found + 1 < seen->hashes + seen->count && found[1] == hash);
}

/* --- reporting */

struct import {
	struct stauth_ctx *ctx;
	const struct stauth_import_source *source;
	const struct stauth_import_run *run;
	struct stauth_import_count *count;
	struct seen logins; /* names and addresses, one namespace */
};

static void report(const struct import *im,
	const struct stauth_import_record *record, const char *what,
	const char *why)
{
	char where[32] = "";

	if (record->name == NULL) {
		stauth_report(&im->ctx->messages, STAUTH_WARNING,
			"%s line %zu: %s", what, record->line, why);
		return;
	}
	char typed[SHOWN_SIZE];
	snprintf(typed, sizeof(typed), "%s", record->name);
	char shown[SHOWN_SIZE];
	stauth_text_clean(shown, sizeof(shown), typed);
	if (record->line > 0) {
		snprintf(where, sizeof(where), " (line %zu)", record->line);
	}
	stauth_report(&im->ctx->messages, STAUTH_WARNING, "%s \"%s\"%s: %s",
		what, shown, where, why);
}

static enum stauth_rc skip(struct import *im,
	const struct stauth_import_record *record, const char *why)
{
	im->count->skipped++;
	report(im, record, "Skipped", why);
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
	if (email == NULL) {
		/* A name with an @ need not be an address. */
		(void)stauth_email_canonical(
			name, strlen(name), ret_email, NULL);
		return STAUTH_OK;
	}
	if (email[0] == '\0') {
		return STAUTH_OK;
	}
	return stauth_email_canonical(email, strlen(email), ret_email, err);
}

/* A name with blanks around it is refused later, but its twin without them
 * must not win. */
static enum stauth_rc trimmed_name(const struct stauth_import_record *record,
	char ret_name[STAUTH_NAME_SIZE])
{
	const char *name = record->name;
	size_t len = record->name_len;

	while (len > 0 && (*name == ' ' || *name == '\t')) {
		name++;
		len--;
	}
	while (len > 0 && (name[len - 1] == ' ' || name[len - 1] == '\t')) {
		len--;
	}
	return stauth_name_canonical(name, len, ret_name, NULL);
}

static enum stauth_rc note_names(const struct stauth_import_record *record,
	void *arg, struct stauth_err *err)
{
	char name[STAUTH_NAME_SIZE];

	if (record->name == NULL || trimmed_name(record, name) != STAUTH_OK) {
		return STAUTH_OK;
	}
	struct import *im = arg;
	enum stauth_rc rc = seen_add(&im->logins, name, err);
	char email[STAUTH_EMAIL_SIZE];
	if (rc != STAUTH_OK ||
		email_of(record, name, email, NULL) != STAUTH_OK ||
		email[0] == '\0' || strcmp(email, name) == 0) {
		return rc;
	}
	return seen_add(&im->logins, email, err);
}

/* --- 3. what is there */

/* OK: the name is free. EXISTS; BADVALUE: it is another account's address. */
static enum stauth_rc check_name_free(
	struct import *im, const char *name, struct stauth_err *err)
{
	struct stauth_account other;
	enum stauth_rc rc =
		stauth_account_by_login(im->ctx, name, name, &other, err);

	if (rc != STAUTH_OK) {
		return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
	}
	return strcmp(other.name, name) == 0
		       ? STAUTH_EXISTS
		       : stauth_fail(err, STAUTH_BADVALUE,
				 STAUTH_TEXT_IMPORT_TAKEN);
}

static enum stauth_rc check_email_free(struct import *im, const char *name,
	const char *email, struct stauth_err *err)
{
	/* Then it is free as the name is. */
	if (email[0] == '\0' || strcmp(email, name) == 0) {
		return STAUTH_OK;
	}
	if (seen_twice(&im->logins, email)) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_IMPORT_EMAIL_TWICE);
	}
	struct stauth_account other;
	enum stauth_rc rc =
		stauth_account_by_login(im->ctx, email, email, &other, err);
	if (rc == STAUTH_OK) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_IMPORT_EMAIL_TAKEN);
	}
	return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
}

/* --- 4. the fields */

static enum stauth_rc fill_fields(struct import *im,
	const struct stauth_import_record *record,
	struct stauth_account *account, struct stauth_err *err)
{
	const char *display =
		record->display_name != NULL ? record->display_name : "";

	account->su = record->su;
	account->disabled = record->disabled;
	account->system_login = record->system_login;
	account->must_change = record->must_change;
	account->password_expires_at = record->password_expires_at;
	enum stauth_rc rc = stauth_account_check_channel(
		record->system_login, im->run->actor, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = email_of(record, account->name, account->email, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_display_canonical(
		display, strlen(display), account->display_name, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_groups_canonical(
		record->groups != NULL ? record->groups : "", record->su,
		account->groups, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	return check_email_free(im, account->name, account->email, err);
}

/* --- 5. the password */

/* BADVALUE: the entry is to blame, not we; err->msg says why. */
static enum stauth_rc fill_account(struct import *im,
	const struct stauth_import_record *record,
	struct stauth_account *account, struct stauth_err *err)
{
	if (record->refused != NULL) {
		return stauth_fail(err, STAUTH_BADVALUE, "%s", record->refused);
	}
	enum stauth_rc rc = fill_fields(im, record, account, err);
	if (rc != STAUTH_OK) {
		return rc == STAUTH_REFUSED ? STAUTH_BADVALUE : rc;
	}
	if (record->hash != NULL) {
		return stauth_import_take_hash(record->hash, account, err);
	}
	return record->password != NULL
		       ? stauth_import_check_password(record->password, err)
		       : STAUTH_OK;
}

/* It is at hand once, so it is judged; what nobody could choose today is
 * taken, but not for long. */
static enum stauth_rc judge_password(struct import *im,
	const struct stauth_secret *password, struct stauth_account *account,
	char ret_weak[256], struct stauth_err *err)
{
	enum stauth_rc rc =
		stauth_password_check(im->ctx->config, account, password, err);

	if (rc != STAUTH_BADVALUE) {
		return rc;
	}
	account->must_change = true;
	snprintf(ret_weak, 256, STAUTH_TEXT_IMPORT_CHANGE, err->msg);
	return STAUTH_OK;
}

/* --- 6. writing */

static enum stauth_rc write_account(struct import *im,
	const struct stauth_import_record *record,
	struct stauth_account *account, struct stauth_err *err)
{
	struct stauth_ctx *ctx = im->ctx;

	if (record->password != NULL && record->hash == NULL) {
		enum stauth_rc rc = stauth_hash_new(
			ctx, false, record->password, account->password, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
	}
	struct stauth_change change;
	stauth_change_fill(ctx, "import", account, im->run->actor, &change);
	snprintf(change.audit.detail, sizeof(change.audit.detail), "%s",
		im->source->label);
	int64_t uid = 0;
	return ctx->accounts->ops->user_insert(
		ctx->accounts, account, &change, &uid, err);
}

/* --- 7. one entry, and all */

static enum stauth_rc import_account(struct import *im,
	const struct stauth_import_record *record,
	struct stauth_account *account, struct stauth_err *err)
{
	char weak[256] = "";
	enum stauth_rc rc = fill_account(im, record, account, err);

	if (rc == STAUTH_BADVALUE) {
		return skip(im, record, err->msg);
	}
	if (rc == STAUTH_OK && record->password != NULL &&
		record->hash == NULL) {
		rc = judge_password(im, record->password, account, weak, err);
	}
	if (rc == STAUTH_OK && !im->run->dry_run) {
		rc = write_account(im, record, account, err);
	}
	if (rc == STAUTH_EXISTS) {
		return skip(im, record, STAUTH_TEXT_IMPORT_TAKEN);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	im->count->added++;
	if (weak[0] != '\0') {
		report(im, record, "Note on", weak);
	}
	for (size_t i = 0; record->notes[i] != NULL; i++) {
		report(im, record, "Note on", record->notes[i]);
	}
	return STAUTH_OK;
}

static enum stauth_rc import_record(const struct stauth_import_record *record,
	void *arg, struct stauth_err *err)
{
	struct import *im = arg;

	if (record->name == NULL) {
		return skip(im, record, record->refused);
	}
	struct stauth_account account = {0};
	if (stauth_name_canonical(record->name, record->name_len, account.name,
		    err) != STAUTH_OK) {
		return skip(im, record, err->msg);
	}
	if (seen_twice(&im->logins, account.name)) {
		return skip(im, record, STAUTH_TEXT_IMPORT_NAME_TWICE);
	}
	enum stauth_rc rc = check_name_free(im, account.name, err);
	if (rc == STAUTH_EXISTS) {
		im->count->existing++;
		return STAUTH_OK;
	}
	if (rc == STAUTH_BADVALUE) {
		return skip(im, record, err->msg);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = import_account(im, record, &account, err);
	stauth_wipe_array(account.password);
	return rc;
}

enum stauth_rc stauth_import(struct stauth_ctx *ctx,
	const struct stauth_import_source *source,
	const struct stauth_import_run *run,
	struct stauth_import_count *ret_count, struct stauth_err *err)
{
	struct stauth_err own;
	struct import im = {
		.ctx = ctx, .source = source, .run = run, .count = ret_count};

	err = err != NULL ? err : &own;
	*ret_count = (struct stauth_import_count){0};
	enum stauth_rc rc =
		ctx->random(im.logins.key, sizeof(im.logins.key), err);
	if (rc == STAUTH_OK) {
		rc = source->read(source->self, note_names, &im, err);
	}
	if (rc == STAUTH_OK) {
		if (im.logins.count > 0) {
			qsort(im.logins.hashes, im.logins.count,
				sizeof(*im.logins.hashes), hash_order);
		}
		rc = source->read(source->self, import_record, &im, err);
	}
	free(im.logins.hashes);
	return rc;
}
