/* SPDX-License-Identifier: MIT */
#include "auth/account_change.h"

#include <string.h>

#include "auth/audit.h"
#include "auth/mailing.h"
#include "auth/name.h"
#include "base/text.h"
#include "store/state.h"

#include "base/banned.h"

enum stauth_rc stauth_account_report(
	struct stauth_ctx *ctx, enum stauth_rc rc, const struct stauth_err *err)
{
	if (rc > 0 && err != NULL) {
		stauth_report(&ctx->messages, STAUTH_ERROR, "%s", err->msg);
	}
	return rc;
}

static enum stauth_rc no_such_user(const char *name, struct stauth_err *err)
{
	char shown[100];

	stauth_text_clean(shown, sizeof(shown), name);
	return stauth_fail(
		err, STAUTH_NOTFOUND, STAUTH_TEXT_USER_NOT_FOUND, shown);
}

enum stauth_rc stauth_account_read(struct stauth_ctx *ctx, const char *name,
	struct stauth_account *ret_account, struct stauth_err *err)
{
	char canonical[STAUTH_NAME_SIZE];

	if (stauth_name_canonical(name, strlen(name), canonical, NULL) !=
		STAUTH_OK) {
		return no_such_user(name, err);
	}
	enum stauth_rc rc = ctx->accounts->ops->user_by_name(
		ctx->accounts, canonical, ret_account, err);
	return rc == STAUTH_NOTFOUND ? no_such_user(name, err) : rc;
}

/* Whoever rules the web pages must not become root on a host. */
enum stauth_rc stauth_account_check_channel(bool system_login,
	const struct stauth_actor *actor, struct stauth_err *err)
{
	if (system_login && strcmp(actor->channel, "web") == 0) {
		return stauth_fail(err, STAUTH_REFUSED, STAUTH_TEXT_CLI_ONLY);
	}
	return STAUTH_OK;
}

void stauth_change_fill(struct stauth_ctx *ctx, const char *event,
	const struct stauth_account *account, const struct stauth_actor *actor,
	const char *detail, bool end, struct stauth_change *ret_change)
{
	*ret_change = (struct stauth_change){
		.now_s = ctx->state->ops->now(ctx->state),
		.end_sessions = end,
		.raise_epoch = end,
		.keep_a_superuser = true,
	};
	stauth_audit_fill(&ret_change->audit, event, true, account->name,
		account->uid, actor, detail);
}

static enum stauth_rc end_elsewhere(struct stauth_ctx *ctx, int64_t uid,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err)
{
	const struct stauth_actor actor = {
		.name = change->audit.actor,
		.channel = change->audit.channel,
		.address = change->audit.address,
	};

	if (!change->end_sessions) {
		return STAUTH_OK;
	}
	struct stauth_audit_row row;
	stauth_audit_fill(&row, "session.revoke_all", true, change->audit.user,
		uid, &actor, change->audit.event);
	int ended = 0;
	enum stauth_rc rc = ctx->state->ops->session_end_user(ctx->state, uid,
		change->keep_session, &row, change->now_s, &ended, err);
	*ret_ended += ended;
	return rc;
}

enum stauth_rc stauth_change_before(struct stauth_ctx *ctx, int64_t uid,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err)
{
	if (ctx->accounts->ops->with_state) {
		return STAUTH_OK;
	}
	return end_elsewhere(ctx, uid, change, ret_ended, err);
}

/* The row, and the notice with it if there is one. */
static enum stauth_rc add_row(struct stauth_ctx *ctx,
	const struct stauth_change *change, struct stauth_err *err)
{
	struct stauth_mailing mailing = {.never_refuse = true};

	if (change->notice == NULL) {
		return ctx->state->ops->audit_add(
			ctx->state, &change->audit, change->now_s, err);
	}
	mailing.mail = *change->notice;
	mailing.audit = change->audit;
	int64_t wait_s = 0;
	return stauth_mailing_post(ctx, &mailing, &wait_s, err);
}

enum stauth_rc stauth_change_after(struct stauth_ctx *ctx, int64_t uid,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err)
{
	if (ctx->accounts->ops->with_state) {
		return STAUTH_OK;
	}
	enum stauth_rc rc = add_row(ctx, change, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	return end_elsewhere(ctx, uid, change, ret_ended, err);
}
