/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_ACCOUNT_OWN_H
#define STAUTH_ACCOUNT_OWN_H

#include "auth/ctx.h"
#include "auth/session.h"
#include "store/records.h"

/*
 * What owners change of their own account in a browser. The session must have
 * been confirmed within STAUTH_FRESH_S (stauth_session_confirm), else
 * REFUSED. After a change every session of the user has ended, this one
 * included: the browser gets a new one (*ret_grant; wipe it after use), with
 * the factors, the end and the confirmation of the old one. If that cannot be
 * opened the change stands all the same, and ret_grant->token is "".
 */
struct stauth_own {
	const struct stauth_session *session; /* live, of this browser */
	/* presented and device_token set; remember is the session's. */
	struct stauth_session_request ask;
};

/* OK, also if nothing changed (then ret_grant->token is "", too, and nothing
 * ended). BADVALUE; EXPIRED: session or account changed; REFUSED. */
enum stauth_rc stauth_own_name_set(struct stauth_ctx *ctx,
	const struct stauth_own *own, const char *display_name,
	struct stauth_session_grant *ret_grant, struct stauth_err *err);

/*
 * Mails a PIN to the new address; the answer is the same whether another
 * account has it or not. BADVALUE (no address, or the present one);
 * THROTTLED: *ret_wait_s; EBUSY; ECONFIG: no mail can be sent.
 */
enum stauth_rc stauth_own_email_ask(struct stauth_ctx *ctx,
	const struct stauth_own *own, const char *email, int64_t *ret_wait_s,
	struct stauth_err *err);

struct stauth_own_email {
	const char *email; /* as given to _ask; the PIN is good for it alone */
	const char *pin;   /* as typed */
	int tries_left;    /* set: after this one */
	int64_t wait_s;    /* set: THROTTLED */
};

/*
 * BADVALUE: wrong PIN; EXPIRED: no live PIN, or session or account changed;
 * EXISTS: taken by now; THROTTLED; REFUSED. The old address gets a mail.
 */
enum stauth_rc stauth_own_email_set(struct stauth_ctx *ctx,
	const struct stauth_own *own, struct stauth_own_email *attempt,
	struct stauth_session_grant *ret_grant, struct stauth_err *err);

#endif
