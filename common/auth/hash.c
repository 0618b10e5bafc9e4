/* SPDX-License-Identifier: MIT */
#include "auth/hash.h"

#include "auth/slots.h"

#include "base/banned.h"

struct stauth_password_cost stauth_hash_cost(const struct stauth_config *config)
{
	return (struct stauth_password_cost){
		.memory_kib = config->argon2_memory_kib,
		.passes = config->argon2_passes,
	};
}

enum stauth_rc stauth_hash_new(struct stauth_ctx *ctx, bool known_device,
	const struct stauth_secret *password,
	char ret_encoded[STAUTH_PASSWORD_ENCODED_SIZE], struct stauth_err *err)
{
	struct stauth_password_cost cost = stauth_hash_cost(ctx->config);
	struct stauth_slot slot;
	enum stauth_rc rc = stauth_slot_take(ctx, known_device, &slot, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_password_encode(
		&cost, ctx->random, password, ret_encoded, err);
	stauth_slot_give(ctx, &slot);
	return rc;
}
