/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_THROTTLE_H
#define STAUTH_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "store/records.h"

struct stauth_login;

/* Fills login->lanes from its name, source and device. Pure. account: the
 * canonical name, or "!" for a name that cannot be one. */
void stauth_throttle_lanes(struct stauth_login *login, const char *account);

/* THROTTLED: login->wait_s. */
enum stauth_rc stauth_throttle_take(struct stauth_ctx *ctx,
	struct stauth_login *login, struct stauth_err *err);
/* success: the right password; else a fault that was no verdict. */
enum stauth_rc stauth_throttle_done(struct stauth_ctx *ctx,
	struct stauth_login *login, bool success, struct stauth_err *err);

#endif
