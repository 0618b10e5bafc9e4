/* SPDX-License-Identifier: MIT */
/*
 * Choosing a new password by a mailed link (CONTRACT 3.2, 4), in the order of
 * the code:
 *
 *  1. A token MUST be 32 random bytes; only its SHA-256 reaches the state,
 *     beside the mail that carries it. The newest link of an account is the
 *     only one, for 30 minutes.
 *  2. Whether an address has an account MUST show neither in the answer nor
 *     in the time: unknown addresses and disabled accounts get a mail that is
 *     never sent, and a row that is never asked for. The mail goes to the
 *     address that the account has.
 *  3. An account marked for system log-in MUST NOT get a link, from nobody:
 *     a mail tells its owner whom to ask, an administrator is refused.
 *  4. An administrator's link is counted by no throttle.
 *  5. A link MUST be dead when the account was disabled, marked, deleted or
 *     raised its epoch (a change of password or identity) since it was asked
 *     for.
 *  6. Looking consumes nothing. A refused password consumes nothing.
 *  7. Of several commits one MUST win; it ends every session, known device
 *     and log-in under way, in one step with the change, sends the owner a
 *     mail, and logs nobody in.
 */
#include "auth/reset.h"

#include <stdio.h>
#include <string.h>

#include "auth/account.h"
#include "auth/account_parts.h"
#include "auth/audit.h"
#include "auth/mailing.h"
#include "auth/name.h"
#include "auth/slots.h"
#include "base/codec.h"
#include "base/text.h"

#include "base/banned.h"

#define TOKEN_BYTES 32
#define LIFE_S      (STAUTH_RESET_MINUTES * 60)

/* --- 1. */

static enum stauth_rc make_token(struct stauth_ctx *ctx,
	const struct stauth_account *account, struct stauth_mail *mail,
	struct stauth_reset *reset, struct stauth_err *err)
{
	uint8_t bytes[TOKEN_BYTES];
	enum stauth_rc rc = ctx->random(bytes, sizeof(bytes), err);

	_Static_assert(
		STAUTH_B64URL_SIZE(TOKEN_BYTES) == STAUTH_RESET_TOKEN_LEN + 1 &&
			STAUTH_RESET_TOKEN_LEN < STAUTH_MAIL_CODE_SIZE,
		"a token fits");
	if (rc != STAUTH_OK) {
		return rc;
	}
	stauth_b64url_encode(bytes, sizeof(bytes), mail->code);
	stauth_wipe_array(bytes);
	reset->uid = account->uid;
	reset->epoch = account->epoch;
	reset->created_at = mail->created_at;
	reset->expires_at = mail->created_at + LIFE_S;
	if (!stauth_sha256(
		    mail->code, STAUTH_RESET_TOKEN_LEN, reset->token_hash)) {
		return stauth_fail(err, STAUTH_ECRYPTO, "SHA-256 failed");
	}
	return STAUTH_OK;
}

static bool hash_of(const char *token, uint8_t hash[32])
{
	uint8_t bytes[TOKEN_BYTES];
	size_t len = 0;
	bool ok = token != NULL && strlen(token) == STAUTH_RESET_TOKEN_LEN &&
		  stauth_b64url_decode(token, STAUTH_RESET_TOKEN_LEN, bytes,
			  sizeof(bytes), &len) &&
		  len == sizeof(bytes) &&
		  stauth_sha256(token, STAUTH_RESET_TOKEN_LEN, hash);

	stauth_wipe_array(bytes);
	return ok;
}

/* --- 2. and 3. */

struct answer {
	enum stauth_mail_kind kind;
	const char *why; /* for the audit */
};

/* account: NULL none */
static struct answer answer_for(const struct stauth_account *account)
{
	if (account == NULL || account->disabled) {
		return (struct answer){STAUTH_MAIL_NONE,
			account == NULL ? "no account" : "disabled"};
	}
	return account->system_login
		       ? (struct answer){STAUTH_MAIL_RESET_ASK,
				 "marked for system log-in"}
		       : (struct answer){STAUTH_MAIL_RESET_LINK, ""};
}

/* A row as heavy as a link's, that nothing ever asks for. The mail that says
 * whom to ask holds no token; the one that is never sent may. */
static void fill_decoy(struct stauth_mail *mail,
	const struct stauth_reset *reset, struct stauth_pin *decoy)
{
	if (mail->kind[0]) {
		stauth_wipe_array(mail->code);
	}
	snprintf(decoy->purpose, sizeof(decoy->purpose), "decoy");
	memcpy(decoy->flow_hash, reset->token_hash, sizeof(decoy->flow_hash));
	memcpy(decoy->pin_mac, reset->token_hash, sizeof(decoy->pin_mac));
	decoy->tries_left = 1;
	decoy->created_at = reset->created_at;
	decoy->expires_at = reset->expires_at;
}

