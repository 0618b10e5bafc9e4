/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_INVITE_H
#define STAUTH_INVITE_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/ctx.h"
#include "auth/session.h"
#include "store/records.h"

#define STAUTH_INVITE_USES_MAX 1000
#define STAUTH_INVITE_DAYS_MAX 365
/* PUBLIC_URL, the path and the token. */
#define STAUTH_INVITE_LINK_SIZE 512

struct stauth_invite_new {
	const char *email;  /* as typed: for this address only; NULL, "" any */
	const char *groups; /* as typed, that who comes by it gets; NULL none */
	int uses;           /* 0: 1 */
	int days;           /* 0: 7 */
	bool approved;      /* SIGN_UP_APPROVAL does not hold for them */
};

/* What a new one is. The link is a secret, and shown this once. */
struct stauth_invite_made {
	struct stauth_invite *invite;
	char *link; /* STAUTH_INVITE_LINK_SIZE bytes */
};

/* BADVALUE; EXISTS: the address has an account; ECONFIG: no PUBLIC_URL or no
 * mail transport. */
enum stauth_rc stauth_invite_add(struct stauth_ctx *ctx,
	const struct stauth_invite_new *new_invite,
	const struct stauth_actor *actor,
	const struct stauth_invite_made *ret_made, struct stauth_err *err);
/* Those that are not over, used up or not, in order of id. now_s is set
 * here. */
enum stauth_rc stauth_invite_list(struct stauth_ctx *ctx,
	const struct stauth_invite_page *page,
	struct stauth_invite *ret_invites, size_t *ret_count,
	struct stauth_err *err);
/* NOTFOUND. */
enum stauth_rc stauth_invite_revoke(struct stauth_ctx *ctx, const char *id,
	const struct stauth_actor *actor, struct stauth_err *err);
/* Does this token open a sign-up? Takes no use. EXPIRED: unknown, used up,
 * revoked or over. */
enum stauth_rc stauth_invite_read(struct stauth_ctx *ctx, const char *token,
	struct stauth_invite *ret_invite, struct stauth_err *err);
/* The same, into a sign-up whose address is set; for auth/ only. BADVALUE:
 * the invitation is for another address. */
enum stauth_rc stauth_invite_open(struct stauth_ctx *ctx, const char *token,
	struct stauth_pending *pending, struct stauth_err *err);

#endif
