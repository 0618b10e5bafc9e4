/* SPDX-License-Identifier: MIT */
/*
 * A try at logging in, in the order of the code:
 *
 *  1. The verdict MUST be DENY until everything is known; ALLOW is assigned
 *     in one place.
 *  2. A known device MUST be looked up in the same way whether the name is
 *     known or not.
 *  3. The failure MUST be counted before anything is looked up or hashed; a
 *     throttled try MUST end there.
 *  4. An empty or overlong password is wrong without a hash.
 *  5. Every other try MUST cost one hash: that of the account, or, if there
 *     is none to compare with, one like those of real accounts, whose result
 *     cannot allow.
 *  6. A stored form that cannot be read is a wrong password, told in the
 *     audit.
 *  7. Only the right password of an existing, enabled account with a proper
 *     name is right; a second factor, if the account has one, stands before
 *     ALLOW.
 *  8. An outdated form is replaced by a new one of the same password, only if
 *     it still is the one that was checked; failing at that harms nobody.
 *  9. A fault is no verdict: the failure MUST be taken back, the answer stays
 *     DENY.
 * 10. A wrong password leaves an audit row; throttled tries at most one a
 *     second and process, so that a flood does not fill the disk.
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

#define NO_NAME          "!"
#define THROTTLED_ROW_MS 1000

/* Whom the try is about, and what there is to compare with. */
struct candidate {
	bool exists;
	bool match;
	bool broken; /* the stored form */
	struct stauth_account account;
	char pattern[STAUTH_ENCODED_SIZE]; /* of somebody; "" nobody has one */
};

/* --- start */

/* Only those who do not come through the web may say local:...; nginx hands
 * on addresses, whatever a client writes. */
static void set_source(
	struct stauth_login *login, const struct stauth_login_request *who)
{
	const char *address = who->address != NULL ? who->address : "";

	stauth_text_clean(login->address, sizeof(login->address), address);
	if (strncmp(address, "local:", 6) == 0 &&
		strcmp(login->channel, "web") != 0) {
		stauth_text_clean(
			login->source, sizeof(login->source), address);
		return;
	}
	stauth_source_of_address(address, login->source);
}

static void set_name(
	struct stauth_login *login, const struct stauth_login_request *who)
{
	char typed[STAUTH_NAME_SIZE];
	size_t len = who->username_len < sizeof(typed) - 1 ? who->username_len
							   : sizeof(typed) - 1;

	memcpy(typed, who->username, len);
	typed[len] = '\0';
	stauth_text_clean(login->typed, sizeof(login->typed), typed);
	login->name_ok = stauth_name_canonical(who->username, who->username_len,
				 login->name, NULL) == STAUTH_OK;
	if (!login->name_ok) {
		snprintf(login->name, sizeof(login->name), NO_NAME);
	}
}

static enum stauth_rc find_device(struct stauth_ctx *ctx,
	struct stauth_login *login, const char *token, struct stauth_err *err)
{
	if (token == NULL || !stauth_token_wellformed(token, strlen(token))) {
		return STAUTH_OK;
	}
	struct stauth_account account = {0};
	enum stauth_rc rc = ctx->accounts->ops->user_by_name(
		ctx->accounts, login->name, &account, err);
	struct stauth_account none = {0};
	if (rc >= 0) {
		rc = stauth_device_known(ctx, token,
			rc == STAUTH_OK ? &account : &none,
			&login->known_device, login->device_hash, err);
	}
	stauth_wipe_array(account.password);
	return rc;
}

/* Read for unknown names too, like find_device. */
static enum stauth_rc find_source_device(struct stauth_ctx *ctx,
	struct stauth_login *login, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_device_source_hash(
		ctx, login->name, login->source, login->device_hash, err);

	if (rc != STAUTH_OK || login->source[0] == '\0') {
		return rc;
	}
	if (strncmp(login->source, "local:", 6) == 0) {
		login->known_device = true;
		return STAUTH_OK;
	}
	login->keep_source = true;
	struct stauth_account account = {0};
	rc = ctx->accounts->ops->user_by_name(
		ctx->accounts, login->name, &account, err);
	struct stauth_account none = {0};
	if (rc >= 0) {
		rc = stauth_device_by_hash(ctx, login->device_hash,
			rc == STAUTH_OK ? &account : &none,
			&login->known_device, err);
	}
	stauth_wipe_array(account.password);
	return rc;
}

enum stauth_rc stauth_login_start(struct stauth_ctx *ctx,
	const struct stauth_login_request *who, struct stauth_login *login,
	struct stauth_err *err)
{
	*login = (struct stauth_login){.verdict = STAUTH_DENY};
	stauth_text_clean(login->channel, sizeof(login->channel), who->channel);
	login->never_refuse = who->never_refuse;
	stauth_text_clean(login->caller, sizeof(login->caller),
		who->caller != NULL ? who->caller : "");
	set_source(login, who);
	set_name(login, who);
	enum stauth_rc rc =
		who->source_is_device
			? find_source_device(ctx, login, err)
			: find_device(ctx, login, who->device_token, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	stauth_rate_limits_fill(login, login->name);
	login->verdict = STAUTH_NEED_PASSWORD;
	return STAUTH_OK;
}

/* --- the audit rows */

static enum stauth_rc add_row(struct stauth_ctx *ctx,
	const struct stauth_login *login, const char *event, bool ok,
	const struct stauth_account *account, const char *detail,
	struct stauth_err *err)
{
	const struct stauth_actor actor = {
		.name = "",
		.channel = login->channel,
		.address = login->address,
	};
	struct stauth_audit_row row;

