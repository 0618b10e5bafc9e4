/* SPDX-License-Identifier: MIT */
/*
 * Sign-ups that wait, as administrators see them:
 *
 *  1. What is shown MUST NOT hold a password.
 *  2. Deleting takes every row of the address, whoever asked for it, and
 *     leaves an audit row in the same step.
 */
#include <stdio.h>
#include <string.h>

#include "auth/account_change.h"
#include "auth/name.h"
#include "auth/signup.h"
#include "base/text.h"
#include "store/accounts.h"
#include "store/state.h"

#include "base/banned.h"

enum stauth_rc stauth_pending_list(struct stauth_ctx *ctx,
	const struct stauth_pending *after, size_t limit,
	struct stauth_pending *ret_pending, size_t *ret_count,
	struct stauth_err *err)
{
	return ctx->accounts->ops->pending_list(ctx->accounts, after, limit,
		ctx->state->ops->now(ctx->state), ret_pending, ret_count, err);
}

enum stauth_rc stauth_pending_delete(struct stauth_ctx *ctx, const char *email,
	const struct stauth_actor *actor, struct stauth_err *err)
{
	struct stauth_account account = {0};
	struct stauth_change change;
	int count = 0;
	int ended = 0;
	enum stauth_rc rc;

	if (stauth_email_canonical(email, strlen(email), account.name, NULL) !=
		STAUTH_OK) {
		return stauth_account_told(ctx,
			stauth_fail(
				err, STAUTH_NOTFOUND, STAUTH_TEXT_EMAIL_BAD),
			err);
	}
	stauth_change_fill(
		ctx, "signup.delete", &account, actor, "", false, &change);
	rc = ctx->accounts->ops->pending_delete(
		ctx->accounts, account.name, &change, &count, err);
	if (rc == STAUTH_NOTFOUND) {
		rc = stauth_fail(
			err, rc, STAUTH_TEXT_PENDING_NONE, account.name);
	}
	if (rc == STAUTH_OK) {
		rc = stauth_change_after(ctx, 0, &change, &ended, err);
	}
	return stauth_account_told(ctx, rc, err);
}
