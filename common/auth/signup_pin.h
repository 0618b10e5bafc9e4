/* SPDX-License-Identifier: MIT */
/* Mailed PINs, of a sign-up and of a new address, and the account that comes
 * of a sign-up; for auth/ only. */
#ifndef STAUTH_AUTH_SIGNUP_PIN_H
#define STAUTH_AUTH_SIGNUP_PIN_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "store/accounts.h"
#include "store/records.h"

#define STAUTH_PIN_LEN    6
#define STAUTH_PIN_TRIES  5
#define STAUTH_PIN_SIGNUP "signup"

/* A new one, as text. */
enum stauth_rc stauth_pin_make(struct stauth_ctx *ctx,
	char ret_pin[STAUTH_PIN_LEN + 1], struct stauth_err *err);
/* As typed: six ASCII digits, with blanks and at most one dash between them.
 * BADVALUE: anything else. */
enum stauth_rc stauth_pin_typed(const char *typed,
	char ret_pin[STAUTH_PIN_LEN + 1], struct stauth_err *err);
/* What stands for a browser in the store. NOTFOUND: no pre-cookie's token. */
enum stauth_rc stauth_pin_flow(struct stauth_ctx *ctx, const char *flow,
	uint8_t ret_hash[32], struct stauth_err *err);
/* What stands for a PIN there. */
struct stauth_pin_parts {
	const char *purpose;
	const char *flow;
	const char *email; /* canonical */
	const char *pin;
};
enum stauth_rc stauth_pin_mac(struct stauth_ctx *ctx,
	const struct stauth_pin_parts *parts, uint8_t ret_mac[32],
	struct stauth_err *err);

/* A new PIN. */
struct stauth_pin_order {
	const char *purpose;
	const char *flow;
	const uint8_t *flow_hash; /* what stands for flow in the store */
	const char *email;        /* canonical */
	bool matches;             /* else none goes out, and nothing matches */
	int64_t expires_at;       /* no later than the mail */
};
/* The PIN into the mail and its keyed hash into the row; or none into the
 * mail, and into the row one that nothing matches, at the same price. */
enum stauth_rc stauth_pin_fill(struct stauth_ctx *ctx,
	const struct stauth_pin_order *order, struct stauth_mail *mail,
	struct stauth_pin *ret_pin, struct stauth_err *err);

/* What the browser of this flow waits for. NOTFOUND. */
enum stauth_rc stauth_pin_pending(struct stauth_ctx *ctx, const char *flow,
	struct stauth_pending *ret_pending, struct stauth_err *err);

/* Waits for an administrator, its address being proven? */
bool stauth_signup_waits(const struct stauth_config *config,
	const struct stauth_pending *pending);
/* The account of a sign-up. ret_account without its password. */
enum stauth_rc stauth_signup_promote(struct stauth_ctx *ctx,
	const struct stauth_pending *pending, struct stauth_change *change,
	struct stauth_account *ret_account, struct stauth_err *err);

#endif
