/* SPDX-License-Identifier: MIT */
/*
 * A try at logging in (its start: login_start.c), in the order of the code:
 *
 *  1. The verdict MUST be DENY until everything is known; ALLOW is assigned
 *     in one place.
 *  2. The try MUST be reserved before the account is looked up or hashed for;
 *     a throttled try MUST end there.
 *  3. An empty password is wrong, without a hash, and no failure; an overlong
 *     one is a failure. In PAM a name that stauth does not have is no failure
 *     either, and leaves no row: it may be another module's.
 *  4. Every other try MUST cost one hash: that of the account, or, if there
 *     is none to compare with, one like those of real accounts, whose result
 *     cannot allow.
 *  5. A stored form that cannot be read is a wrong password, reported in the
 *     audit.
 *  6. Only the right password of an existing, enabled account with a proper
 *     name is right, and a generated one only before its end, exclusive; a
 *     second factor, if the account has one, stands before
 *     ALLOW.
 *  7. An outdated form is replaced by a new one of the same password, only if
 *     it still is the one that was checked; failing at that harms nobody.
 *  8. A fault is no verdict: the reservation MUST be given back, the answer
 *     stays DENY.
 *  9. A stranger from the web for whom no slot and no place to wait is free
 *     is refused before anything is written: a flood of them must not keep
 *     known devices from the store.
 * 10. A wrong password is counted with its audit row in one step; throttled
 *     tries leave at most one row a second and process, so that a flood does
 *     not fill the disk.
 */
#include "auth/login.h"

#include <stdio.h>
#include <string.h>

#include "auth/audit.h"
#include "auth/device.h"
#include "auth/name.h"
#include "auth/rate_limit.h"
#include "auth/slots.h"
#include "base/codec.h"
#include "store/accounts.h"
#include "store/state.h"

#include "base/banned.h"

#define THROTTLED_ROW_MS 1000

/* Whom the try is about, and what there is to compare with. */
struct candidate {
	bool exists;
	bool match;
	bool broken;  /* the stored form */
	bool expired; /* a generated password, too old */
	struct stauth_account account;
	char pattern[STAUTH_ENCODED_SIZE]; /* of somebody; "" nobody has one */
};

/* --- the audit rows */

static void fill_row(const struct stauth_login *login, const char *event,
	const struct stauth_account *account, const char *detail,
	struct stauth_audit_row *row)
{
	const struct stauth_actor actor = {
		.name = "",
		.channel = login->channel,
		.address = login->address,
	};

	stauth_audit_fill(row, event,
		account != NULL ? account->name : login->typed,
		account != NULL ? account->uid : 0, &actor);
	row->ok = false;
	stauth_text_clean(row->detail, sizeof(row->detail), detail);
}

/* The answer stands whether or not its row could be written; a failure that
 * could not be counted stays reserved, and is one in a while. */
static void settle_or_warn(struct stauth_ctx *ctx, struct stauth_login *login,
	const struct stauth_audit_row *row)
{
	struct stauth_err err;

	if (stauth_rate_limits_settle(ctx, &login->limits,
		    STAUTH_OUTCOME_FAILURE, row, &err) != STAUTH_OK) {
		stauth_report(&ctx->messages, STAUTH_WARNING,
			"The audit row %s could not be written: %s", row->event,
			err.msg);
	}
}

static void audit_throttled(struct stauth_ctx *ctx, struct stauth_login *login)
{
	int64_t now_ms = ctx->boot_ms();

	if (ctx->throttled_row_ms != 0 &&
		now_ms - ctx->throttled_row_ms < THROTTLED_ROW_MS) {
		return;
	}
	ctx->throttled_row_ms = now_ms;
	struct stauth_audit_row row;
	fill_row(login, "login.throttled", NULL, "", &row);
	settle_or_warn(ctx, login, &row);
}

static void settle_wrong(struct stauth_ctx *ctx, struct stauth_login *login,
	const struct candidate *c)
{
	const char *detail = "";

	if (c->broken) {
		detail = "the stored password cannot be read";
	} else if (login->right_but_disabled) {
		detail = "right, but disabled";
	} else if (c->match && c->expired) {
		detail = "right, but expired";
	}
	struct stauth_audit_row row;
	fill_row(login, "login.wrong", c->exists ? &c->account : NULL, detail,
		&row);
	settle_or_warn(ctx, login, &row);
}

