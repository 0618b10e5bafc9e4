/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_DELIVERY_H
#define STAUTH_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/ctx.h"

/*
 * The outbox's other end, for a worker that has ctx->mailer and nothing else
 * to do. Takes one mail that is due, composes and sends it, and settles what
 * came of it. NOTFOUND: nothing is due. OK: one was settled, delivered or
 * not. Negative: the store's trouble; wait and call again.
 */
enum stauth_rc stauth_delivery_step(
	struct stauth_ctx *ctx, struct stauth_err *err);

/* A letter at once, without the outbox: `stauthctl mail test`. The mailer's
 * codes. */
enum stauth_rc stauth_delivery_test(
	struct stauth_ctx *ctx, const char *to, struct stauth_err *err);

#endif
