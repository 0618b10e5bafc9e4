/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_DEVICE_H
#define STAUTH_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "store/records.h"

#define STAUTH_DEVICE_DAYS 180

/*
 * Is this device cookie one of this account, of its present epoch and not
 * expired? *ret_known; the hash is set whenever the token is well formed.
 * A device never authenticates: it only opens the throttle's own lane.
 */
enum stauth_rc stauth_device_known(struct stauth_ctx *ctx, const char *token,
	const struct stauth_account *account, bool *ret_known,
	uint8_t ret_hash[32], struct stauth_err *err);
/* Keyed with keys->device, so that a stolen database holds nothing to show.
 */
enum stauth_rc stauth_device_hash(struct stauth_ctx *ctx, const char *token,
	uint8_t ret_hash[32], struct stauth_err *err);

#endif
