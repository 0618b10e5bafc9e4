/* SPDX-License-Identifier: MIT */
/*
 * Asking for an account (CONTRACT 3.2, 3.3), in the order of the code:
 *
 *  1. A sign-up belongs to the browser that asked: what waits is found by a
 *     keyed hash of its pre-cookie and by nothing else.
 *  2. It waits a day, or twice as long as its PIN if that is longer, so that
 *     an expired PIN can be replaced without typing the form again.
 *  3. The address MUST be one by the one strict grammar and also a user name,
 *     for it becomes both; the password MUST pass the rules of any other. A
 * source has 20 hashes an hour, counted before the hash.
 *  4. Whether the address has an account MUST show neither in the answer nor
 *     in the time: the password is hashed, the row, the PIN and the mail are
 *     written in both cases. Where there is one, the row holds no password,
 *     the PIN is one that nothing matches, and the mail says that there is an
 *     account; the account itself is not touched.
 *  5. Over the limits of mail the answer MUST be the same. A live PIN of this
 *     browser for this address stays good; else there is one to show that
 *     nothing matches.
 *  6. A new PIN kills the old one in the step that puts the new mail into the
 *     outbox, and counts in the same limits as the first.
 *  7. Looking MUST write nothing.
 *  8. An invitation opens a sign-up where they are closed. One for an address
 *     MUST open it for that address only. What it gives is written into the
 *     row; its use is taken with the right PIN.
 */
#include "auth/signup.h"

#include <stdio.h>
#include <string.h>

#include "auth/account_parts.h"
#include "auth/audit.h"
#include "auth/invite.h"
#include "auth/mailing.h"
#include "auth/name.h"
#include "auth/rate_limit.h"
#include "auth/signup_pin.h"
#include "auth/slots.h"
#include "auth/source.h"
#include "base/text.h"
#include "store/accounts.h"
#include "store/state.h"

#include "base/banned.h"

#define DAY_S 86400

/* --- 1. and 2. */

