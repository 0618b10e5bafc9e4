/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SLOTS_H
#define STAUTH_SLOTS_H

#include <stdbool.h>

#include "auth/ctx.h"

/* A held hashing slot; -1: none. */
struct stauth_slot {
	int index;
};

/*
 * Waits for one of the slots of ctx->slots (web: HASH_SLOTS, and one more for
 * a known device; PAM and command line: one of their own) at most 1 s (web)
 * or 20 s; a stranger from the web gives up at once where others queue behind
 * (ctx->crowded), but for the few who have a place to wait in. EBUSY. A slot
 * is a lock on a byte of STATE_DIR/slots.lock, so a killed process frees its
 * own.
 */
enum stauth_rc stauth_slot_take(struct stauth_ctx *ctx, bool known_device,
	struct stauth_slot *ret_slot, struct stauth_err *err);
void stauth_slot_give(struct stauth_ctx *ctx, struct stauth_slot *slot);

#endif