/* One question for a link, and what comes of it. */
struct asked {
	struct stauth_account account; /* zeroed: none */
	struct answer answer;
	const char *email; /* canonical */
	const char *address;
};

static enum stauth_rc post(struct stauth_ctx *ctx, const struct asked *asked,
	struct stauth_err *err)
{
	const struct stauth_account *account = &asked->account;
	const struct stauth_actor actor = {"", "web", asked->address};
	bool link = asked->answer.kind == STAUTH_MAIL_RESET_LINK;
	struct stauth_mailing mailing = {0};

	const struct stauth_mail_order order = {
		asked->answer.kind, account->email, account->name, LIFE_S};

	enum stauth_rc rc = stauth_mail_fill(ctx, &order, &mailing.mail, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_reset reset = {0};
	rc = make_token(ctx, account, &mailing.mail, &reset, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_pin decoy = {0};
	if (link) {
		mailing.reset = &reset;
	} else {
		fill_decoy(&mailing.mail, &reset, &decoy);
		mailing.pin = &decoy;
	}
	const struct stauth_mailing_question question = {
		STAUTH_MAILING_RESET, asked->email, asked->address};
	stauth_mailing_set_limits(
		&mailing, &question, asked->answer.kind == STAUTH_MAIL_NONE);
	stauth_audit_fill(&mailing.audit, "reset.ask",
		account->uid != 0 ? account->name : asked->email, account->uid,
		&actor);
	mailing.audit.ok = link;
	stauth_text_clean(mailing.audit.detail, sizeof(mailing.audit.detail),
		asked->answer.why);
	int64_t wait_s = 0;
	rc = stauth_mailing_post(ctx, &mailing, &wait_s, err);
	stauth_wipe(&mailing, sizeof(mailing));
	return rc == STAUTH_THROTTLED ? STAUTH_OK : rc;
}

enum stauth_rc stauth_reset_ask(struct stauth_ctx *ctx, const char *email,
	const char *address, struct stauth_err *err)
{
	char canonical[STAUTH_EMAIL_SIZE];
	struct asked asked = {.email = canonical, .address = address};

	enum stauth_rc rc = stauth_mailing_ready(ctx->config, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_email_canonical(email, strlen(email), canonical, err);
	if (rc != STAUTH_OK) {
		return stauth_account_report(ctx, rc, err);
	}
	rc = ctx->accounts->ops->user_by_email(
		ctx->accounts, canonical, &asked.account, err);
	stauth_wipe_array(asked.account.password);
	if (rc < 0) {
		return rc;
	}
	asked.answer = answer_for(rc == STAUTH_OK ? &asked.account : NULL);
	return post(ctx, &asked, err);
}

/* --- 4. */

static enum stauth_rc may_link(struct stauth_ctx *ctx,
	const struct stauth_account *account, bool send, struct stauth_err *err)
{
	if (account->system_login) {
		return stauth_fail(
			err, STAUTH_REFUSED, STAUTH_TEXT_LINK_REFUSED);
	}
	if (account->disabled) {
		return stauth_fail(
			err, STAUTH_REFUSED, STAUTH_TEXT_LINK_DISABLED);
	}
	if (ctx->config->public_url_count == 0) {
		return stauth_fail(
			err, STAUTH_ECONFIG, "PUBLIC_URL is not set");
	}
	if (send && !account->email[0]) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_LINK_NO_EMAIL);
	}
	return send ? stauth_mailing_ready(ctx->config, err) : STAUTH_OK;
}

static enum stauth_rc make_link(struct stauth_ctx *ctx,
	const struct stauth_reset_link *link, const struct stauth_actor *actor,
	char ret_link[STAUTH_RESET_LINK_SIZE], struct stauth_err *err)
{
	struct stauth_account account;
	struct stauth_mailing mailing = {.limits.never_refuse = true};
	char token[STAUTH_MAIL_CODE_SIZE] = "";

	enum stauth_rc rc = stauth_account_get(ctx, link->name, &account, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = may_link(ctx, &account, link->send, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	const struct stauth_mail_order order = {
		link->send ? STAUTH_MAIL_RESET_LINK : STAUTH_MAIL_NONE,
		account.email, account.name, LIFE_S};
	rc = stauth_mail_fill(ctx, &order, &mailing.mail, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_reset reset = {0};
	rc = make_token(ctx, &account, &mailing.mail, &reset, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	memcpy(token, mailing.mail.code, sizeof(token));
	if (!link->send) {
		stauth_wipe_array(mailing.mail.code);
	}
	mailing.no_mail = !link->send;
	mailing.reset = &reset;
	stauth_audit_fill(
		&mailing.audit, "reset.link", account.name, account.uid, actor);
	stauth_text_clean(mailing.audit.detail, sizeof(mailing.audit.detail),
		link->send ? "sent" : "");
	int64_t wait_s = 0;
	rc = stauth_mailing_post(ctx, &mailing, &wait_s, err);
	if (rc == STAUTH_OK) {
		snprintf(ret_link, STAUTH_RESET_LINK_SIZE,
			"%s/auth/reset?token=%s",
			ctx->config->public_urls[0].origin, token);
	}
	stauth_wipe_array(token);
	stauth_wipe(&mailing, sizeof(mailing));
	return rc;
}

enum stauth_rc stauth_reset_link(struct stauth_ctx *ctx,
	const struct stauth_reset_link *link, const struct stauth_actor *actor,
	char ret_link[STAUTH_RESET_LINK_SIZE], struct stauth_err *err)
{
	return stauth_account_report(
		ctx, make_link(ctx, link, actor, ret_link, err), err);
}

/* --- 5. and 6. */

static enum stauth_rc over(struct stauth_err *err)
{
	return stauth_fail(err, STAUTH_EXPIRED, STAUTH_TEXT_LINK_EXPIRED);
}

/* The account that a token is good for, with the epoch it was asked at. */
static enum stauth_rc find(struct stauth_ctx *ctx, const uint8_t hash[32],
	struct stauth_account *account, struct stauth_err *err)
{
	struct stauth_reset reset = {0};

	enum stauth_rc rc = ctx->state->ops->reset_read(ctx->state, hash,
		ctx->state->ops->now(ctx->state), &reset, err);
	if (rc != STAUTH_OK) {
		return rc < 0 ? rc : over(err);
	}
	rc = ctx->accounts->ops->user_by_uid(
		ctx->accounts, reset.uid, account, err);
	stauth_wipe_array(account->password);
	if (rc < 0) {
		return rc;
	}
	if (rc != STAUTH_OK || account->epoch != reset.epoch ||
		account->disabled || account->system_login) {
		return over(err);
	}
	return STAUTH_OK;
}

enum stauth_rc stauth_reset_check(struct stauth_ctx *ctx, const char *token,
	char ret_name[STAUTH_NAME_SIZE], struct stauth_err *err)
{
	uint8_t hash[STAUTH_SHA256_LEN];

	if (!hash_of(token, hash)) {
		return over(err);
	}
	struct stauth_account account = {0};
	enum stauth_rc rc = find(ctx, hash, &account, err);
	if (rc == STAUTH_OK) {
		memcpy(ret_name, account.name, sizeof(account.name));
	}
	return rc;
}

/* --- 7. */

static enum stauth_rc take_and_set(struct stauth_ctx *ctx,
	const uint8_t hash[32], struct stauth_new_password *new_password,
	const char *address, struct stauth_err *err)
{
	const struct stauth_actor actor = {"", "web", address};
	struct stauth_reset reset = {0};

	enum stauth_rc rc = ctx->state->ops->reset_take(ctx->state, hash,
		ctx->state->ops->now(ctx->state), &reset, err);
	if (rc != STAUTH_OK) {
		return rc < 0 ? rc : over(err);
	}
	struct stauth_change change;
	stauth_change_fill_end(
		ctx, "reset", new_password->account, &actor, &change);
	/* What was checked before the slow hash is checked again. */
	change.unless_system_login = true;
	new_password->epoch = reset.epoch;
	int ended = 0;
	rc = stauth_new_password_commit(
		ctx, new_password, &change, &ended, err);
	return rc > 0 ? over(err) : rc;
}

static enum stauth_rc commit(struct stauth_ctx *ctx, const char *token,
	const struct stauth_secret *password, const char *address,
	struct stauth_err *err)
{
	struct stauth_account account = {0};
	struct stauth_new_password new_password = {
		.account = &account, .password = password};
	uint8_t hash[STAUTH_SHA256_LEN];

	if (!hash_of(token, hash)) {
		return over(err);
	}
	enum stauth_rc rc = find(ctx, hash, &account, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_new_password_prepare(ctx, &new_password, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = take_and_set(ctx, hash, &new_password, address, err);
	stauth_wipe_array(new_password.encoded);
	return rc;
}

enum stauth_rc stauth_reset_commit(struct stauth_ctx *ctx, const char *token,
	const struct stauth_secret *password, const char *address,
	struct stauth_err *err)
{
	return stauth_account_report(
		ctx, commit(ctx, token, password, address, err), err);
}
