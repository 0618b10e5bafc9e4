/* SPDX-License-Identifier: MIT */
/*
 * Invitations, in the order of the code:
 *
 *  1. What is promised MUST be possible: a link needs PUBLIC_URL and the
 *     sign-up behind it a mail transport. No invitation makes a superuser.
 *  2. A token MUST be 24 random bytes; only its SHA-256 reaches the state.
 *  3. Looking takes no use. What is unknown, used up, revoked or over MUST
 *     get one answer. The use is taken when the address is proven
 *     (signup_verify.c), so that a wrong address costs nobody an invitation.
 */
#include "auth/invite.h"

#include <stdio.h>
#include <string.h>

#include "auth/account_parts.h"
#include "auth/audit.h"
#include "auth/mailing.h"
#include "auth/name.h"
#include "base/codec.h"
#include "base/text.h"
#include "store/accounts.h"
#include "store/state.h"

#include "base/banned.h"

#define DAY_S 86400

/* --- 1. */

static enum stauth_rc set_email(struct stauth_ctx *ctx, const char *typed,
	struct stauth_invite *invite, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_email_canonical(
		typed, strlen(typed), invite->email, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	char name[STAUTH_NAME_SIZE];
	rc = stauth_name_canonical(
		invite->email, strlen(invite->email), name, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_account account = {0};
	rc = ctx->accounts->ops->user_by_name(
		ctx->accounts, name, &account, err);
	if (rc == STAUTH_NOTFOUND) {
		rc = ctx->accounts->ops->user_by_email(
			ctx->accounts, invite->email, &account, err);
	}
	stauth_wipe_array(account.password);
	if (rc == STAUTH_OK) {
		return stauth_fail(err, STAUTH_EXISTS, STAUTH_TEXT_USER_EXISTS,
			invite->email);
	}
	return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
}

static enum stauth_rc fill(struct stauth_ctx *ctx,
	const struct stauth_invite_new *given, struct stauth_invite *invite,
	struct stauth_err *err)
{
	int days = given->days != 0 ? given->days : 7;

	invite->uses = given->uses != 0 ? given->uses : 1;
	invite->approved = given->approved;
	if (invite->uses < 1 || invite->uses > STAUTH_INVITE_USES_MAX) {
		return stauth_fail(err, STAUTH_BADVALUE,
			STAUTH_TEXT_INVITE_USES, STAUTH_INVITE_USES_MAX);
	}
	if (days < 1 || days > STAUTH_INVITE_DAYS_MAX) {
		return stauth_fail(err, STAUTH_BADVALUE,
			STAUTH_TEXT_INVITE_DAYS, STAUTH_INVITE_DAYS_MAX);
	}
	invite->created_at = ctx->state->ops->now(ctx->state);
	invite->expires_at = invite->created_at + (int64_t)days * DAY_S;
	enum stauth_rc rc = STAUTH_OK;
	if (given->groups != NULL) {
		rc = stauth_groups_canonical(
			given->groups, false, invite->groups, err);
	}
	if (rc == STAUTH_OK && given->email != NULL &&
		given->email[0] != '\0') {
		rc = set_email(ctx, given->email, invite, err);
	}
	return rc;
}

/* --- 2. */

static enum stauth_rc make_token(struct stauth_ctx *ctx,
	char token[STAUTH_TOKEN_LEN + 1], struct stauth_invite *invite,
	struct stauth_err *err)
{
	enum stauth_rc rc = stauth_random_token(ctx->random, token, err);

	if (rc == STAUTH_OK) {
		rc = stauth_random_handle(ctx->random, invite->id, err);
	}
	if (rc == STAUTH_OK &&
		!stauth_sha256(token, STAUTH_TOKEN_LEN, invite->token_hash)) {
		rc = stauth_fail(err, STAUTH_ECRYPTO, "SHA-256 failed");
	}
	return rc;
}

static enum stauth_rc add(struct stauth_ctx *ctx,
	const struct stauth_invite_new *new_invite,
	const struct stauth_actor *actor,
	const struct stauth_invite_made *ret_made, struct stauth_err *err)
{
	struct stauth_invite invite = {.uses = 0};
	enum stauth_rc rc = stauth_mailing_ready(ctx->config, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = fill(ctx, new_invite, &invite, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	char token[STAUTH_TOKEN_LEN + 1];
	rc = make_token(ctx, token, &invite, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	snprintf(invite.created_by, sizeof(invite.created_by), "%s",
		actor->name);
	struct stauth_audit_row row;
	stauth_audit_fill(&row, "invite.add", invite.email, 0, actor);
	stauth_text_clean(row.detail, sizeof(row.detail), invite.id);
	rc = ctx->state->ops->invite_put(
		ctx->state, &invite, &row, invite.created_at, err);
	if (rc == STAUTH_OK) {
		invite.uses_left = invite.uses;
		*ret_made->invite = invite;
		snprintf(ret_made->link, STAUTH_INVITE_LINK_SIZE,
			"%s/auth/signup?invite=%s",
			ctx->config->public_urls[0].origin, token);
	}
	stauth_wipe_array(token);
	return rc;
}

enum stauth_rc stauth_invite_add(struct stauth_ctx *ctx,
	const struct stauth_invite_new *new_invite,
	const struct stauth_actor *actor,
	const struct stauth_invite_made *ret_made, struct stauth_err *err)
{
	return stauth_account_report(
		ctx, add(ctx, new_invite, actor, ret_made, err), err);
}

enum stauth_rc stauth_invite_list(struct stauth_ctx *ctx,
	const struct stauth_invite_page *page,
	struct stauth_invite *ret_invites, size_t *ret_count,
	struct stauth_err *err)
{
	struct stauth_invite_page asked = *page;

	asked.now_s = ctx->state->ops->now(ctx->state);
	return ctx->state->ops->invite_list(
		ctx->state, &asked, ret_invites, ret_count, err);
}

enum stauth_rc stauth_invite_revoke(struct stauth_ctx *ctx, const char *id,
	const struct stauth_actor *actor, struct stauth_err *err)
{
	struct stauth_audit_row row;

	stauth_audit_fill(&row, "invite.revoke", "", 0, actor);
	stauth_text_clean(row.detail, sizeof(row.detail), id);
	enum stauth_rc rc = ctx->state->ops->invite_revoke(
		ctx->state, id, &row, ctx->state->ops->now(ctx->state), err);
	if (rc == STAUTH_NOTFOUND) {
		rc = stauth_fail(err, rc, STAUTH_TEXT_INVITE_NONE, id);
	}
	return stauth_account_report(ctx, rc, err);
}

/* --- 3. */

enum stauth_rc stauth_invite_read(struct stauth_ctx *ctx, const char *token,
	struct stauth_invite *ret_invite, struct stauth_err *err)
{
	uint8_t hash[STAUTH_SHA256_LEN];
	enum stauth_rc rc = STAUTH_NOTFOUND;

	if (stauth_token_wellformed(token, strlen(token))) {
		if (!stauth_sha256(token, STAUTH_TOKEN_LEN, hash)) {
			return stauth_fail(
				err, STAUTH_ECRYPTO, "SHA-256 failed");
		}
		rc = ctx->state->ops->invite_by_hash(ctx->state, hash,
			ctx->state->ops->now(ctx->state), ret_invite, err);
	}
	return rc == STAUTH_NOTFOUND ? stauth_fail(err, STAUTH_EXPIRED,
					       STAUTH_TEXT_INVITE_DEAD)
				     : rc;
}

enum stauth_rc stauth_invite_open(struct stauth_ctx *ctx, const char *token,
	struct stauth_pending *pending, struct stauth_err *err)
{
	struct stauth_invite invite;
	enum stauth_rc rc = stauth_invite_read(ctx, token, &invite, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	if (invite.email[0] != '\0' &&
		strcmp(invite.email, pending->email) != 0) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_INVITE_EMAIL);
	}
	pending->invited = true;
	pending->approved = invite.approved;
	memcpy(pending->invite_hash, invite.token_hash,
		sizeof(pending->invite_hash));
	memcpy(pending->groups, invite.groups, sizeof(pending->groups));
	return STAUTH_OK;
}
