/* SPDX-License-Identifier: MIT */
#include "auth/audit.h"

#include "auth/name.h"
#include "store/state.h"

#include "base/banned.h"

void stauth_audit_fill(struct stauth_audit_row *row, const char *event,
	const char *user, int64_t uid, const struct stauth_actor *actor)
{
	*row = (struct stauth_audit_row){.ok = true, .uid = uid};
	stauth_text_clean(row->event, sizeof(row->event), event);
	stauth_text_clean(row->user, sizeof(row->user), user);
	if (actor != NULL) {
		stauth_text_clean(row->actor, sizeof(row->actor), actor->name);
		stauth_text_clean(
			row->channel, sizeof(row->channel), actor->channel);
		stauth_text_clean(
			row->address, sizeof(row->address), actor->address);
	}
}

enum stauth_rc stauth_audit_list(struct stauth_ctx *ctx,
	const struct stauth_audit_query *query,
	struct stauth_audit_row *ret_rows, size_t *ret_count,
	struct stauth_err *err)
{
	return ctx->state->ops->audit_list(
		ctx->state, query, ret_rows, ret_count, err);
}
