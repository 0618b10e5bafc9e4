/* SPDX-License-Identifier: MIT */
/*
 * The PIN of a sign-up, in the order of the code:
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
 */
#include "auth/signup_pin.h"

#include <stdio.h>
#include <string.h>

#include "auth/session.h"
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

enum stauth_rc stauth_pin_mac(struct stauth_ctx *ctx,
	const struct stauth_pin_parts *parts, uint8_t ret_mac[32],
	struct stauth_err *err)
{
	struct frame frame = {.len = 0};

	add_part(&frame, parts->purpose);
	add_part(&frame, parts->flow);
	add_part(&frame, parts->email);
	add_part(&frame, parts->pin);
	return keyed(ctx, &frame, ret_mac, err);
}

enum stauth_rc stauth_pin_fill(struct stauth_ctx *ctx,
	const struct stauth_pin_order *order, struct stauth_mail *mail,
	struct stauth_pin *ret_pin, struct stauth_err *err)
{
	char text[STAUTH_PIN_LEN + 1];

	enum stauth_rc rc = stauth_pin_make(ctx, text, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_pin pin = {0};
	uint8_t mac[sizeof(pin.pin_mac)];
	const struct stauth_pin_parts parts = {
		order->purpose, order->flow, order->email, text};
	rc = stauth_pin_mac(ctx, &parts, mac, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = ctx->random(pin.pin_mac, sizeof(pin.pin_mac), err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	if (order->matches) {
		memcpy(mail->code, text, sizeof(text));
		memcpy(pin.pin_mac, mac, sizeof(mac));
	}
	snprintf(pin.purpose, sizeof(pin.purpose), "%s", order->purpose);
	memcpy(pin.flow_hash, order->flow_hash, sizeof(pin.flow_hash));
	pin.tries_left = STAUTH_PIN_TRIES;
	pin.created_at = mail->created_at;
	pin.expires_at = mail->expires_at < order->expires_at
				 ? mail->expires_at
				 : order->expires_at;
	*ret_pin = pin;
out:
	stauth_wipe_array(text);
	return rc;
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

bool stauth_signup_waits(const struct stauth_config *config,
	const struct stauth_pending *pending)
{
	return config->sign_up_approval && !pending->approved &&
	       pending->verified_at != 0;
}

enum stauth_rc stauth_signup_promote(struct stauth_ctx *ctx,
	const struct stauth_pending *pending, struct stauth_change *change,
	struct stauth_account *ret_account, struct stauth_err *err)
{
	struct stauth_account account = {0};

	memcpy(account.name, pending->email, sizeof(account.name));
	memcpy(account.email, pending->email, sizeof(account.email));
	memcpy(account.password, pending->password, sizeof(account.password));
	memcpy(account.groups, pending->groups, sizeof(account.groups));
	const struct stauth_promotion promotion = {
		pending->flow_hash, &account};
	int64_t uid = 0;
	enum stauth_rc rc = ctx->accounts->ops->pending_promote(
		ctx->accounts, &promotion, change, &uid, err);
	if (rc == STAUTH_OK) {
		rc = ctx->accounts->ops->user_by_uid(
			ctx->accounts, uid, &account, err);
	}
	stauth_wipe_array(account.password);
	if (rc == STAUTH_OK) {
		*ret_account = account;
	}
	return rc;
}
