/* SPDX-License-Identifier: MIT */
/*
 * Asking for an account (CONTRACT 3.2, 3.3), in the order of the code:
 *
 *  1. A sign-up belongs to the browser that asked: what waits is found by a
 *     keyed hash of its pre-cookie and by nothing else.
 *  2. It waits a day, or twice as long as its PIN if that is longer, so that
 *     an expired PIN can be replaced without typing the form again.
 *  3. The address MUST be one by the one strict grammar and also a user name,
 *     for it becomes both; the password MUST pass the rules of any other.
 *  4. Whether the address has an account MUST show neither in the answer nor
 *     in the time: the password is hashed, the row, the PIN and the mail are
 *     written in both cases. Where there is one, the row holds no password,
 *     the PIN is one that nothing matches, and the mail says that there is an
 *     account; the account itself is not touched.
 *  5. Over the limits of mail the answer MUST be the same. A live PIN of this
 *     browser for this address stays good; else there is one to show that
 *     nothing matches.
 *  6. A new PIN kills the old one in the step that puts the new mail into the
 *     outbox, and counts in the same lanes as the first.
 *  7. Looking MUST write nothing.
 */
#include "auth/signup.h"

#include <stdio.h>
#include <string.h>

#include "auth/account_change.h"
#include "auth/audit.h"
#include "auth/hash.h"
#include "auth/mailing.h"
#include "auth/name.h"
#include "auth/signup_pin.h"
#include "store/accounts.h"

#include "base/banned.h"

#define DAY_S 86400

/* --- 1. and 2. */

static enum stauth_rc ready(
	const struct stauth_config *config, struct stauth_err *err)
{
	if (!config->allow_user_sign_up) {
		return stauth_fail(
			err, STAUTH_ECONFIG, "ALLOW_USER_SIGN_UP is not set");
	}
	return stauth_mailing_ready(config, err);
}

static int64_t pin_life_s(const struct stauth_config *config)
{
	return (int64_t)config->signup_pin_expiry_minutes * 60;
}

static int64_t pending_life_s(const struct stauth_config *config)
{
	int64_t twice_s = 2 * pin_life_s(config);

	return twice_s > DAY_S ? twice_s : DAY_S;
}

/* --- 3. */

static enum stauth_rc set_email(const char *typed,
	struct stauth_pending *pending, struct stauth_err *err)
{
	char name[STAUTH_NAME_SIZE];
	enum stauth_rc rc = stauth_email_canonical(
		typed, strlen(typed), pending->email, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	return stauth_name_canonical(
		pending->email, strlen(pending->email), name, err);
}

static enum stauth_rc check_fields(struct stauth_ctx *ctx, const char *email,
	const struct stauth_secret *password, struct stauth_pending *pending,
	enum stauth_signup_field *ret_field, struct stauth_err *err)
{
	enum stauth_rc rc = set_email(email, pending, err);

	if (rc != STAUTH_OK) {
		*ret_field = STAUTH_SIGNUP_EMAIL;
		return rc;
	}
	rc = stauth_account_fits(
		ctx->config, pending->email, pending->email, "", password, err);
	if (rc != STAUTH_OK) {
		*ret_field = STAUTH_SIGNUP_PASSWORD;
	}
	return rc;
}

/* --- 4. */

/* Both are read in any case: the same reads for everybody. */
static enum stauth_rc find_owner(struct stauth_ctx *ctx, const char *email,
	bool *ret_taken, struct stauth_err *err)
{
	const struct stauth_accounts_ops *ops = ctx->accounts->ops;
	struct stauth_account account = {0};
	enum stauth_rc by_name =
		ops->user_by_name(ctx->accounts, email, &account, err);
	enum stauth_rc by_email = STAUTH_OK;

	if (by_name >= 0) {
		by_email =
			ops->user_by_email(ctx->accounts, email, &account, err);
	}
	stauth_wipe_array(account.password);
	if (by_name < 0 || by_email < 0) {
		return by_name < 0 ? by_name : by_email;
	}
	*ret_taken = by_name == STAUTH_OK || by_email == STAUTH_OK;
	return STAUTH_OK;
}

/* The PIN into the mail, and what stands for it into the row. */
static enum stauth_rc fill_pin(struct stauth_ctx *ctx, const char *flow,
	const struct stauth_pending *pending, bool matches,
	struct stauth_mail *mail, struct stauth_pin *pin,
	struct stauth_err *err)
{
	char text[STAUTH_PIN_LEN + 1];
	uint8_t nothing[32];
	enum stauth_rc rc = stauth_pin_make(ctx, text, err);

