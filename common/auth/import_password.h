/* SPDX-License-Identifier: MIT */
/* Passwords and hashes of other programs; for import.c only. */
#ifndef STAUTH_IMPORT_PASSWORD_H
#define STAUTH_IMPORT_PASSWORD_H

#include "base/rc.h"
#include "base/secret.h"
#include "store/records.h"

/* The account's password becomes this hash. BADVALUE with the reason, for a
 * hash that no log-in would be checked against. */
enum stauth_rc stauth_import_take_hash(const char *hash,
	struct stauth_account *account, struct stauth_err *err);
/* BADVALUE: a password that nobody could type. */
enum stauth_rc stauth_import_check_password(
	const struct stauth_secret *password, struct stauth_err *err);

#endif