/* --- 4. to 7. the password */

/* The pattern is read for known names too: the same reads for everybody. */
static enum stauth_rc read_candidate(struct stauth_ctx *ctx,
	const struct stauth_login *login, struct candidate *c,
	struct stauth_err *err)
{
	const struct stauth_keys *keys;
	enum stauth_rc rc = stauth_ctx_keys(ctx, &keys, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	char text[STAUTH_NAME_SIZE + 8];
	snprintf(text, sizeof(text), "seed:%s", login->name);
	uint8_t mac[STAUTH_SHA256_LEN];
	if (!stauth_hmac_sha256(keys->device, sizeof(keys->device), text,
		    strlen(text), mac)) {
		return stauth_fail(err, STAUTH_ECRYPTO, "HMAC failed");
	}
	uint64_t seed;
	memcpy(&seed, mac, sizeof(seed));
	rc = ctx->accounts->ops->user_by_name(
		ctx->accounts, login->name, &c->account, err);
	if (rc < 0) {
		return rc;
	}
	c->exists = rc == STAUTH_OK;
	rc = ctx->accounts->ops->password_like(
		ctx->accounts, seed, c->pattern, err);
	return rc > 0 ? STAUTH_OK : rc;
}

static enum stauth_rc encode(struct stauth_ctx *ctx,
	const struct stauth_secret *password,
	char ret_encoded[STAUTH_PASSWORD_ENCODED_SIZE], struct stauth_err *err)
{
	struct stauth_password_cost cost = stauth_hash_cost(ctx->config);

	return stauth_password_encode(
		&cost, ctx->random, password, ret_encoded, err);
}

/* A hash for the time it takes. */
static enum stauth_rc make_dummy_hash(struct stauth_ctx *ctx,
	const struct stauth_secret *password, struct stauth_err *err)
{
	char encoded[STAUTH_PASSWORD_ENCODED_SIZE];
	enum stauth_rc rc = encode(ctx, password, encoded, err);

	stauth_wipe_array(encoded);
	return rc;
}

static enum stauth_rc compare(struct stauth_ctx *ctx, struct candidate *c,
	const struct stauth_secret *password, struct stauth_err *err)
{
	bool own = c->exists && c->account.password[0];
	const char *encoded = own ? c->account.password : c->pattern;

	if (!encoded[0]) {
		return make_dummy_hash(ctx, password, err);
	}
	bool match = false;
	enum stauth_rc rc =
		stauth_password_verify(encoded, password, &match, err);
	if (rc == STAUTH_EBROKEN) {
		c->broken = own;
		return make_dummy_hash(ctx, password, err);
	}
	c->match = rc == STAUTH_OK && own && match;
	return rc;
}

static void refresh(struct stauth_ctx *ctx, const struct candidate *c,
	const struct stauth_secret *password)
{
	struct stauth_password_cost cost = stauth_hash_cost(ctx->config);

	if (stauth_password_is_current(c->account.password, &cost)) {
		return;
	}
	char encoded[STAUTH_PASSWORD_ENCODED_SIZE];
	if (encode(ctx, password, encoded, NULL) == STAUTH_OK) {
		(void)ctx->accounts->ops->password_rehash(ctx->accounts,
			c->account.uid, c->account.password, encoded, NULL);
	}
	stauth_wipe_array(encoded);
}

/* The one place that allows. */
static void judge(struct stauth_ctx *ctx, struct stauth_login *login,
	struct candidate *c, const struct stauth_secret *password)
{
	int64_t until = c->account.password_expires_at;

