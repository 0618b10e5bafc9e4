/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_RESET_H
#define STAUTH_RESET_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "auth/session.h"
#include "base/secret.h"
#include "store/records.h"

/* 32 random bytes in base64url. */
#define STAUTH_RESET_TOKEN_LEN 43
#define STAUTH_RESET_MINUTES   30
/* PUBLIC_URL, the path and the token. */
#define STAUTH_RESET_LINK_SIZE 512

/*
 * A link by mail to choose a new password. The same answer, in the same time,
 * whether the address has an account or not, and over the limits. ECONFIG:
 * no PUBLIC_URL or no mail transport; BADVALUE: no address at all.
 */
enum stauth_rc stauth_reset_ask(struct stauth_ctx *ctx, const char *email,
	const char *address, struct stauth_err *err);

/*
 * An administrator's link: printed, or with send mailed to the account's
 * address (BADVALUE: it has none). REFUSED: marked for system log-in.
 * NOTFOUND; ECONFIG: no PUBLIC_URL. The link is a secret.
 */
struct stauth_reset_link {
	const char *name; /* whose; as typed */
	bool send;
};
enum stauth_rc stauth_reset_link(struct stauth_ctx *ctx,
	const struct stauth_reset_link *link, const struct stauth_actor *actor,
	char ret_link[STAUTH_RESET_LINK_SIZE], struct stauth_err *err);

/* Does this token still hold? Consumes nothing. EXPIRED. ret_name: whose. */
enum stauth_rc stauth_reset_check(struct stauth_ctx *ctx, const char *token,
	char ret_name[STAUTH_NAME_SIZE], struct stauth_err *err);

/*
 * The new password; consumes the token, ends every session and known device,
 * logs nobody in. BADVALUE (weak: the token still holds); EXPIRED; EBUSY.
 */
enum stauth_rc stauth_reset_commit(struct stauth_ctx *ctx, const char *token,
	const struct stauth_secret *password, const char *address,
	struct stauth_err *err);

#endif
