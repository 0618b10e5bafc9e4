/* SPDX-License-Identifier: MIT */
/*
 * How sessions are used and end, in the order of the code:
 *
 *  1. A use is written at most once a minute, and failing at that MUST NOT
 *     trouble the user.
 *  2. The end of a session and its audit row MUST be one step; a session that
 *     is gone already leaves no row.
 *  3. A user MUST NOT be able to end a session of somebody else.
 */
#include "auth/session.h"

#include <string.h>
#include <time.h>

#include "auth/audit.h"
#include "auth/name.h"
#include "store/accounts.h"
#include "store/state.h"

#include "base/banned.h"

#define TOUCH_EVERY_S  60
#define SWEEP_ROWS     100
#define SWEEP_PAUSE_MS 10

void stauth_session_touch(
	struct stauth_ctx *ctx, const struct stauth_session *session)
{
	int64_t now_s = ctx->state->ops->now(ctx->state);
	struct stauth_touch touch = {.seen_at = now_s};

	if (now_s - session->last_seen_at < TOUCH_EVERY_S) {
		return;
	}
	memcpy(touch.handle, session->handle, sizeof(touch.handle));
	(void)ctx->state->ops->session_touch(ctx->state, &touch, 1, NULL);
}

static enum stauth_rc end(struct stauth_ctx *ctx,
	const struct stauth_session *session, const char *event,
	const struct stauth_actor *actor, struct stauth_err *err)
{
	struct stauth_audit_row row;

	stauth_audit_fill(&row, event, session->user, session->uid, actor);
	stauth_text_clean(row.detail, sizeof(row.detail), session->handle);
	return ctx->state->ops->session_end(ctx->state, session->handle, &row,
		ctx->state->ops->now(ctx->state), err);
}

enum stauth_rc stauth_session_logout(struct stauth_ctx *ctx, const char *token,
	const struct stauth_actor *actor, struct stauth_err *err)
{
	struct stauth_session session;
	enum stauth_rc rc = stauth_session_by_token(ctx, token, &session, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	return end(ctx, &session, "logout", actor, err);
}

enum stauth_rc stauth_session_revoke(struct stauth_ctx *ctx, const char *handle,
	int64_t uid, const struct stauth_actor *actor, struct stauth_err *err)
{
	struct stauth_session session;
	enum stauth_rc rc =
		stauth_session_by_handle(ctx, handle, &session, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	if (uid != 0 && session.uid != uid) {
		return stauth_fail(err, STAUTH_NOTFOUND, "no such session");
	}
	return end(ctx, &session, "session.revoke", actor, err);
}

enum stauth_rc stauth_session_revoke_all(struct stauth_ctx *ctx,
	const struct stauth_session_end *which,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_account account = {0};

	if (which->uid != 0) {
		enum stauth_rc rc = ctx->accounts->ops->user_by_uid(
			ctx->accounts, which->uid, &account, err);

		stauth_wipe_array(account.password);
		if (rc < 0) {
			return rc;
		}
	}
	struct stauth_audit_row row;
	stauth_audit_fill(
		&row, "session.revoke_all", account.name, which->uid, actor);
	stauth_text_clean(row.detail, sizeof(row.detail),
		which->uid == 0 ? "of everybody" : "");
	const struct stauth_session_end end_all = {.uid = which->uid,
		.keep = which->keep,
		.audit = &row,
		.now_s = ctx->state->ops->now(ctx->state)};
	return ctx->state->ops->session_end_user(
		ctx->state, &end_all, ret_ended, err);
}

enum stauth_rc stauth_sweep(struct stauth_ctx *ctx, struct stauth_err *err)
{
	int64_t now_s = ctx->state->ops->now(ctx->state);
	const struct stauth_expiry expiry = {
		.idle_s = (int64_t)ctx->config->session_idle_minutes * 60,
		.audit_before_s =
			now_s - (int64_t)ctx->config->audit_days * 86400,
		.limit = SWEEP_ROWS,
		.now_s = now_s,
	};
	/* Who waits for the lock gets it between two batches. */
	const struct timespec pause = {0, SWEEP_PAUSE_MS * 1000000};
	enum stauth_rc rc;
	int count = 0;

	do {
		rc = ctx->state->ops->expire_batch(
			ctx->state, &expiry, &count, err);
		if (count > 0) {
			nanosleep(&pause, NULL);
		}
	} while (rc == STAUTH_OK && count > 0);
	return rc;
}