	if (rc == STAUTH_OK) {
		rc = stauth_pin_mac(
			ctx, flow, pending->email, text, pin->pin_mac, err);
	}
	if (rc == STAUTH_OK) {
		rc = ctx->random(nothing, sizeof(nothing), err);
	}
	if (rc == STAUTH_OK && matches) {
		memcpy(mail->code, text, sizeof(text));
	} else if (rc == STAUTH_OK) {
		memcpy(pin->pin_mac, nothing, sizeof(nothing));
	}
	stauth_wipe_array(text);
	(void)snprintf(
		pin->purpose, sizeof(pin->purpose), "%s", STAUTH_PIN_SIGNUP);
	memcpy(pin->flow_hash, pending->flow_hash, sizeof(pin->flow_hash));
	pin->tries_left = STAUTH_PIN_TRIES;
	pin->created_at = mail->created_at;
	pin->expires_at = mail->expires_at < pending->expires_at
				  ? mail->expires_at
				  : pending->expires_at;
	return rc;
}

static void fill_row(const struct stauth_signup_who *who,
	const struct stauth_pending *pending, const char *event,
	const char *detail, struct stauth_audit_row *row)
{
	const struct stauth_actor actor = {
		.name = "",
		.channel = who->channel,
		.address = who->address,
	};

	stauth_audit_fill(row, event, true, pending->email, 0, &actor, detail);
}

static enum stauth_rc post(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who,
	const struct stauth_pending *pending, enum stauth_letter_kind kind,
	const char *event, int64_t *ret_wait_s, struct stauth_err *err)
{
	struct stauth_mailing mailing = {0};
	struct stauth_pin pin = {0};
	bool matches = kind == STAUTH_LETTER_SIGNUP_PIN;
	enum stauth_rc rc = stauth_mail_fill(ctx, kind, pending->email,
		pending->email, pin_life_s(ctx->config), &mailing.mail, err);

	if (rc == STAUTH_OK) {
		rc = fill_pin(ctx, who->flow, pending, matches, &mailing.mail,
			&pin, err);
	}
	if (rc == STAUTH_OK) {
		mailing.pin = &pin;
		mailing.no_mail = kind == STAUTH_LETTER_NONE;
		if (!mailing.no_mail) {
			stauth_mailing_count(&mailing, STAUTH_MAILING_SIGNUP,
				pending->email, who->address);
		}
		fill_row(who, pending, event,
			kind == STAUTH_LETTER_SIGNUP_EXISTS
				? "the address has an account"
				: "",
			&mailing.audit);
		rc = stauth_mailing_post(ctx, &mailing, ret_wait_s, err);
	}
	stauth_wipe(&mailing, sizeof(mailing));
	return rc;
}

/* --- 5. */

/* A live PIN of this browser, for this very address? */
static enum stauth_rc find_same(struct stauth_ctx *ctx,
	const struct stauth_pending *pending, bool *ret_same,
	struct stauth_err *err)
{
	struct stauth_pending old = {0};
	struct stauth_pin pin;
	enum stauth_rc rc = ctx->accounts->ops->pending_by_flow(ctx->accounts,
		pending->flow_hash, pending->created_at, &old, err);

	if (rc >= 0) {
		*ret_same = rc == STAUTH_OK &&
			    strcmp(old.email, pending->email) == 0;
		rc = ctx->state->ops->pin_look(ctx->state, STAUTH_PIN_SIGNUP,
			pending->flow_hash, pending->created_at, &pin, err);
		*ret_same = *ret_same && rc == STAUTH_OK;
	}
	stauth_wipe(&old, sizeof(old));
	return rc > 0 ? STAUTH_OK : rc;
}

static enum stauth_rc put_and_post(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who, struct stauth_pending *pending,
	struct stauth_err *err)
{
	int64_t wait_s = 0;
	bool taken = false;
	bool same = false;
	enum stauth_rc rc = find_owner(ctx, pending->email, &taken, err);

