/* SPDX-License-Identifier: MIT */
/*
 * The answer of a check (CONTRACT 3.1), in the order of the code:
 *
 *  1. What is no token MUST be refused without touching the store.
 *  2. A fault MUST NOT become a yes or a no.
 *  3. A session that is good for changing the password only MUST be refused.
 *  4. The area asked for is "", "su" or "group:NAME"; any other demand is one
 *     that nobody meets.
 *  5. Only then the entry is allowed, in one place.
 */
#include "auth/check.h"

#include <string.h>

#include "auth/name.h"
#include "auth/session.h"
#include "base/codec.h"

#include "base/banned.h"

enum stauth_rc stauth_check_submit(struct stauth_ctx *ctx, const char *token,
	size_t token_len, uint64_t tag, struct stauth_check_done *ret_done)
{
	int64_t idle_s = (int64_t)ctx->config->session_idle_minutes * 60;

	if (!stauth_token_wellformed(token, token_len)) {
		ret_done->tag = tag;
		ret_done->verdict = STAUTH_DENY;
		return STAUTH_OK;
	}
	uint8_t hash[STAUTH_SHA256_LEN];
	if (!stauth_sha256(token, token_len, hash)) {
		ret_done->tag = tag;
		ret_done->verdict = STAUTH_FAULT;
		return STAUTH_ECRYPTO;
	}
	return ctx->check->ops->submit(ctx->check, hash, idle_s, tag, ret_done);
}

static bool may_enter(const char *groups, const char *require)
{
	static const char group[] = "group:";

	if (strcmp(require, "") == 0) {
		return true;
	}
	if (strcmp(require, "su") == 0) {
		return stauth_groups_has(groups, "su");
	}
	if (strncmp(require, group, sizeof(group) - 1) == 0) {
		return stauth_groups_has(groups, require + sizeof(group) - 1);
	}
	return false;
}

enum stauth_verdict stauth_check_judge(
	const struct stauth_check_done *done, const char *require)
{
	const struct stauth_session *session = &done->session;

	if (done->verdict == STAUTH_FAULT) {
		return STAUTH_FAULT;
	}
	if (done->verdict != STAUTH_ALLOW || session->must_change) {
		return STAUTH_DENY;
	}
	/* A row without identity would reach the app as nobody. */
	if (!session->user[0] || !session->handle[0]) {
		return STAUTH_FAULT;
	}
	if (require == NULL || !may_enter(session->groups, require)) {
		return STAUTH_FORBIDDEN;
	}
	enum stauth_verdict entry = STAUTH_ALLOW;
	return entry;
}

enum stauth_rc stauth_check_touch(struct stauth_ctx *ctx,
	const struct stauth_touch *touches, size_t count,
	struct stauth_err *err)
{
	return ctx->state->ops->session_touch(ctx->state, touches, count, err);
}
