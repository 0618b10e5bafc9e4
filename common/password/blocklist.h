/* SPDX-License-Identifier: MIT */
/* Passwords that are refused whatever their bits. */
#ifndef STAUTH_BLOCKLIST_H
#define STAUTH_BLOCKLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"
#include "base/secret.h"

/*
 * Is it in the shipped list of common passwords (blocklist/README.md) or in
 * own_file, one password a line ("": there is none), whatever its case, blanks,
 * marks, last digits and letters replaced by digits? OK: in neither. BADVALUE:
 * it is, err->msg is untouched. ECONFIG: own_file cannot be read.
 */
enum stauth_rc stauth_blocklist_check(const struct stauth_secret *password,
	const char *own_file, struct stauth_err *err);

/*
 * Is it one of these words (NULL and "" skipped), the case of ASCII letters
 * aside? An address stands for its local part too. Pure.
 */
bool stauth_password_is_own(const struct stauth_secret *password,
	const char *const *words, size_t count);

#endif
