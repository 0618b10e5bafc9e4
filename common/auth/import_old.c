/* SPDX-License-Identifier: MIT */
/*
 * The users of st-auth-simple as a source (CONTRACT 8); import.c says what
 * becomes of them:
 *
 *  1. The old file MUST be read only, and nothing of it but name, password
 *     and su; old tokens are not even looked at. It is closed before the
 *     first password is hashed.
 *  2. A password that does not decrypt MUST be reported and skipped. Its clear
 *     text exists for the time of one call.
 *  3. If ENC_PASSWORD is the published sample, everybody MUST change the
 *     password at the first log-in.
 */
#include "auth/import.h"

#include <stdlib.h>
#include <string.h>

#include "auth/import_old_file.h"
#include "base/text.h"
#include "password/aescbc.h"
#include "store/sqlite/old_users.h"

#include "base/banned.h"

#define ROWS_MAX 1000000
/* What st-auth-simple's sample .env says: who has the file has every
 * password, and so may have had them for years. */
#define ENC_PASSWORD_SAMPLE "YouWillNeverGuessThisSecretKey32"

struct old_row {
	char *name; /* both as they stand there */
	size_t name_len;
	char *password;
	bool su;
};

struct old_rows {
	struct stauth_old_file file;
	bool published; /* the key is known to everybody */
	struct old_row *rows;
	size_t count;
	size_t room;
};

/* --- 1. reading */

static bool make_room(struct old_rows *old)
{
	size_t room = old->room ? old->room * 2 : 64;

	if (old->count < old->room) {
		return true;
	}
	struct old_row *grown;
	grown = room > ROWS_MAX ? NULL
				: realloc(old->rows, room * sizeof(*grown));
	if (grown == NULL) {
		return false;
	}
	old->rows = grown;
	old->room = room;
	return true;
}

static enum stauth_rc keep_row(
	const struct stauth_old_user *user, void *arg, struct stauth_err *err)
{
	struct old_rows *old = arg;

	if (!make_room(old)) {
		return stauth_fail(err, STAUTH_ENOMEM, "too many old users");
	}
	struct old_row *row = &old->rows[old->count++];
	*row = (struct old_row){
		/* A name may hold a NUL: it is judged in its whole length. */
		.name = calloc(1, user->username_len + 1),
		.name_len = user->username_len,
		.password = strdup(user->password),
		.su = user->su,
	};
	if (row->name == NULL || row->password == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	memcpy(row->name, user->username, user->username_len);
	return STAUTH_OK;
}

static void free_rows(struct old_rows *old)
{
	for (size_t i = 0; i < old->count; i++) {
		if (old->rows[i].password != NULL) {
			stauth_wipe(old->rows[i].password,
				strlen(old->rows[i].password));
		}
		free(old->rows[i].password);
		free(old->rows[i].name);
	}
	free(old->rows);
	stauth_wipe(&old->file, sizeof(old->file));
}

/* --- 2. handing out */

static enum stauth_rc hand_out(const struct old_rows *old,
	const struct old_row *row, stauth_import_fn *take, void *arg,
	struct stauth_err *err)
{
	struct stauth_secret password = {0};
	struct stauth_err why = {0};
	struct stauth_import_record record = {
		.name = row->name,
		.name_len = row->name_len,
		.su = row->su,
		.password = &password,
		.must_change = old->published,
	};
	enum stauth_rc rc = stauth_aescbc_decrypt(row->password,
		old->file.enc_password, old->file.enc_nonce, &password, &why);

	if (rc == STAUTH_EBROKEN || rc > 0) {
		record.refused = why.msg;
	} else if (rc != STAUTH_OK) {
		return stauth_fail(err, rc, "%s", why.msg);
	}
	rc = take(&record, arg, err);
	stauth_secret_wipe(&password);
	return rc;
}

static enum stauth_rc read_rows(
	void *self, stauth_import_fn *take, void *arg, struct stauth_err *err)
{
	const struct old_rows *old = self;

	for (size_t i = 0; i < old->count; i++) {
		enum stauth_rc rc =
			hand_out(old, &old->rows[i], take, arg, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
	}
	return STAUTH_OK;
}

/* Somebody else's data is wrong then, not our settings. */
static enum stauth_rc read_file(const struct stauth_config *config,
	const char *path, struct old_rows *old, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_old_file_find(config, path, &old->file, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_sqlite_old_users(
		old->file.file, old->file.table, keep_row, old, err);
	return rc == STAUTH_ECONFIG || rc == STAUTH_EBROKEN ? STAUTH_BADVALUE
							    : rc;
}

enum stauth_rc stauth_import_st_auth_simple(struct stauth_ctx *ctx,
	const char *path, const struct stauth_import_run *run,
	struct stauth_import_count *ret_count, struct stauth_err *err)
{
	struct old_rows old = {.count = 0};
	const struct stauth_import_source source = {
		"st-auth-simple", read_rows, &old};
	struct stauth_err own;

	err = err != NULL ? err : &own;
	*ret_count = (struct stauth_import_count){0};
	enum stauth_rc rc = read_file(ctx->config, path, &old, err);
	if (rc == STAUTH_OK) {
		old.published =
			strcmp(old.file.enc_password, ENC_PASSWORD_SAMPLE) == 0;
		if (old.published) {
			stauth_report(&ctx->messages, STAUTH_WARNING, "%s",
				STAUTH_TEXT_IMPORT_SAMPLE);
		}
		rc = stauth_import(ctx, &source, run, ret_count, err);
	}
	free_rows(&old);
	return rc;
}
