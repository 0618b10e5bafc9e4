/* SPDX-License-Identifier: MIT */
/*
 * Taking over the users of st-auth-simple (CONTRACT 8), in the order of the
 * code:
 *
 *  1. The old file MUST be read only, and nothing of it but name, password
 *     and su; old tokens are not even looked at.
 *  2. Names become canonical. A row whose name is refused, and every row of
 *     names that become one, MUST be told and skipped: none of them wins.
 *  3. An account that is there already MUST be left alone.
 *  4. A password that does not decrypt, is empty or could not be typed MUST
 *     be told and skipped; a weak one is taken, nobody must choose a new one.
 *  5. The account is written in one step with a modern hash; no reversible
 *     copy of the password MUST be left.
 *  6. A dry run MUST come to the same counts without writing.
 */
#include "auth/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/account_change.h"
#include "auth/chars.h"
#include "auth/hash.h"
#include "auth/import_source.h"
#include "auth/name.h"
#include "base/text.h"
#include "password/aescbc.h"
#include "store/accounts.h"
#include "store/sqlite/old_users.h"

#include "base/banned.h"

#define ROWS_MAX   1000000
#define SHOWN_SIZE 100

struct old_row {
	char *password; /* as it stands there */
	bool name_ok;
	bool su;
	char name[STAUTH_NAME_SIZE]; /* canonical, if name_ok */
	char shown[SHOWN_SIZE];      /* for messages */
	char why[SHOWN_SIZE];        /* the name is refused */
};

struct import {
	struct stauth_ctx *ctx;
	const struct stauth_import_source *source;
	const struct stauth_actor *actor;
	struct stauth_import_count *count;
	bool dry_run;
	struct old_row *rows;
	size_t row_count;
	size_t row_room;
};

/* --- 1. reading */

static void row_fill(struct old_row *row, const struct stauth_old_user *user)
{
	char typed[SHOWN_SIZE];
	struct stauth_err err;

	(void)snprintf(typed, sizeof(typed), "%s", user->username);
	stauth_text_clean(row->shown, sizeof(row->shown), typed);
	row->su = user->su;
	row->name_ok = stauth_name_canonical(user->username, user->username_len,
			       row->name, &err) == STAUTH_OK;
	if (!row->name_ok) {
		(void)snprintf(row->why, sizeof(row->why), "%.99s", err.msg);
	}
}

static enum stauth_rc keep_row(
	const struct stauth_old_user *user, void *arg, struct stauth_err *err)
{
	struct import *im = arg;
	struct old_row *row;

	if (im->row_count == im->row_room) {
		size_t room = im->row_room ? im->row_room * 2 : 64;
		struct old_row *grown =
			room > ROWS_MAX
				? NULL
				: realloc(im->rows, room * sizeof(*grown));

		if (!grown) {
			return stauth_fail(
				err, STAUTH_ENOMEM, "too many old users");
		}
		im->rows = grown;
		im->row_room = room;
	}
	row = &im->rows[im->row_count];
	*row = (struct old_row){.password = strdup(user->password)};
	if (!row->password) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	row_fill(row, user);
	im->row_count++;
	return STAUTH_OK;
}

static void free_rows(struct import *im)
{
	for (size_t i = 0; i < im->row_count; i++) {
		stauth_wipe(im->rows[i].password, strlen(im->rows[i].password));
		free(im->rows[i].password);
	}
	free(im->rows);
}

/* --- 2. names */

static void skip(struct import *im, const struct old_row *row, const char *why)
{
	im->count->skipped++;
	stauth_say(&im->ctx->messages, STAUTH_WARNING,
		"Skipped the old user \"%s\": %s", row->shown, why);
}

static int row_order(const void *a, const void *b)
{
	const struct old_row *x = a;
	const struct old_row *y = b;

	if (x->name_ok != y->name_ok) {
		return x->name_ok ? 1 : -1;
	}
	return strcmp(x->name, y->name);
}

/* The rows are sorted: those of one name are neighbours. */
static bool is_double(const struct import *im, size_t i)
{
	const struct old_row *row = &im->rows[i];

	return (i > 0 && row[-1].name_ok &&
		       strcmp(row[-1].name, row->name) == 0) ||
	       (i + 1 < im->row_count && strcmp(row[1].name, row->name) == 0);
}

/* --- 3. what is there */

/* OK: both name and e-mail are free. EXISTS: the name is not. */
static enum stauth_rc look(struct import *im, const struct old_row *row,
	struct stauth_account *account, bool *ret_email_taken,
	struct stauth_err *err)
{
	const struct stauth_accounts_ops *ops = im->ctx->accounts->ops;
	struct stauth_account other;
	enum stauth_rc rc =
		ops->user_by_name(im->ctx->accounts, row->name, &other, err);

