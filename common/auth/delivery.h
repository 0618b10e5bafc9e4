/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_DELIVERY_H
#define STAUTH_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "store/records.h"

/* Mails whose fate is unknown and that were tried again once. */
#define STAUTH_DELIVERY_DOUBTS 1024

/* What a worker remembers between its steps. Starts zeroed. */
struct stauth_delivery {
	/* Delivered or given up, but not yet written: before anything else. */
	int64_t done_id;  /* 0 none */
	bool done_silent; /* never was meant to be sent: no audit row */
	struct stauth_audit_row done_row;
	/* The way is closed, not one mail's fault: nobody is tried before
	 * this instant of the boot clock. */
	int64_t closed_until_ms;
	int closed_count;
	char trouble[192]; /* why; "" it is open */
	int64_t doubts[STAUTH_DELIVERY_DOUBTS];
	int doubt_next;
};

/*
 * The outbox's other end, for a worker that has ctx->mailer and nothing else
 * to do. Takes one mail that is due, composes and sends it, and settles what
 * came of it. NOTFOUND: nothing is due, or the way is closed for the moment.
 * OK: one was settled, delivered or not. Negative: the store's trouble; wait
 * and call again. A closed way is reported once through ctx->messages, and so
 * is its end.
 */
enum stauth_rc stauth_delivery_step(struct stauth_ctx *ctx,
	struct stauth_delivery *delivery, struct stauth_err *err);

/* A mail at once, without the outbox: `stauthctl mail test`. The mailer's
 * codes. */
enum stauth_rc stauth_delivery_test(
	struct stauth_ctx *ctx, const char *to, struct stauth_err *err);

#endif
