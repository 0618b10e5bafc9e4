/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_PASSWORD_H
#define STAUTH_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/random.h"
#include "base/rc.h"
#include "base/secret.h"

/* An encoded password with its NUL never exceeds this. */
#define STAUTH_PASSWORD_ENCODED_SIZE 513

/* What a new hash costs: argon2id, one lane. */
struct stauth_password_cost {
	int memory_kib;
	int passes;
};

/*
 * Does the password belong to the encoded form? *ret_match is set to false
 * first thing. EBROKEN: the form is of no known scheme, garbled, or asks for
 * more than the caps (argon2 m <= 256 MiB, t <= 10, p <= 8; $y$ <= 8,
 * $2b$ <= 14, $5$/$6$ rounds <= 10^6; $1$ and DES never). "" and "*..." and
 * "!..." are EBROKEN for every password.
 */
enum stauth_rc stauth_password_verify(const char *encoded,
	const struct stauth_secret *password, bool *ret_match,
	struct stauth_err *err);

/* A new argon2id hash in PHC form, salt of 16 random bytes. */
enum stauth_rc stauth_password_encode(const struct stauth_password_cost *cost,
	stauth_random_fn *random, const struct stauth_secret *password,
	char ret_encoded[STAUTH_PASSWORD_ENCODED_SIZE], struct stauth_err *err);

/* Is it what stauth_password_encode would make today? Else re-hash. */
bool stauth_password_is_current(
	const char *encoded, const struct stauth_password_cost *cost);

/* Could stauth_password_verify work with this form? For imports. */
bool stauth_password_is_usable(const char *encoded);

#endif
