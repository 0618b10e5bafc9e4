/* SPDX-License-Identifier: MIT */
/*
 * Sign-ups that wait, as administrators see them: what is shown MUST NOT hold
 * a password; what is approved has proven its address, and the account comes
 * with its audit row and a mail in one step; deleting takes every row of the
 * address, no matter who asked for it, and leaves an audit row in the same
 * step.
 */
#include <stdio.h>
#include <string.h>

#include "auth/account_parts.h"
#include "auth/mailing.h"
#include "auth/name.h"
#include "auth/signup.h"
#include "auth/signup_pin.h"
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

/* The row of a proven address, with its password. */
static enum stauth_rc find_proven(struct stauth_ctx *ctx, const char *email,
	struct stauth_pending *ret_pending, struct stauth_err *err)
{
	struct stauth_pending row = {.password = ""};
	struct stauth_pending_page page = {.after = &row, .limit = 1};

	snprintf(row.email, sizeof(row.email), "%s", email);
	bool found = false;
	for (;;) {
		size_t count = 0;
		enum stauth_rc rc =
			stauth_pending_list(ctx, &page, &row, &count, err);

		if (rc != STAUTH_OK) {
			return rc;
		}
		if (count == 0 || strcmp(row.email, email) != 0) {
			return found ? stauth_fail(err, STAUTH_NOTFOUND,
					       STAUTH_TEXT_PENDING_OPEN, email)
				     : stauth_fail(err, STAUTH_NOTFOUND,
					       STAUTH_TEXT_PENDING_NONE, email);
		}
		if (row.verified_at != 0) {
			return ctx->accounts->ops->pending_by_flow(
				ctx->accounts, row.flow_hash,
				ctx->state->ops->now(ctx->state), ret_pending,
				err);
		}
		found = true;
	}
}

static enum stauth_rc approve(struct stauth_ctx *ctx,
	const struct stauth_pending *pending, const struct stauth_actor *actor,
	struct stauth_err *err)
{
	const struct stauth_mail_order order = {STAUTH_MAIL_SIGNUP_APPROVED,
		pending->email, pending->email, 7 * 86400};
	struct stauth_mail mail;
	enum stauth_rc rc = stauth_mail_fill(ctx, &order, &mail, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_account account = {0};
	memcpy(account.name, pending->email, sizeof(account.name));
	struct stauth_change change;
	stauth_change_fill(ctx, "signup.approve", &account, actor, &change);
	if (stauth_mailing_ready(ctx->config, NULL) == STAUTH_OK) {
		change.notice = &mail;
	}
	return stauth_signup_promote(ctx, pending, &change, &account, err);
}

enum stauth_rc stauth_pending_approve(struct stauth_ctx *ctx, const char *email,
	const struct stauth_actor *actor, struct stauth_err *err)
{
	char canonical[STAUTH_EMAIL_SIZE];

	if (stauth_email_canonical(email, strlen(email), canonical, NULL) !=
		STAUTH_OK) {
		return stauth_account_report(ctx,
			stauth_fail(
				err, STAUTH_NOTFOUND, STAUTH_TEXT_EMAIL_BAD),
			err);
	}
	struct stauth_pending pending = {0};
	enum stauth_rc rc = find_proven(ctx, canonical, &pending, err);
	if (rc == STAUTH_OK) {
		rc = approve(ctx, &pending, actor, err);
	}
	stauth_wipe_array(pending.password);
	return stauth_account_report(ctx, rc, err);
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
