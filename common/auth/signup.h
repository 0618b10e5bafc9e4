/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SIGNUP_H
#define STAUTH_SIGNUP_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "auth/login.h"
#include "base/secret.h"
#include "store/records.h"

/*
 * Sign-up by e-mail and PIN. Every call but _look needs ALLOW_USER_SIGN_UP;
 * without it, and without PUBLIC_URL or a mail transport, ECONFIG says what
 * is missing.
 */

/* Who asks: the browser (its pre-cookie's token) and where it is. */
struct stauth_signup_who {
	const char *flow; /* STAUTH_TOKEN_LEN characters */
	const char *address;
	const char *channel; /* "web" */
};

enum stauth_signup_field {
	STAUTH_SIGNUP_NONE,
	STAUTH_SIGNUP_EMAIL,
	STAUTH_SIGNUP_PASSWORD,
};

/*
 * The same answer, in the same time, whether the address has an account or
 * not, and over the limits of mail too. BADVALUE: *ret_field says at which
 * field, err->msg why. EBUSY: no hashing slot.
 */
enum stauth_rc stauth_signup_start(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who, const char *email,
	const struct stauth_secret *password,
	enum stauth_signup_field *ret_field, struct stauth_err *err);

/* What the PIN page shows. */
struct stauth_signup_state {
	char email[STAUTH_EMAIL_SIZE];
	bool pin_live;       /* else: expired or spent, ask for a new one */
	int tries_left;      /* while pin_live */
	int64_t resend_in_s; /* 0: at once */
};

/* NOTFOUND: this browser waits for nothing. Writes nothing. */
enum stauth_rc stauth_signup_status(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who,
	struct stauth_signup_state *ret_view, struct stauth_err *err);

/* A new PIN, the old one is dead. NOTFOUND; THROTTLED: *ret_wait_s. */
enum stauth_rc stauth_signup_resend(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who, int64_t *ret_wait_s,
	struct stauth_err *err);

/*
 * The PIN as typed (blanks and a dash between digits are let through). OK: the
 * account is made and login's verdict is ALLOW, for stauth_session_open;
 * stauth_login_finish it in any case. BADVALUE: wrong, *ret_tries_left.
 * EXPIRED: spent, expired or dead. EXISTS: meanwhile somebody has the address.
 * THROTTLED: the source, login->wait_s. NOTFOUND: nothing is waited for.
 */
enum stauth_rc stauth_signup_verify(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who, const char *pin,
	struct stauth_login *login, int *ret_tries_left,
	struct stauth_err *err);

/* For administrators. Paged: after is the last row of the page before. */
struct stauth_actor;
enum stauth_rc stauth_pending_list(struct stauth_ctx *ctx,
	const struct stauth_pending *after, size_t limit,
	struct stauth_pending *ret_pending, size_t *ret_count,
	struct stauth_err *err);
/* By address as typed. NOTFOUND. */
enum stauth_rc stauth_pending_delete(struct stauth_ctx *ctx, const char *email,
	const struct stauth_actor *actor, struct stauth_err *err);

#endif
