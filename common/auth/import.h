/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_IMPORT_H
#define STAUTH_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/ctx.h"
#include "auth/session.h"

struct stauth_import_count {
	size_t added;
	size_t existing; /* already there with the same name: left alone */
	size_t skipped;  /* refused: each was told through ctx->messages */
};

/*
 * Takes over the users of st-auth-simple: the SQLite file itself (passwords
 * by ENC_PASSWORD/ENC_NONCE of our configuration), or its .env (which names
 * the file and the secrets; relative paths are below its folder). su is
 * kept; old tokens are dropped; passwords are decrypted once and stored as a
 * modern hash. Nothing is written with dry_run. Idempotent.
 * BADVALUE: path is neither. ECONFIG for STORAGE=AIRTABLE ("no AIRTABLE
 * provider in this build") and without ENC_PASSWORD.
 */
enum stauth_rc stauth_import_st_auth_simple(struct stauth_ctx *ctx,
	const char *path, bool dry_run, const struct stauth_actor *actor,
	struct stauth_import_count *ret_count, struct stauth_err *err);

#endif
