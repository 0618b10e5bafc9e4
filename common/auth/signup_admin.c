/* SPDX-License-Identifier: MIT */
/*
 * Sign-ups that wait, as administrators see them: what is shown MUST NOT hold
 * a password; deleting takes every row of the address, no matter who asked for
 * it, and leaves an audit row in the same step.
 */
#include <stdio.h>
#include <string.h>

#include "auth/account_parts.h"
#include "auth/name.h"
#include "auth/signup.h"
#include "base/text.h"
#include "store/accounts.h"
#include "store/state.h"

#include "base/banned.h"

enum stauth_rc stauth_pending_list(struct stauth_ctx *ctx,
	const struct stauth_pending_page *page,
	struct stauth_pending *ret_pending, size_t *ret_count,
	struct stauth_err *err)
{
	struct stauth_pending_page asked = *page;

	asked.now_s = ctx->state->ops->now(ctx->state);
	return ctx->accounts->ops->pending_list(
		ctx->accounts, &asked, ret_pending, ret_count, err);
}

enum stauth_rc stauth_pending_delete(struct stauth_ctx *ctx, const char *email,
	const struct stauth_actor *actor, struct stauth_err *err)
{
	struct stauth_account account = {0};

	if (stauth_email_canonical(email, strlen(email), account.name, NULL) !=
		STAUTH_OK) {
		return stauth_account_report(ctx,
			stauth_fail(
				err, STAUTH_NOTFOUND, STAUTH_TEXT_EMAIL_BAD),
			err);
	}
	struct stauth_change change;
	stauth_change_fill(ctx, "signup.delete", &account, actor, &change);
	int count = 0;
	enum stauth_rc rc = ctx->accounts->ops->pending_delete(
		ctx->accounts, account.name, &change, &count, err);
	if (rc == STAUTH_NOTFOUND) {
		rc = stauth_fail(
			err, rc, STAUTH_TEXT_PENDING_NONE, account.name);
	}
	return stauth_account_report(ctx, rc, err);
}
