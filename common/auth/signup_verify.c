/* SPDX-License-Identifier: MIT */
/*
 * From a PIN to an account, in the order of the code:
 *
 *  1. Only the browser that asked has something to verify. The verdict MUST
 *     be DENY until the account is made; ALLOW is assigned in one place.
 *  2. The store counts the try before it compares, and of several right ones
 *     one wins. A wrong PIN stays counted and leaves an audit row; a dead
 *     one, a sign-up without a PIN and a fault are no failures.
 *  3. The account is made from the password that waited with the PIN, under
 *     the address that the mail went to; if the address is taken by then, it
 *     stays with its owner. The log-in shows two factors, password and PIN,
 *     and takes its failure back when the session opens.
 *  4. With the right PIN the row is verified and its invitation loses a use,
 *     in one step; a second PIN takes no second use. Where an administrator
 *     has to approve it, the row stays a month, administrators get a mail,
 *     and nobody is signed in.
 *  5. A failure MUST be counted for the source before the PIN is compared,
 *     and a throttled source MUST end there, with the PIN untouched.
 */
#include <stdio.h>
#include <string.h>

#include "auth/account_parts.h"
#include "auth/audit.h"
#include "auth/mailing.h"
#include "auth/name.h"
#include "auth/rate_limit.h"
#include "auth/signup.h"
#include "auth/signup_pin.h"
#include "base/text.h"
#include "store/accounts.h"
#include "store/state.h"

#include "base/banned.h"

#define DAY_S       86400
#define WAIT_LIFE_S (30 * DAY_S) /* for an administrator */
#define MAIL_LIFE_S DAY_S
#define ADMINS_MAX  10

/* --- 1. */

/* One PIN that was typed, and what it is for. */
struct attempt {
	struct stauth_ctx *ctx;
	const struct stauth_signup_who *who;
	struct stauth_pending pending;
	char pin[STAUTH_PIN_LEN + 1];
	struct stauth_login *login;
	int tries_left;
};

static struct stauth_actor actor_of(const struct attempt *try)
{
	return (struct stauth_actor){
		"", try->login->channel, try->login->address};
}

static enum stauth_rc start_login(struct attempt *try, struct stauth_err *err)
{
	const struct stauth_login_request asks = {
		.username = try->pending.email,
		.username_len = strlen(try->pending.email),
		.address = try->who->address,
		.channel = try->who->channel,
	};
	enum stauth_rc rc =
		stauth_login_start(try->ctx, &asks, try->login, err);

	/* A PIN has tries of its own; only the source is counted. */
	const char *source = try->login->source;
	try->login->verdict = STAUTH_DENY;
	try->login->limits = (struct stauth_limits){0};
	stauth_limits_add(&try->login->limits, STAUTH_LIMIT_SOURCE,
		source[0] ? source : "?", NULL);
	return rc;
}

/* --- 2. */

static void settle_wrong(const struct attempt *try)
{
	struct stauth_ctx *ctx = try->ctx;
	const struct stauth_actor actor = actor_of(try);
	char detail[64];

	snprintf(detail, sizeof(detail), "wrong, %d tries left",
		try->tries_left);
	struct stauth_audit_row row;
	stauth_audit_fill(&row, "signup.pin", try->pending.email, 0, &actor);
	row.ok = false;
	stauth_text_clean(row.detail, sizeof(row.detail), detail);
	struct stauth_err err;
	if (stauth_rate_limits_settle(ctx, &try->login->limits,
		    STAUTH_OUTCOME_FAILURE, &row, &err) != STAUTH_OK) {
		stauth_report(&ctx->messages, STAUTH_WARNING,
			"The audit row signup.pin could not be written: %s",
			err.msg);
	}
}

