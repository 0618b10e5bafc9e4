/* SPDX-License-Identifier: MIT */
/*
 * The schemes a stored password may be of.
 *
 * 1. A form MUST fit its scheme's shape and caps before any library sees it:
 *    who can write a row must not be able to spend our memory or time.
 * 2. A form of no scheme in the table MUST match no password, not even "".
 * 3. Only what this release would make itself is current; the rest is
 *    re-hashed at the next log-in.
 */
#include "password/password.h"

#include <string.h>

#include "password/scheme.h"

#include "base/banned.h"

/* Not here on purpose: $1$, DES and $2x$ (broken), $3$ $sha1$ $md5 (weak). */
static const struct stauth_scheme schemes[] = {
	{"$argon2id$", stauth_argon2_fits, stauth_argon2_verify,
		stauth_argon2_is_current},
	{"$argon2i$", stauth_argon2_fits, stauth_argon2_verify, NULL},
	{"$argon2d$", stauth_argon2_fits, stauth_argon2_verify, NULL},
	{"$y$", stauth_yescrypt_fits, stauth_crypt_verify, NULL},
	{"$gy$", stauth_yescrypt_fits, stauth_crypt_verify, NULL},
	{"$7$", stauth_scrypt_fits, stauth_crypt_verify, NULL},
	{"$2a$", stauth_bcrypt_fits, stauth_bcrypt_verify, NULL},
	{"$2b$", stauth_bcrypt_fits, stauth_bcrypt_verify, NULL},
	{"$2y$", stauth_bcrypt_fits, stauth_bcrypt_verify, NULL},
	{"$6$", stauth_sha512_fits, stauth_crypt_verify, NULL},
	{"$5$", stauth_sha256_fits, stauth_crypt_verify, NULL},
};

/* The scheme of a form that fits it, or NULL. */
static const struct stauth_scheme *scheme_of(const char *encoded)
{
	if (encoded == NULL || strnlen(encoded, STAUTH_PASSWORD_ENCODED_SIZE) ==
				       STAUTH_PASSWORD_ENCODED_SIZE) {
		return NULL;
	}
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t len = strlen(schemes[i].prefix);

		if (strncmp(encoded, schemes[i].prefix, len) == 0) {
			return schemes[i].fits(encoded + len) ? &schemes[i]
							      : NULL;
		}
	}
	return NULL;
}

/* The crypt(3) schemes see a C string: a NUL inside would hide the rest. */
static bool is_password(const struct stauth_secret *password)
{
	return password->len > 0 && password->len <= STAUTH_PASSWORD_MAX &&
	       strnlen(password->data, password->len) == password->len &&
	       password->data[password->len] == '\0';
}

enum stauth_rc stauth_password_verify(const char *encoded,
	const struct stauth_secret *password, bool *ret_match,
	struct stauth_err *err)
{
	*ret_match = false;
	const struct stauth_scheme *scheme = scheme_of(encoded);
	if (scheme == NULL) {
		return stauth_fail(err, STAUTH_EBROKEN,
			"the stored password is of no usable form");
	}
	if (!is_password(password)) {
		return STAUTH_OK;
	}
	return scheme->verify(encoded, password, ret_match, err);
}

bool stauth_password_is_current(
	const char *encoded, const struct stauth_password_cost *cost)
{
	const struct stauth_scheme *scheme = scheme_of(encoded);

	return scheme != NULL && scheme->is_current != NULL &&
	       scheme->is_current(encoded + strlen(scheme->prefix), cost);
}

bool stauth_password_is_usable(const char *encoded)
{
	return scheme_of(encoded) != NULL;
}
