/* SPDX-License-Identifier: MIT */
/* Hashing as the domain does it: with the configured cost, in a slot. */
#ifndef STAUTH_AUTH_HASH_H
#define STAUTH_AUTH_HASH_H

#include <stdbool.h>

#include "auth/ctx.h"
#include "base/secret.h"
#include "password/password.h"

struct stauth_password_cost stauth_hash_cost(
	const struct stauth_config *config);
/* A new hash of the password. EBUSY: no slot. */
enum stauth_rc stauth_hash_new(struct stauth_ctx *ctx, bool known_device,
	const struct stauth_secret *password,
	char ret_encoded[STAUTH_PASSWORD_ENCODED_SIZE], struct stauth_err *err);

#endif