	stauth_audit_fill(&row, event, ok,
		account != NULL ? account->name : login->typed,
		account != NULL ? account->uid : 0, &actor, detail);
	return ctx->state->ops->audit_add(
		ctx->state, &row, ctx->state->ops->now(ctx->state), err);
}

/* The answer stands whether or not its row could be written. */
static void add_row_or_warn(struct stauth_ctx *ctx,
	const struct stauth_login *login, const char *event,
	const struct stauth_account *account, const char *detail)
{
	struct stauth_err err;

	if (add_row(ctx, login, event, false, account, detail, &err) !=
		STAUTH_OK) {
		stauth_report(&ctx->messages, STAUTH_WARNING,
			"The audit row %s could not be written: %s", event,
			err.msg);
	}
}

static void audit_throttled(
	struct stauth_ctx *ctx, const struct stauth_login *login)
{
	int64_t now_ms = ctx->boot_ms();

	if (ctx->throttled_row_ms != 0 &&
		now_ms - ctx->throttled_row_ms < THROTTLED_ROW_MS) {
		return;
	}
	ctx->throttled_row_ms = now_ms;
	add_row_or_warn(ctx, login, "login.throttled", NULL, "");
}

static void audit_wrong(struct stauth_ctx *ctx,
	const struct stauth_login *login, const struct candidate *c)
{
	const char *detail = "";

	if (c->broken) {
		detail = "the stored password cannot be read";
	} else if (login->right_but_disabled) {
		detail = "right, but disabled";
	}
	add_row_or_warn(ctx, login, "login.wrong",
		c->exists ? &c->account : NULL, detail);
}

/* --- the password */

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

/* A hash for the time it takes. */
static enum stauth_rc make_dummy_hash(struct stauth_ctx *ctx,
	const struct stauth_secret *password, struct stauth_err *err)
{
	struct stauth_password_cost cost = stauth_hash_cost(ctx->config);
	char encoded[STAUTH_PASSWORD_ENCODED_SIZE];
	enum stauth_rc rc = stauth_password_encode(
		&cost, ctx->random, password, encoded, err);

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
	if (stauth_password_encode(
		    &cost, ctx->random, password, encoded, NULL) == STAUTH_OK) {
		(void)ctx->accounts->ops->password_rehash(ctx->accounts,
			c->account.uid, c->account.password, encoded, NULL);
	}
	stauth_wipe_array(encoded);
}

/* The one place that allows. */
static void judge(struct stauth_ctx *ctx, struct stauth_login *login,
	const struct candidate *c, const struct stauth_secret *password)
{
	bool right = c->match && c->exists && login->name_ok;

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

static enum stauth_rc check_password(struct stauth_ctx *ctx,
	struct stauth_login *login, struct candidate *c,
	const struct stauth_secret *password, struct stauth_err *err)
{
	if (password == NULL || password->len == 0 ||
		password->len > STAUTH_PASSWORD_MAX) {
		return STAUTH_OK;
	}
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
	if (rc == STAUTH_OK) {
		judge(ctx, login, c, password);
	}
	stauth_slot_give(ctx, &slot);
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
	enum stauth_rc rc = stauth_rate_limits_take(ctx, login, err);
	if (rc == STAUTH_THROTTLED) {
		login->verdict = STAUTH_DENY_THROTTLED;
		audit_throttled(ctx, login);
		return STAUTH_OK;
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct candidate c = {0};
	rc = check_password(ctx, login, &c, password, err);
	if (rc != STAUTH_OK) {
		login->verdict = STAUTH_DENY;
		(void)stauth_rate_limits_done(ctx, login, false, NULL);
	} else if (login->verdict == STAUTH_DENY) {
		audit_wrong(ctx, login, &c);
	}
	stauth_wipe(&c, sizeof(c));
	return rc;
}

/* --- the end */

static enum stauth_rc end(struct stauth_ctx *ctx, struct stauth_login *login,
	const char *event, bool ok, const char *detail, struct stauth_err *err)
{
	if (login->verdict != STAUTH_ALLOW) {
		return stauth_fail(err, STAUTH_REFUSED, "not allowed");
	}
	enum stauth_rc rc = stauth_rate_limits_done(ctx, login, true, err);
	if (rc == STAUTH_OK && login->keep_source) {
		rc = stauth_device_keep(
			ctx, login->device_hash, &login->account, err);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	return add_row(ctx, login, event, ok, &login->account, detail, err);
}

enum stauth_rc stauth_login_done(struct stauth_ctx *ctx,
	struct stauth_login *login, const char *event, struct stauth_err *err)
{
	return end(ctx, login, event, true, "", err);
}

enum stauth_rc stauth_login_refused(struct stauth_ctx *ctx,
	struct stauth_login *login, const char *why, struct stauth_err *err)
{
	return end(ctx, login, "login.refused", false, why, err);
}

void stauth_login_finish(struct stauth_login *login)
{
	stauth_wipe(login, sizeof(*login));
}