static enum stauth_rc ready(const struct stauth_config *config, bool invited,
	struct stauth_err *err)
{
	if (!config->allow_user_sign_up && !invited) {
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

/* One question and what it is about. */
struct signup {
	struct stauth_ctx *ctx;
	const struct stauth_signup_who *who;
	struct stauth_pending pending;
	bool taken; /* the address has an account */
};

static enum stauth_rc set_email(
	struct signup *su, const char *email, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_email_canonical(
		email, strlen(email), su->pending.email, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	char name[STAUTH_NAME_SIZE];
	return stauth_name_canonical(
		su->pending.email, strlen(su->pending.email), name, err);
}

static enum stauth_rc hash_password(struct signup *su,
	const struct stauth_secret *password, struct stauth_err *err)
{
	struct stauth_account account = {0};
	struct stauth_new_password new_password = {
		.account = &account, .password = password};

	memcpy(account.name, su->pending.email, sizeof(account.name));
	memcpy(account.email, su->pending.email, sizeof(account.email));
	enum stauth_rc rc =
		stauth_new_password_prepare(su->ctx, &new_password, err);
	if (rc == STAUTH_OK) {
		memcpy(su->pending.password, new_password.encoded,
			sizeof(su->pending.password));
	}
	stauth_wipe_array(new_password.encoded);
	return rc;
}

/* A hash is counted for its source before it is made: one client must not
 * keep every slot busy. */
static enum stauth_rc set_password(struct signup *su,
	const struct stauth_secret *password, int64_t *ret_wait_s,
	struct stauth_err *err)
{
	struct stauth_limits limits = {.count = 0};
	char source[STAUTH_ADDRESS_SIZE];

	stauth_source_key(su->who->address, source);
	stauth_limits_add(&limits, STAUTH_LIMIT_SIGNUP, source, NULL);
	enum stauth_rc rc =
		stauth_rate_limits_reserve(su->ctx, &limits, ret_wait_s, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = hash_password(su, password, err);
	enum stauth_rc settled = stauth_rate_limits_settle(su->ctx, &limits,
		rc == STAUTH_OK ? STAUTH_OUTCOME_FAILURE : STAUTH_OUTCOME_FAULT,
		NULL, rc == STAUTH_OK ? err : NULL);
	return rc == STAUTH_OK ? settled : rc;
}

/* --- 4. */

static enum stauth_rc find_owner(struct signup *su, struct stauth_err *err)
{
	const char *email = su->pending.email;
	struct stauth_account account;
	enum stauth_rc rc =
		stauth_account_by_login(su->ctx, email, email, &account, err);

	su->taken = rc == STAUTH_OK;
	return rc < 0 ? rc : STAUTH_OK;
}

static enum stauth_mail_kind kind_for(const struct signup *su)
{
	return su->taken ? STAUTH_MAIL_SIGNUP_EXISTS : STAUTH_MAIL_SIGNUP_PIN;
}

static enum stauth_rc post(struct signup *su, enum stauth_mail_kind kind,
	const char *event, int64_t *ret_wait_s, struct stauth_err *err)
{
	const struct stauth_pending *pending = &su->pending;
	const struct stauth_actor actor = {
		"", su->who->channel, su->who->address};
	struct stauth_mailing mailing = {0};

	const struct stauth_mail_order order = {kind, pending->email,
		pending->email, pin_life_s(su->ctx->config)};

	enum stauth_rc rc =
		stauth_mail_fill(su->ctx, &order, &mailing.mail, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_pin pin = {0};
	const struct stauth_pin_order wanted = {.purpose = STAUTH_PIN_SIGNUP,
		.flow = su->who->flow,
		.flow_hash = pending->flow_hash,
		.email = pending->email,
		.matches = kind == STAUTH_MAIL_SIGNUP_PIN,
		.expires_at = pending->expires_at};
	rc = stauth_pin_fill(su->ctx, &wanted, &mailing.mail, &pin, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	mailing.pin = &pin;
	mailing.no_mail = kind == STAUTH_MAIL_NONE;
	if (!mailing.no_mail) {
		const struct stauth_mailing_question question = {
			STAUTH_MAILING_SIGNUP, pending->email,
			su->who->address};
		stauth_mailing_set_limits(&mailing, &question, false);
	}
	stauth_audit_fill(&mailing.audit, event, pending->email, 0, &actor);
	stauth_text_clean(mailing.audit.detail, sizeof(mailing.audit.detail),
		kind == STAUTH_MAIL_SIGNUP_EXISTS ? "the address has an account"
						  : "");
	rc = stauth_mailing_post(su->ctx, &mailing, ret_wait_s, err);
	stauth_wipe(&mailing, sizeof(mailing));
	return rc;
}

/* --- 5. */

/* Has this browser a live PIN for this very address? Both are read in any
 * case. */
static enum stauth_rc find_same(
	struct signup *su, bool *ret_same, struct stauth_err *err)
{
	const struct stauth_pending *pending = &su->pending;
	struct stauth_accounts *accounts = su->ctx->accounts;
	struct stauth_state *state = su->ctx->state;
	struct stauth_pending old = {0};

	enum stauth_rc rc = accounts->ops->pending_by_flow(
		accounts, pending->flow_hash, pending->created_at, &old, err);
	bool same = rc == STAUTH_OK && strcmp(old.email, pending->email) == 0;
	stauth_wipe(&old, sizeof(old));
	if (rc < 0) {
		return rc;
	}
	struct stauth_pin pin;
	rc = state->ops->pin_read(state,
		&(const struct stauth_pin_key){.purpose = STAUTH_PIN_SIGNUP,
			.flow_hash = pending->flow_hash,
			.now_s = pending->created_at},
		&pin, err);
	if (rc < 0) {
		return rc;
	}
	*ret_same = same && rc == STAUTH_OK;
	return STAUTH_OK;
}

static enum stauth_rc put_and_post(struct signup *su, struct stauth_err *err)
{
	struct stauth_pending *pending = &su->pending;

	enum stauth_rc rc = find_owner(su, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	bool same = false;
	rc = find_same(su, &same, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (su->taken) {
		stauth_wipe_array(pending->password);
	}
	rc = su->ctx->accounts->ops->pending_put(
		su->ctx->accounts, pending, pending->created_at, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	int64_t wait_s = 0;
	rc = post(su, kind_for(su), "signup.ask", &wait_s, err);
	if (rc != STAUTH_THROTTLED) {
		return rc;
	}
	return same ? STAUTH_OK
		    : post(su, STAUTH_MAIL_NONE, "signup.throttled", &wait_s,
			      err);
}

static enum stauth_rc start(struct signup *su,
	const struct stauth_signup_form *form,
	struct stauth_signup_refusal *ret_refusal, struct stauth_err *err)
{
	struct stauth_ctx *ctx = su->ctx;
	struct stauth_pending *pending = &su->pending;

	*ret_refusal = (struct stauth_signup_refusal){STAUTH_SIGNUP_NONE};
	bool invited = form->invite != NULL && form->invite[0] != '\0';
	enum stauth_rc rc = ready(ctx->config, invited, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_pin_flow(ctx, su->who->flow, pending->flow_hash, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = set_email(su, form->email, err);
	if (rc == STAUTH_OK && invited) {
		rc = stauth_invite_open(ctx, form->invite, pending, err);
	}
	if (rc != STAUTH_OK) {
		ret_refusal->field = STAUTH_SIGNUP_EMAIL;
		return rc;
	}
	rc = set_password(su, form->password, &ret_refusal->wait_s, err);
	if (rc != STAUTH_OK) {
		ret_refusal->field = STAUTH_SIGNUP_PASSWORD;
		return rc;
	}
	pending->created_at = ctx->state->ops->now(ctx->state);
	pending->expires_at = pending->created_at + pending_life_s(ctx->config);
	return put_and_post(su, err);
}

enum stauth_rc stauth_signup_start(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who,
	const struct stauth_signup_form *form,
	struct stauth_signup_refusal *ret_refusal, struct stauth_err *err)
{
	struct signup su = {.ctx = ctx, .who = who};
	enum stauth_rc rc = start(&su, form, ret_refusal, err);

	stauth_wipe(&su.pending, sizeof(su.pending));
	return stauth_account_report(ctx, rc, err);
}

/* --- 6. */

static enum stauth_rc resend(
	struct signup *su, int64_t *ret_wait_s, struct stauth_err *err)
{
	const struct stauth_config *config = su->ctx->config;
	enum stauth_rc rc =
		stauth_pin_pending(su->ctx, su->who->flow, &su->pending, err);

	if (rc >= 0) {
		enum stauth_rc can = ready(config, su->pending.invited, err);

		rc = can != STAUTH_OK ? can : rc;
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (stauth_signup_waits(config, &su->pending)) {
		return stauth_fail(
			err, STAUTH_PENDING, STAUTH_TEXT_SIGNUP_WAITS);
	}
	rc = find_owner(su, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	su->taken = su->taken || su->pending.password[0] == '\0';
	return post(su, kind_for(su), "signup.resend", ret_wait_s, err);
}

enum stauth_rc stauth_signup_resend(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who, int64_t *ret_wait_s,
	struct stauth_err *err)
{
	struct signup su = {.ctx = ctx, .who = who};
	enum stauth_rc rc = resend(&su, ret_wait_s, err);

	stauth_wipe(&su.pending, sizeof(su.pending));
	return rc;
}

/* --- 7. */

enum stauth_rc stauth_signup_status(struct stauth_ctx *ctx,
	const struct stauth_signup_who *who,
	struct stauth_signup_state *ret_view, struct stauth_err *err)
{
	struct stauth_pending pending = {0};
	int64_t now_s = ctx->state->ops->now(ctx->state);
	enum stauth_rc rc = stauth_pin_pending(ctx, who->flow, &pending, err);

	stauth_wipe_array(pending.password);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_signup_state view = {0};
	memcpy(view.email, pending.email, sizeof(view.email));
	view.waits = stauth_signup_waits(ctx->config, &pending);
	struct stauth_pin pin = {0};
	rc = ctx->state->ops->pin_read(ctx->state,
		&(const struct stauth_pin_key){.purpose = STAUTH_PIN_SIGNUP,
			.flow_hash = pending.flow_hash,
			.now_s = now_s},
		&pin, err);
	if (rc < 0) {
		return rc;
	}
	view.pin_live = rc == STAUTH_OK;
	view.tries_left = view.pin_live ? pin.tries_left : 0;
	const struct stauth_mailing_question question = {
		STAUTH_MAILING_SIGNUP, pending.email, who->address};
	rc = stauth_mailing_wait(ctx, &question, &view.resend_in_s, err);
	if (rc == STAUTH_OK) {
		*ret_view = view;
	}
	return rc;
}