static enum stauth_rc compare(struct attempt *try, struct stauth_err *err)
{
	struct stauth_state *state = try->ctx->state;
	uint8_t mac[32];
	const struct stauth_pin_parts parts = {STAUTH_PIN_SIGNUP,
		try->who->flow, try->pending.email, try->pin};
	enum stauth_rc rc = stauth_pin_mac(try->ctx, &parts, mac, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = state->ops->pin_try(state,
		&(const struct stauth_pin_key){.purpose = STAUTH_PIN_SIGNUP,
			.flow_hash = try->pending.flow_hash,
			.now_s = state->ops->now(state)},
		mac, &try->tries_left, err);
	stauth_wipe_array(mac);
	return rc;
}

/* --- 3. */

/* The one place that allows. */
static enum stauth_rc make_account(
	const struct attempt *try, struct stauth_err *err)
{
	const struct stauth_actor actor = actor_of(try);
	struct stauth_account account = {0};

	memcpy(account.name, try->pending.email, sizeof(account.name));
	struct stauth_change change;
	stauth_change_fill(try->ctx, "signup", &account, &actor, &change);
	enum stauth_rc rc = stauth_signup_promote(
		try->ctx, &try->pending, &change, &account, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	try->login->account = account;
	try->login->factors = STAUTH_FACTOR_PASSWORD | STAUTH_FACTOR_PIN;
	try->login->verdict = STAUTH_ALLOW;
	return STAUTH_OK;
}

/* --- 4. */

/* One mail to each, if the limits allow; the list has it in any case. */
static void tell_administrators(const struct attempt *try)
{
	struct stauth_ctx *ctx = try->ctx;
	struct stauth_account admins[ADMINS_MAX];
	size_t count = 0;
	struct stauth_err err = {0};
	enum stauth_rc rc = ctx->accounts->ops->superusers(
		ctx->accounts, ADMINS_MAX, admins, &count, &err);

	for (size_t i = 0; rc == STAUTH_OK && i < count; i++) {
		const struct stauth_mail_order order = {
			STAUTH_MAIL_SIGNUP_WAITING, admins[i].email,
			try->pending.email, MAIL_LIFE_S};
		const struct stauth_mailing_question question = {
			STAUTH_MAILING_APPROVAL, admins[i].email,
			try->who->address};
		struct stauth_mailing mailing = {0};

		rc = stauth_mail_fill(ctx, &order, &mailing.mail, &err);
		if (rc != STAUTH_OK) {
			break;
		}
		stauth_mailing_set_limits(&mailing, &question, false);
		int64_t wait_s = 0;
		rc = stauth_mailing_post(ctx, &mailing, &wait_s, &err);
		rc = rc == STAUTH_THROTTLED ? STAUTH_OK : rc;
	}
	if (rc != STAUTH_OK) {
		stauth_report(&ctx->messages, STAUTH_WARNING,
			"The mail about the sign-up of %s was not sent: %s",
			try->pending.email, err.msg);
	}
}

static enum stauth_rc take_right(struct attempt *try, struct stauth_err *err)
{
	struct stauth_ctx *ctx = try->ctx;
	const struct stauth_actor actor = actor_of(try);
	struct stauth_account account = {0};

	memcpy(account.name, try->pending.email, sizeof(account.name));
	struct stauth_change change;
	stauth_change_fill(ctx, "signup.wait", &account, &actor, &change);
	try->pending.verified_at = change.now_s;
	bool waits = stauth_signup_waits(ctx->config, &try->pending);
	if (!waits) {
		change.audit.event[0] = '\0'; /* the account has one */
	}
	enum stauth_rc rc = ctx->accounts->ops->pending_verify(ctx->accounts,
		try->pending.flow_hash, waits ? change.now_s + WAIT_LIFE_S : 0,
		&change, err);
	if (rc == STAUTH_REFUSED) {
		return stauth_fail(err, rc, STAUTH_TEXT_INVITE_DEAD);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (!waits) {
		return make_account(try, err);
	}
	tell_administrators(try);
	return stauth_fail(err, STAUTH_PENDING, STAUTH_TEXT_SIGNUP_WAITS);
}

/* --- 5. */

static enum stauth_rc verify(struct attempt *try, struct stauth_err *err)
{
	enum stauth_rc rc = start_login(try, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_rate_limits_reserve(
		try->ctx, &try->login->limits, &try->login->wait_s, err);
	if (rc != STAUTH_OK) {
		try->login->verdict = rc == STAUTH_THROTTLED
					      ? STAUTH_DENY_THROTTLED
					      : STAUTH_DENY;
		return rc;
	}
	rc = compare(try, err);
	if (rc == STAUTH_BADVALUE) {
		settle_wrong(try);
		return rc;
	}
	if (rc == STAUTH_OK) {
		rc = take_right(try, err);
	}
	if (rc != STAUTH_OK) {
		(void)stauth_rate_limits_settle(try->ctx, &try->login->limits,
			STAUTH_OUTCOME_FAULT, NULL, NULL);
	}
	return rc;
}

/* So that what was mistyped does not look like a PIN without tries. */
static void show_tries(struct attempt *try)
{
	struct stauth_state *state = try->ctx->state;
	struct stauth_pin pin = {0};

	if (state->ops->pin_read(state,
		    &(const struct stauth_pin_key){.purpose = STAUTH_PIN_SIGNUP,
			    .flow_hash = try->pending.flow_hash,
			    .now_s = state->ops->now(state)},
		    &pin, NULL) == STAUTH_OK) {
		try->tries_left = pin.tries_left;
	}
}

enum stauth_rc stauth_signup_verify(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who,
	struct stauth_signup_attempt *attempt, struct stauth_login *login,
	struct stauth_err *err)
{
	struct attempt try = {.ctx = ctx, .who = who, .login = login};

	*login = (struct stauth_login){.verdict = STAUTH_DENY};
	attempt->tries_left = 0;
	enum stauth_rc rc =
		stauth_pin_pending(ctx, who->flow, &try.pending, err);
	if (rc >= 0 && !ctx->config->allow_user_sign_up &&
		!try.pending.invited) {
		rc = stauth_fail(
			err, STAUTH_ECONFIG, "ALLOW_USER_SIGN_UP is not set");
	}
	if (rc == STAUTH_OK && stauth_signup_waits(ctx->config, &try.pending)) {
		rc = stauth_fail(err, STAUTH_PENDING, STAUTH_TEXT_SIGNUP_WAITS);
	}
	if (rc != STAUTH_OK) {
		stauth_wipe(&try.pending, sizeof(try.pending));
		return rc;
	}
	rc = stauth_pin_typed(attempt->pin, try.pin, err);
	if (rc == STAUTH_OK) {
		rc = verify(&try, err);
	} else {
		show_tries(&try);
	}
	attempt->tries_left = try.tries_left;
	stauth_wipe_array(try.pin);
	stauth_wipe(&try.pending, sizeof(try.pending));
	return rc;
}
