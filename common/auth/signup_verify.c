/* SPDX-License-Identifier: MIT */
/*
 * From a PIN to an account, in the order of the code:
 *
 *  1. The verdict MUST be DENY until the account is made; ALLOW is assigned
 *     in one place.
 *  2. What cannot be a PIN is told and counted nowhere, neither as a try nor
 *     as a failure.
 *  3. Only the browser that asked has something to verify.
 *  4. A failure MUST be counted in the source lane before the PIN is
 *     compared, and a throttled source MUST end there, with the PIN untouched.
 *  5. The store counts the try before it compares, and of several right ones
 *     tells one. A wrong PIN stays counted and leaves an audit row; a dead
 *     one, a sign-up without a PIN and a fault are no failures.
 *  6. The account is made from the password that waited with the PIN, under
 *     the address that the mail went to; whoever was faster keeps it.
 *  7. The log-in shows two factors, password and PIN, and takes its failure
 *     back when the session opens.
 */
#include <stdio.h>
#include <string.h>

#include "auth/account_change.h"
#include "auth/audit.h"
#include "auth/signup.h"
#include "auth/signup_pin.h"
#include "auth/throttle.h"
#include "store/accounts.h"
#include "store/state.h"

#include "base/banned.h"

static void fill_actor(
	const struct stauth_login *login, struct stauth_actor *actor)
{
	*actor = (struct stauth_actor){
		.name = "",
		.channel = login->channel,
		.address = login->address,
	};
}

/* --- 1. and 3. */

static enum stauth_rc start_login(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who,
	const struct stauth_pending *pending, struct stauth_login *login,
	struct stauth_err *err)
{
	const struct stauth_login_who asks = {
		.username = pending->email,
		.username_len = strlen(pending->email),
		.address = who->address,
		.channel = who->channel,
	};
	enum stauth_rc rc = stauth_login_start(ctx, &asks, login, err);

	login->verdict = STAUTH_DENY;
	stauth_throttle_source_lane(login);
	return rc;
}

/* --- 5. */

static void tell_wrong(struct stauth_ctx *ctx,
	const struct stauth_pending *pending, const struct stauth_login *login,
	int tries_left)
{
	struct stauth_audit_row row;
	struct stauth_actor actor;
	struct stauth_err err;
	char detail[64];

	fill_actor(login, &actor);
	(void)snprintf(
		detail, sizeof(detail), "wrong, %d tries left", tries_left);
	stauth_audit_fill(
		&row, "signup.pin", false, pending->email, 0, &actor, detail);
	if (ctx->state->ops->audit_add(ctx->state, &row,
		    ctx->state->ops->now(ctx->state), &err) != STAUTH_OK) {
		stauth_say(&ctx->messages, STAUTH_WARNING,
			"The audit row signup.pin could not be written: %s",
			err.msg);
	}
}

static enum stauth_rc try_pin(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who,
	const struct stauth_pending *pending, const char *pin,
	int *ret_tries_left, struct stauth_err *err)
{
	uint8_t mac[32];
	enum stauth_rc rc =
		stauth_pin_mac(ctx, who->flow, pending->email, pin, mac, err);

	if (rc == STAUTH_OK) {
		rc = ctx->state->ops->pin_try(ctx->state, STAUTH_PIN_SIGNUP,
			pending->flow_hash, mac,
			ctx->state->ops->now(ctx->state), ret_tries_left, err);
	}
	stauth_wipe_array(mac);
	return rc;
}

/* --- 6. and 7. */

static enum stauth_rc promote(struct stauth_ctx *ctx,
	const struct stauth_pending *pending, const struct stauth_login *login,
	struct stauth_account *account, struct stauth_err *err)
{
	struct stauth_change change;
	struct stauth_actor actor;
	int64_t uid = 0;
	int ended = 0;
	enum stauth_rc rc;

	fill_actor(login, &actor);
	memcpy(account->name, pending->email, sizeof(account->name));
	memcpy(account->email, pending->email, sizeof(account->email));
	memcpy(account->password, pending->password, sizeof(account->password));
	stauth_change_fill(ctx, "signup", account, &actor, "", false, &change);
	rc = ctx->accounts->ops->pending_promote(
		ctx->accounts, pending->flow_hash, account, &change, &uid, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	change.audit.uid = uid;
	rc = stauth_change_after(ctx, uid, &change, &ended, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	return ctx->accounts->ops->user_by_uid(
		ctx->accounts, uid, account, err);
}

/* The one place that allows. */
static enum stauth_rc make_account(struct stauth_ctx *ctx,
	const struct stauth_pending *pending, struct stauth_login *login,
	struct stauth_err *err)
{
	struct stauth_account account = {0};
	enum stauth_rc rc = promote(ctx, pending, login, &account, err);

	stauth_wipe_array(account.password);
	if (rc == STAUTH_OK) {
		login->account = account;
		login->factors = STAUTH_FACTOR_PASSWORD | STAUTH_FACTOR_PIN;
		login->verdict = STAUTH_ALLOW;
	}
	return rc;
}

static enum stauth_rc judge(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who,
	const struct stauth_pending *pending, const char *pin,
	struct stauth_login *login, int *ret_tries_left, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_throttle_take(ctx, login, err);

	if (rc != STAUTH_OK) {
		login->verdict = rc == STAUTH_THROTTLED ? STAUTH_DENY_THROTTLED
							: STAUTH_DENY;
		return rc;
	}
	rc = try_pin(ctx, who, pending, pin, ret_tries_left, err);
	if (rc == STAUTH_BADVALUE) {
		tell_wrong(ctx, pending, login, *ret_tries_left);
		return rc;
	}
	if (rc == STAUTH_OK) {
		rc = make_account(ctx, pending, login, err);
	}
	if (rc != STAUTH_OK) {
		(void)stauth_throttle_done(ctx, login, false, NULL);
	}
	return rc;
}

/* --- 2. */

/* So that what was mistyped does not look like a PIN without tries. */
static void show_tries(struct stauth_ctx *ctx,
	const struct stauth_pending *pending, int *ret_tries_left)
{
	struct stauth_pin pin = {0};

	if (ctx->state->ops->pin_look(ctx->state, STAUTH_PIN_SIGNUP,
		    pending->flow_hash, ctx->state->ops->now(ctx->state), &pin,
		    NULL) == STAUTH_OK) {
		*ret_tries_left = pin.tries_left;
	}
}

enum stauth_rc stauth_signup_verify(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who, const char *pin,
	struct stauth_login *login, int *ret_tries_left, struct stauth_err *err)
{
	char typed[STAUTH_PIN_LEN + 1];
	struct stauth_pending pending = {0};
	enum stauth_rc rc;

	*login = (struct stauth_login){.verdict = STAUTH_DENY};
	*ret_tries_left = 0;
	if (!ctx->config->allow_user_sign_up) {
		return stauth_fail(
			err, STAUTH_ECONFIG, "ALLOW_USER_SIGN_UP is not set");
	}
	rc = stauth_pin_pending(ctx, who->flow, &pending, err);
	if (rc == STAUTH_OK) {
		rc = stauth_pin_typed(pin, typed, err);
		if (rc != STAUTH_OK) {
			show_tries(ctx, &pending, ret_tries_left);
		}
	}
	if (rc == STAUTH_OK) {
		rc = start_login(ctx, who, &pending, login, err);
	}
	if (rc == STAUTH_OK) {
		rc = judge(
			ctx, who, &pending, typed, login, ret_tries_left, err);
	}
	stauth_wipe_array(typed);
	stauth_wipe(&pending, sizeof(pending));
	return rc;
}