	if (rc == STAUTH_OK) {
		rc = find_same(ctx, pending, &same, err);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (taken) {
		stauth_wipe_array(pending->password);
	}
	rc = ctx->accounts->ops->pending_put(
		ctx->accounts, pending, pending->created_at, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = post(ctx, who, pending,
		taken ? STAUTH_LETTER_SIGNUP_EXISTS : STAUTH_LETTER_SIGNUP_PIN,
		"signup.ask", &wait_s, err);
	if (rc == STAUTH_THROTTLED) {
		rc = same ? STAUTH_OK
			  : post(ctx, who, pending, STAUTH_LETTER_NONE,
				    "signup.throttled", &wait_s, err);
	}
	return rc;
}

enum stauth_rc stauth_signup_start(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who, const char *email,
	const struct stauth_secret *password,
	enum stauth_signup_field *ret_field, struct stauth_err *err)
{
	struct stauth_pending pending = {0};
	enum stauth_rc rc = ready(ctx->config, err);

	*ret_field = STAUTH_SIGNUP_NONE;
	if (rc == STAUTH_OK) {
		rc = stauth_pin_flow(ctx, who->flow, pending.flow_hash, err);
	}
	if (rc == STAUTH_OK) {
		rc = check_fields(
			ctx, email, password, &pending, ret_field, err);
	}
	if (rc == STAUTH_OK) {
		rc = stauth_hash_new(
			ctx, false, password, pending.password, err);
	}
	if (rc == STAUTH_OK) {
		pending.created_at = ctx->state->ops->now(ctx->state);
		pending.expires_at =
			pending.created_at + pending_life_s(ctx->config);
		rc = put_and_post(ctx, who, &pending, err);
	}
	stauth_wipe(&pending, sizeof(pending));
	return stauth_account_told(ctx, rc, err);
}

/* --- 6. */

enum stauth_rc stauth_signup_resend(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who, int64_t *ret_wait_s,
	struct stauth_err *err)
{
	struct stauth_pending pending = {0};
	bool taken = false;
	enum stauth_rc rc = ready(ctx->config, err);

	if (rc == STAUTH_OK) {
		rc = stauth_pin_pending(ctx, who->flow, &pending, err);
	}
	if (rc == STAUTH_OK) {
		rc = find_owner(ctx, pending.email, &taken, err);
	}
	if (rc == STAUTH_OK) {
		taken = taken || !pending.password[0];
		rc = post(ctx, who, &pending,
			taken ? STAUTH_LETTER_SIGNUP_EXISTS
			      : STAUTH_LETTER_SIGNUP_PIN,
			"signup.resend", ret_wait_s, err);
	}
	stauth_wipe(&pending, sizeof(pending));
	return rc;
}

/* --- 7. */

enum stauth_rc stauth_signup_look(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who,
	struct stauth_signup_view *ret_view, struct stauth_err *err)
{
	struct stauth_signup_view view = {0};
	struct stauth_pending pending = {0};
	struct stauth_pin pin = {0};
	int64_t now_s = ctx->state->ops->now(ctx->state);
	enum stauth_rc rc = stauth_pin_pending(ctx, who->flow, &pending, err);

	stauth_wipe_array(pending.password);
	if (rc != STAUTH_OK) {
		return rc;
	}
	memcpy(view.email, pending.email, sizeof(view.email));
	rc = ctx->state->ops->pin_look(ctx->state, STAUTH_PIN_SIGNUP,
		pending.flow_hash, now_s, &pin, err);
	if (rc < 0) {
		return rc;
	}
	view.pin_live = rc == STAUTH_OK;
	view.tries_left = view.pin_live ? pin.tries_left : 0;
	rc = stauth_mailing_wait(ctx, STAUTH_MAILING_SIGNUP, pending.email,
		&view.resend_in_s, err);
	if (rc == STAUTH_OK) {
		*ret_view = view;
	}
	return rc;
}
