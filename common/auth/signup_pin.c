/* SPDX-License-Identifier: MIT */
/*
 * The PIN of a sign-up, and from it to an account, in the order of the code:
 *
 *  1. A PIN MUST be six digits, each of the million equally likely, from the
 *     random source; if that fails there is none. It is text: leading zeros
 *     count.
 *  2. What is typed MUST be six ASCII digits; blanks and one dash between
 *     them are accepted, because people copy "123 456". Anything else is no
 *     guess: it is compared with nothing and counted nowhere.
 *  3. Only a keyed hash of a PIN MUST reach the store, under a key from
 *     outside of it: a million plain hashes are quickly tried.
 *  4. The hash MUST bind the purpose, the browser and the address, each with
 *     its length before it, so that no other three give the same text.
 *  5. Only the browser that asked has something to verify. The verdict MUST
 *     be DENY until the account is made; ALLOW is assigned in one place.
 *  6. The store counts the try before it compares, and of several right ones
 *     one wins. A wrong PIN stays counted and leaves an audit row; a dead
 *     one, a sign-up without a PIN and a fault are no failures.
 *  7. The account is made from the password that waited with the PIN, under
 *     the address that the mail went to; if the address is taken by then, it
 *     stays with its owner. The log-in shows two factors, password and PIN,
 *     and takes its failure back when the session opens.
 *  8. A failure MUST be counted for the source before the PIN is compared,
 *     and a throttled source MUST end there, with the PIN untouched.
 */
#include "auth/signup_pin.h"

#include <stdio.h>
#include <string.h>

#include "auth/account_parts.h"
#include "auth/audit.h"
#include "auth/rate_limit.h"
#include "auth/session.h"
#include "auth/signup.h"
#include "base/ascii.h"
#include "base/codec.h"
#include "base/secret.h"
#include "base/text.h"
#include "store/accounts.h"
#include "store/state.h"

#include "base/banned.h"

#define PIN_COUNT 1000000u
/* Above the last whole million of 32 bits the first PINs would be favoured. */
#define DRAW_END (UINT32_MAX / PIN_COUNT * PIN_COUNT)

/* --- 1. */

enum stauth_rc stauth_pin_make(struct stauth_ctx *ctx,
	char ret_pin[STAUTH_PIN_LEN + 1], struct stauth_err *err)
{
	uint32_t draw;

	do {
		enum stauth_rc rc = ctx->random(&draw, sizeof(draw), err);

		if (rc != STAUTH_OK) {
			return rc;
		}
	} while (draw >= DRAW_END);
	snprintf(ret_pin, STAUTH_PIN_LEN + 1, "%06u", draw % PIN_COUNT);
	stauth_wipe(&draw, sizeof(draw));
	return STAUTH_OK;
}

/* --- 2. */

static bool read_digits(const char *typed, char pin[STAUTH_PIN_LEN + 1])
{
	size_t digits = 0;
	size_t dashes = 0;
	char last = '\0';

	for (const char *at = typed; *at; at++) {
		last = *at;
		if (stauth_is_digit(*at)) {
			if (digits == STAUTH_PIN_LEN) {
				return false;
			}
			pin[digits++] = *at;
		} else if (digits == 0 || (*at != ' ' && *at != '-')) {
			return false;
		} else {
			dashes += *at == '-';
		}
	}
	pin[digits] = '\0';
	return digits == STAUTH_PIN_LEN && stauth_is_digit(last) && dashes <= 1;
}

enum stauth_rc stauth_pin_typed(const char *typed,
	char ret_pin[STAUTH_PIN_LEN + 1], struct stauth_err *err)
{
	char pin[STAUTH_PIN_LEN + 1];
	bool ok = typed != NULL && read_digits(typed, pin);

	if (ok) {
		memcpy(ret_pin, pin, sizeof(pin));
	}
	stauth_wipe_array(pin);
	return ok ? STAUTH_OK
		  : stauth_fail(err, STAUTH_BADVALUE, STAUTH_TEXT_PIN_FORM);
}

