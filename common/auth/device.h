/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_DEVICE_H
#define STAUTH_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "store/records.h"

#define STAUTH_DEVICE_DAYS 180

struct stauth_known_device {
	bool known;
	uint8_t hash[32];
};

/*
 * Is this device cookie one of this account, of its present epoch and not
 * expired? The hash is set if the token is well formed, else zeroed.
 * A device never authenticates: it only opens the throttle's own limit.
 */
enum stauth_rc stauth_device_known(struct stauth_ctx *ctx, const char *token,
	const struct stauth_account *account,
	struct stauth_known_device *ret_device, struct stauth_err *err);
/* The same for a hash, however it was made. */
enum stauth_rc stauth_device_by_hash(struct stauth_ctx *ctx,
	const uint8_t hash[32], const struct stauth_account *account,
	bool *ret_known, struct stauth_err *err);
/* Makes it a known device of the account for STAUTH_DEVICE_DAYS. */
enum stauth_rc stauth_device_keep(struct stauth_ctx *ctx,
	const uint8_t hash[32], const struct stauth_account *account,
	struct stauth_err *err);
struct stauth_actor;
/* Mails the owner about a log-in from an unknown device, if NOTIFY_NEW_DEVICE
 * is on. Failing at that is reported, and no fault of the log-in. */
void stauth_device_notify(struct stauth_ctx *ctx,
	const struct stauth_account *account, const struct stauth_actor *actor);
/* PAM has no cookie: the source of a log-in stands for the device. */
enum stauth_rc stauth_device_source_hash(struct stauth_ctx *ctx,
	const char *name, const char *source, uint8_t ret_hash[32],
	struct stauth_err *err);
/* Keyed with keys->device, so that a stolen database holds nothing to show.
 */
enum stauth_rc stauth_device_hash(struct stauth_ctx *ctx, const char *token,
	uint8_t ret_hash[32], struct stauth_err *err);

#endif