	if (rc != STAUTH_NOTFOUND) {
		stauth_wipe_array(other.password);
		return rc == STAUTH_OK ? STAUTH_EXISTS : rc;
	}
	*account = (struct stauth_account){.su = row->su};
	memcpy(account->name, row->name, sizeof(account->name));
	*ret_email_taken = false;
	if (stauth_email_canonical(row->name, strlen(row->name), account->email,
		    NULL) != STAUTH_OK) {
		return STAUTH_OK;
	}
	rc = ops->user_by_email(im->ctx->accounts, account->email, &other, err);
	stauth_wipe_array(other.password);
	*ret_email_taken = rc == STAUTH_OK;
	return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
}

/* --- 4. the password */

/* BADVALUE: the row is to blame, not we; err->msg says why. */
static enum stauth_rc decrypt(const struct import *im,
	const struct old_row *row, struct stauth_secret *password,
	struct stauth_err *err)
{
	enum stauth_rc rc = stauth_aescbc_decrypt(row->password,
		im->source->enc_password, im->source->enc_nonce, password, err);

	if (rc == STAUTH_EBROKEN || rc > 0) {
		return STAUTH_BADVALUE;
	}
	if (rc == STAUTH_OK &&
		(memchr(password->data, '\r', password->len) ||
			memchr(password->data, '\n', password->len))) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_PASSWORD_BYTES);
	}
	return rc;
}

/* --- 5. writing */

static enum stauth_rc write_account(struct import *im,
	struct stauth_account *account, const struct stauth_secret *password,
	struct stauth_err *err)
{
	struct stauth_ctx *ctx = im->ctx;
	struct stauth_change change;
	int64_t uid = 0;
	int ended = 0;
	enum stauth_rc rc =
		stauth_hash_new(ctx, false, password, account->password, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	stauth_change_fill(ctx, "import", account, im->actor, "st-auth-simple",
		false, &change);
	rc = ctx->accounts->ops->user_insert(
		ctx->accounts, account, &change, &uid, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	change.audit.uid = uid;
	return stauth_change_after(ctx, uid, &change, &ended, err);
}

/* --- 6. one row, and all */

static enum stauth_rc take_over(struct import *im, const struct old_row *row,
	struct stauth_account *account, struct stauth_err *err)
{
	struct stauth_secret password = {0};
	enum stauth_rc rc = decrypt(im, row, &password, err);

	if (rc == STAUTH_BADVALUE) {
		skip(im, row, err->msg);
		stauth_secret_wipe(&password);
		return STAUTH_OK;
	}
	if (rc == STAUTH_OK && !im->dry_run) {
		rc = write_account(im, account, &password, err);
	}
	stauth_secret_wipe(&password);
	if (rc == STAUTH_EXISTS) {
		skip(im, row, "name or e-mail was taken meanwhile");
		return STAUTH_OK;
	}
	im->count->added += rc == STAUTH_OK;
	return rc;
}

static enum stauth_rc import_row(
	struct import *im, size_t i, struct stauth_err *err)
{
	const struct old_row *row = &im->rows[i];
	struct stauth_account account;
	bool email_taken = false;
	enum stauth_rc rc;

	if (!row->name_ok) {
		skip(im, row, row->why);
		return STAUTH_OK;
	}
	if (is_double(im, i)) {
		skip(im, row, "several old users become this one name");
		return STAUTH_OK;
	}
	rc = look(im, row, &account, &email_taken, err);
	if (rc == STAUTH_EXISTS) {
		im->count->existing++;
		return STAUTH_OK;
	}
	if (email_taken) {
		skip(im, row, "another account has this e-mail address");
		return STAUTH_OK;
	}
	if (rc == STAUTH_OK) {
		rc = take_over(im, row, &account, err);
		stauth_wipe_array(account.password);
	}
	return rc;
}

static enum stauth_rc import_rows(struct import *im, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_sqlite_old_users(
		im->source->file, im->source->table, keep_row, im, err);

	/* It is data of somebody else's that is wrong, not our settings. */
	if (rc == STAUTH_ECONFIG || rc == STAUTH_EBROKEN) {
		rc = STAUTH_BADVALUE;
	}
	if (rc == STAUTH_OK && im->row_count > 0) {
		qsort(im->rows, im->row_count, sizeof(*im->rows), row_order);
	}
	for (size_t i = 0; rc == STAUTH_OK && i < im->row_count; i++) {
		rc = import_row(im, i, err);
	}
	free_rows(im);
	return rc;
}

enum stauth_rc stauth_import_st_auth_simple(struct stauth_ctx *ctx,
	const char *path, bool dry_run, const struct stauth_actor *actor,
	struct stauth_import_count *ret_count, struct stauth_err *err)
{
	struct stauth_import_source source;
	struct stauth_err own;
	struct import im = {
		.ctx = ctx,
		.source = &source,
		.actor = actor,
		.count = ret_count,
		.dry_run = dry_run,
	};
	enum stauth_rc rc;

	err = err ? err : &own;
	*ret_count = (struct stauth_import_count){0};
	rc = stauth_import_source(ctx->config, path, &source, err);
	if (rc == STAUTH_OK) {
		rc = import_rows(&im, err);
	}
	stauth_wipe(&source, sizeof(source));
	return rc;
}