/* --- 3. and 4. */

struct frame {
	uint8_t data[512];
	size_t len;
};

/* None of the parts is as long as 256 bytes. */
static void add_part(struct frame *frame, const char *part)
{
	size_t len = strlen(part);

	frame->data[frame->len++] = (uint8_t)len;
	memcpy(frame->data + frame->len, part, len);
	frame->len += len;
}

static enum stauth_rc keyed(struct stauth_ctx *ctx, struct frame *frame,
	uint8_t ret_hash[32], struct stauth_err *err)
{
	const struct stauth_keys *keys;

	enum stauth_rc rc = stauth_ctx_keys(ctx, &keys, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	uint8_t hash[STAUTH_SHA256_LEN];
	if (!stauth_hmac_sha256(keys->pin, sizeof(keys->pin), frame->data,
		    frame->len, hash)) {
		rc = stauth_fail(err, STAUTH_ECRYPTO, "HMAC failed");
		goto out;
	}
	memcpy(ret_hash, hash, sizeof(hash));
out:
	stauth_wipe(frame, sizeof(*frame));
	return rc;
}

enum stauth_rc stauth_pin_flow(struct stauth_ctx *ctx, const char *flow,
	uint8_t ret_hash[32], struct stauth_err *err)
{
	struct frame frame = {.len = 0};

	if (flow == NULL || !stauth_token_wellformed(flow, strlen(flow))) {
		return stauth_fail(
			err, STAUTH_NOTFOUND, "the browser has no token");
	}
	add_part(&frame, "flow");
	add_part(&frame, flow);
	return keyed(ctx, &frame, ret_hash, err);
}

enum stauth_rc stauth_pin_mac(struct stauth_ctx *ctx, const char *flow,
	const char *email, const char *pin, uint8_t ret_mac[32],
	struct stauth_err *err)
{
	struct frame frame = {.len = 0};

	add_part(&frame, STAUTH_PIN_SIGNUP);
	add_part(&frame, flow);
	add_part(&frame, email);
	add_part(&frame, pin);
	return keyed(ctx, &frame, ret_mac, err);
}

enum stauth_rc stauth_pin_pending(struct stauth_ctx *ctx, const char *flow,
	struct stauth_pending *ret_pending, struct stauth_err *err)
{
	uint8_t hash[32];
	enum stauth_rc rc = stauth_pin_flow(ctx, flow, hash, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	return ctx->accounts->ops->pending_by_flow(ctx->accounts, hash,
		ctx->state->ops->now(ctx->state), ret_pending, err);
}

/* --- 5. */

/* One PIN that was typed, and what it is for. */
struct attempt {
	struct stauth_ctx *ctx;
	const struct stauth_signup_who *who;
	struct stauth_pending pending;
	char pin[STAUTH_PIN_LEN + 1];
	struct stauth_login *login;
	int *ret_tries_left;
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

	try->login->verdict = STAUTH_DENY;
	stauth_rate_limits_source_only(try->login);
	return rc;
}

/* --- 6. */

static void audit_wrong(const struct attempt *try)
{
	struct stauth_ctx *ctx = try->ctx;
	const struct stauth_actor actor = actor_of(try);
	char detail[64];

	snprintf(detail, sizeof(detail), "wrong, %d tries left",
		*try->ret_tries_left);
	struct stauth_audit_row row;
	stauth_audit_fill(&row, "signup.pin", false, try->pending.email, 0,
		&actor, detail);
	struct stauth_err err;
	if (ctx->state->ops->audit_add(ctx->state, &row,
		    ctx->state->ops->now(ctx->state), &err) != STAUTH_OK) {
		stauth_report(&ctx->messages, STAUTH_WARNING,
			"The audit row signup.pin could not be written: %s",
			err.msg);
	}
}

static enum stauth_rc compare(const struct attempt *try, struct stauth_err *err)
{
	struct stauth_state *state = try->ctx->state;
	uint8_t mac[32];
	enum stauth_rc rc = stauth_pin_mac(try->ctx, try->who->flow,
		try->pending.email, try->pin, mac, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = state->ops->pin_try(state, STAUTH_PIN_SIGNUP,
		try->pending.flow_hash, mac, state->ops->now(state),
		try->ret_tries_left, err);
	stauth_wipe_array(mac);
	return rc;
}

/* --- 7. */

static enum stauth_rc promote(const struct attempt *try,
	struct stauth_account *account, struct stauth_err *err)
{
	struct stauth_ctx *ctx = try->ctx;
	const struct stauth_pending *pending = &try->pending;
	const struct stauth_actor actor = actor_of(try);

	memcpy(account->name, pending->email, sizeof(account->name));
	memcpy(account->email, pending->email, sizeof(account->email));
	memcpy(account->password, pending->password, sizeof(account->password));
	struct stauth_change change;
	stauth_change_fill(ctx, "signup", account, &actor, &change);
	int64_t uid = 0;
	enum stauth_rc rc = ctx->accounts->ops->pending_promote(
		ctx->accounts, pending->flow_hash, account, &change, &uid, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	return ctx->accounts->ops->user_by_uid(
		ctx->accounts, uid, account, err);
}

/* The one place that allows. */
static enum stauth_rc make_account(
	const struct attempt *try, struct stauth_err *err)
{
	struct stauth_account account = {0};
	enum stauth_rc rc = promote(try, &account, err);

	stauth_wipe_array(account.password);
	if (rc != STAUTH_OK) {
		return rc;
	}
	try->login->account = account;
	try->login->factors = STAUTH_FACTOR_PASSWORD | STAUTH_FACTOR_PIN;
	try->login->verdict = STAUTH_ALLOW;
	return STAUTH_OK;
}

/* --- 8. */

static enum stauth_rc verify(struct attempt *try, struct stauth_err *err)
{
	enum stauth_rc rc = start_login(try, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_rate_limits_take(try->ctx, try->login, err);
	if (rc != STAUTH_OK) {
		try->login->verdict = rc == STAUTH_THROTTLED
					      ? STAUTH_DENY_THROTTLED
					      : STAUTH_DENY;
		return rc;
	}
	rc = compare(try, err);
	if (rc == STAUTH_BADVALUE) {
		audit_wrong(try);
		return rc;
	}
	if (rc == STAUTH_OK) {
		rc = make_account(try, err);
	}
	if (rc != STAUTH_OK) {
		(void)stauth_rate_limits_done(
			try->ctx, try->login, false, NULL);
	}
	return rc;
}

/* So that what was mistyped does not look like a PIN without tries. */
static void show_tries(const struct attempt *try)
{
	struct stauth_state *state = try->ctx->state;
	struct stauth_pin pin = {0};

	if (state->ops->pin_read(state, STAUTH_PIN_SIGNUP,
		    try->pending.flow_hash, state->ops->now(state), &pin,
		    NULL) == STAUTH_OK) {
		*try->ret_tries_left = pin.tries_left;
	}
}

enum stauth_rc stauth_signup_verify(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who, const char *pin,
	struct stauth_login *login, int *ret_tries_left, struct stauth_err *err)
{
	struct attempt try = {
		.ctx = ctx,
		.who = who,
		.login = login,
		.ret_tries_left = ret_tries_left,
	};

	*login = (struct stauth_login){.verdict = STAUTH_DENY};
	*ret_tries_left = 0;
	if (!ctx->config->allow_user_sign_up) {
		return stauth_fail(
			err, STAUTH_ECONFIG, "ALLOW_USER_SIGN_UP is not set");
	}
	enum stauth_rc rc =
		stauth_pin_pending(ctx, who->flow, &try.pending, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_pin_typed(pin, try.pin, err);
	if (rc == STAUTH_OK) {
		rc = verify(&try, err);
	} else {
		show_tries(&try);
	}
	stauth_wipe_array(try.pin);
	stauth_wipe(&try.pending, sizeof(try.pending));
	return rc;
}
