/* SPDX-License-Identifier: MIT */
/* What an import from st-auth-simple is to read; for import*.c only. */
#ifndef STAUTH_IMPORT_OLD_FILE_H
#define STAUTH_IMPORT_OLD_FILE_H

#include <limits.h>

#include "config/config.h"

struct stauth_old_file {
	char file[PATH_MAX]; /* the SQLite database */
	char table[128];
	char enc_password[STAUTH_VALUE_SIZE];
	char enc_nonce[STAUTH_VALUE_SIZE];
};

/*
 * Tells by its first bytes whether path is the database itself (the secrets
 * are then those of config) or a .env, which names it. BADVALUE: it is
 * neither. ECONFIG: Airtable, or no secret. EUNREACHABLE: cannot be read. The
 * caller wipes.
 */
enum stauth_rc stauth_old_file_find(const struct stauth_config *config,
	const char *path, struct stauth_old_file *ret_source,
	struct stauth_err *err);

#endif
