/* SPDX-License-Identifier: MIT */
/* Private to common/password: what password.c's table is made of. */
#ifndef STAUTH_SCHEME_H
#define STAUTH_SCHEME_H

#include <stdbool.h>

#include "base/secret.h"

struct stauth_password_cost;

struct stauth_scheme {
	const char *prefix; /* "$argon2id$" */
	/* rest is what follows the prefix. True only if it is whole, of the
	 * right shape, and asks for no more work than the caps allow. */
	bool (*fits)(const char *rest);
	/* Called only when fits said yes. */
	enum stauth_rc (*verify)(const char *encoded,
		const struct stauth_secret *password, bool *ret_match,
		struct stauth_err *err);
	/* NULL: never, every log-in re-hashes it. Only when fits said yes. */
	bool (*is_current)(
		const char *rest, const struct stauth_password_cost *cost);
};

/* argon2.c */
bool stauth_argon2_fits(const char *rest);
enum stauth_rc stauth_argon2_verify(const char *encoded,
	const struct stauth_secret *password, bool *ret_match,
	struct stauth_err *err);
bool stauth_argon2_is_current(
	const char *rest, const struct stauth_password_cost *cost);

/* crypt.c */
bool stauth_yescrypt_fits(const char *rest);
bool stauth_scrypt_fits(const char *rest);
bool stauth_bcrypt_fits(const char *rest);
bool stauth_sha512_fits(const char *rest);
bool stauth_sha256_fits(const char *rest);
enum stauth_rc stauth_crypt_verify(const char *encoded,
	const struct stauth_secret *password, bool *ret_match,
	struct stauth_err *err);
enum stauth_rc stauth_bcrypt_verify(const char *encoded,
	const struct stauth_secret *password, bool *ret_match,
	struct stauth_err *err);

#endif
