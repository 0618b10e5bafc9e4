/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SLOTS_H
#define STAUTH_SLOTS_H

#include <stdbool.h>

#include "auth/ctx.h"
#include "base/secret.h"
#include "password/password.h"

/* A held hashing slot; -1: none. */
struct stauth_slot {
	int index;
};

/*
 * Takes one of the slots of ctx->slots: on the web one of HASH_SLOTS, and one
 * more for a known device; PAM and the command line have one of their own.
 * Waits at most 3 s on the web, else 20 s. Of the web's requests without a
 * known device at most PAGE_WORKERS / 2 wait at once; others fail at once.
 * EBUSY: no slot. A slot is a lock on a byte of STATE_DIR/slots.lock, so it is
 * free again when its process ends.
 */
enum stauth_rc stauth_slot_take(struct stauth_ctx *ctx, bool known_device,
	struct stauth_slot *ret_slot, struct stauth_err *err);
/* EBUSY, at once: a take would fail at once. Holds nothing, so a take may fail
 * nevertheless. */
enum stauth_rc stauth_slot_check(
	struct stauth_ctx *ctx, bool known_device, struct stauth_err *err);
void stauth_slot_give(struct stauth_ctx *ctx, struct stauth_slot *slot);

/* What a new hash costs, as configured. */
struct stauth_password_cost stauth_hash_cost(
	const struct stauth_config *config);
/* A new hash of the password. EBUSY: no slot. */
enum stauth_rc stauth_hash_new(struct stauth_ctx *ctx, bool known_device,
	const struct stauth_secret *password,
	char ret_encoded[STAUTH_PASSWORD_ENCODED_SIZE], struct stauth_err *err);

#endif
