/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_RANDOM_H
#define STAUTH_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"

/* Opaque tokens of the wire: 24 random bytes in base64url. */
#define STAUTH_TOKEN_LEN 32
/* Public handles: 12 random bytes, derived from nothing. */
#define STAUTH_HANDLE_LEN 16

/*
 * Where random bytes come from; tests hand in their own. Fills len bytes or
 * fails as a whole with ECRYPTO.
 */
typedef enum stauth_rc stauth_random_fn(
	void *data, size_t len, struct stauth_err *err);

/* getrandom(2), EINTR and short reads handled. */
stauth_random_fn stauth_random;

/* Writes STAUTH_TOKEN_LEN characters and a NUL. */
enum stauth_rc stauth_random_token(stauth_random_fn *random,
	char out[STAUTH_TOKEN_LEN + 1], struct stauth_err *err);
/* Is this what stauth_random_token writes: 32 characters of base64url? */
bool stauth_token_wellformed(const char *token, size_t len);
/* Writes STAUTH_HANDLE_LEN characters and a NUL; the first is no dash. */
enum stauth_rc stauth_random_handle(stauth_random_fn *random,
	char out[STAUTH_HANDLE_LEN + 1], struct stauth_err *err);

#endif