	c->expired = until != 0 && stauth_ctx_now(ctx) >= until;
	bool right = c->match && c->exists && login->name_ok && !c->expired;
	login->right_but_disabled = right && c->account.disabled;
	if (!right || c->account.disabled) {
		return;
	}
	refresh(ctx, c, password);
	login->factors |= STAUTH_FACTOR_PASSWORD;
	login->account = c->account;
	stauth_wipe_array(login->account.password);
	if (c->account.mfa_since != 0) {
		login->verdict = STAUTH_NEED_FACTOR;
		return;
	}
	login->verdict = STAUTH_ALLOW;
}

/* One that is too long is wrong without a hash. */
static bool hashes(const struct stauth_secret *password)
{
	return password != NULL && password->len <= STAUTH_PASSWORD_MAX;
}

static enum stauth_rc check_password(struct stauth_ctx *ctx,
	struct stauth_login *login, struct candidate *c,
	const struct stauth_secret *password, struct stauth_err *err)
{
	enum stauth_rc rc = read_candidate(ctx, login, c, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_slot slot;
	rc = stauth_slot_take(ctx, login->known_device, &slot, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = compare(ctx, c, password, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	judge(ctx, login, c, password);
out:
	stauth_slot_give(ctx, &slot);
	return rc;
}

/* The try is reserved, and settled unless the password is right. */
static enum stauth_rc try_password(struct stauth_ctx *ctx,
	struct stauth_login *login, const struct stauth_secret *password,
	struct stauth_err *err)
{
	struct candidate c = {0};
	enum stauth_rc rc = STAUTH_OK;

	if (hashes(password)) {
		rc = check_password(ctx, login, &c, password, err);
	}
	if (rc != STAUTH_OK) {
		login->verdict = STAUTH_DENY;
		(void)stauth_rate_limits_settle(
			ctx, &login->limits, STAUTH_OUTCOME_FAULT, NULL, NULL);
	} else if (login->verdict == STAUTH_DENY && !login->unknown) {
		settle_wrong(ctx, login, &c);
	}
	stauth_wipe(&c, sizeof(c));
	return rc;
}

enum stauth_rc stauth_login_password(struct stauth_ctx *ctx,
	struct stauth_login *login, const struct stauth_secret *password,
	struct stauth_err *err)
{
	bool asked = login->verdict == STAUTH_NEED_PASSWORD;

	login->verdict = STAUTH_DENY;
	if (!asked) {
		return stauth_fail(
			err, STAUTH_REFUSED, "no password was asked for");
	}
	if (password != NULL && password->len == 0) {
		return STAUTH_OK;
	}
	if (login->unknown) {
		return try_password(ctx, login, password, err);
	}
	enum stauth_rc rc = STAUTH_OK;
	if (hashes(password)) {
		rc = stauth_slot_check(ctx, login->known_device, err);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_rate_limits_reserve(
		ctx, &login->limits, &login->wait_s, err);
	if (rc == STAUTH_THROTTLED) {
		login->verdict = STAUTH_DENY_THROTTLED;
		audit_throttled(ctx, login);
		return STAUTH_OK;
	}
	return rc == STAUTH_OK ? try_password(ctx, login, password, err) : rc;
}

/* --- the end */

static enum stauth_rc end(struct stauth_ctx *ctx, struct stauth_login *login,
	struct stauth_audit_row *row, struct stauth_err *err)
{
	if (login->verdict != STAUTH_ALLOW) {
		return stauth_fail(err, STAUTH_REFUSED, "not allowed");
	}
	if (login->keep_source) {
		enum stauth_rc rc = stauth_device_keep(
			ctx, login->device_hash, &login->account, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
	}
	return stauth_rate_limits_settle(
		ctx, &login->limits, STAUTH_OUTCOME_SUCCESS, row, err);
}

enum stauth_rc stauth_login_done(struct stauth_ctx *ctx,
	struct stauth_login *login, const char *event, struct stauth_err *err)
{
	struct stauth_audit_row row;

	fill_row(login, event, &login->account, "", &row);
	row.ok = true;
	return end(ctx, login, &row, err);
}

enum stauth_rc stauth_login_refused(struct stauth_ctx *ctx,
	struct stauth_login *login, const char *why, struct stauth_err *err)
{
	struct stauth_audit_row row;

	fill_row(login, "login.refused", &login->account, why, &row);
	return end(ctx, login, &row, err);
}

void stauth_login_finish(struct stauth_login *login)
{
	stauth_wipe(login, sizeof(*login));
}
