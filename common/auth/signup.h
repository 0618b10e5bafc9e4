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
 * Sign-up by e-mail and PIN. Every call but _status needs ALLOW_USER_SIGN_UP
 * or an invitation; without them, and without PUBLIC_URL or a mail transport,
 * ECONFIG says what is missing.
 */

/* Who asks: the browser (its pre-cookie's token) and where it is. */
struct stauth_signup_who {
	const char *flow; /* STAUTH_TOKEN_LEN characters */
	const char *address;
	const char *channel; /* "web" */
};

struct stauth_signup_form {
	const char *email; /* as typed */
	const struct stauth_secret *password;
	const char *invite; /* a token; NULL, "": none */
};

enum stauth_signup_field {
	STAUTH_SIGNUP_NONE,
	STAUTH_SIGNUP_EMAIL,
	STAUTH_SIGNUP_PASSWORD,
};

struct stauth_signup_refusal {
	enum stauth_signup_field field; /* BADVALUE: which */
	int64_t wait_s;                 /* THROTTLED: how long */
};

/*
 * The same answer, in the same time, whether the address has an account or
 * not, and over the limits of mail too. BADVALUE: err->msg says why.
 * THROTTLED: too many hashes for this source. EBUSY: no hashing slot.
 * EXPIRED: the invitation is not valid (any more).
 */
enum stauth_rc stauth_signup_start(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who,
	const struct stauth_signup_form *form,
	struct stauth_signup_refusal *ret_refusal, struct stauth_err *err);

/* What the PIN page shows. */
struct stauth_signup_state {
	char email[STAUTH_EMAIL_SIZE];
	bool pin_live;       /* else: expired or spent, ask for a new one */
	int tries_left;      /* while pin_live */
	int64_t resend_in_s; /* 0: at once */
	bool waits;          /* address proven; for an administrator now */
};

/* NOTFOUND: this browser waits for nothing. Writes nothing. */
enum stauth_rc stauth_signup_status(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who,
	struct stauth_signup_state *ret_view, struct stauth_err *err);

/* A new PIN, the old one is dead. PENDING: it waits for an administrator;
 * NOTFOUND; THROTTLED: *ret_wait_s. */
enum stauth_rc stauth_signup_resend(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who, int64_t *ret_wait_s,
	struct stauth_err *err);

/* One PIN as typed (blanks and a dash between digits are accepted). */
struct stauth_signup_attempt {
	const char *pin;
	int tries_left; /* set: after this one */
};

/*
 * OK: the account is made and login's verdict is ALLOW, for
 * stauth_session_open; stauth_login_finish it in any case. BADVALUE: wrong.
 * EXPIRED: spent, expired or dead. EXISTS: by now somebody has the address.
 * THROTTLED: the source, login->wait_s. NOTFOUND: nothing is waited for.
 * PENDING: the address is proven, and an administrator has to approve the
 * account (SIGN_UP_APPROVAL); nobody is signed in. REFUSED: the invitation is
 * no longer valid.
 */
enum stauth_rc stauth_signup_verify(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who,
	struct stauth_signup_attempt *attempt, struct stauth_login *login,
	struct stauth_err *err);

/* For administrators: one page. */
struct stauth_actor;
enum stauth_rc stauth_pending_list(struct stauth_ctx *ctx,
	const struct stauth_pending_page *page,
	struct stauth_pending *ret_pending, size_t *ret_count,
	struct stauth_err *err);
/* Makes the account of a proven address, which gets a mail. By address as
 * typed. NOTFOUND: none, or not proven yet; EXISTS: it has an account. */
enum stauth_rc stauth_pending_approve(struct stauth_ctx *ctx, const char *email,
	const struct stauth_actor *actor, struct stauth_err *err);
/* By address as typed. NOTFOUND. */
enum stauth_rc stauth_pending_delete(struct stauth_ctx *ctx, const char *email,
	const struct stauth_actor *actor, struct stauth_err *err);

#endif
