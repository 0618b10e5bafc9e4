/* SPDX-License-Identifier: MIT */
/* Passwords that everybody knows; for account*.c only. */
#ifndef STAUTH_AUTH_KNOWN_H
#define STAUTH_AUTH_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"

/* Is it a famous phrase, however it is spaced and capitalised? Pure. */
bool stauth_password_famous(const struct stauth_secret *password);
/* Is it one of these words (NULL and "" skipped), the case of ASCII letters
 * aside? An address stands for its local part too. Pure. */
bool stauth_password_own(const struct stauth_secret *password,
	const char *const *words, size_t count);

#endif
