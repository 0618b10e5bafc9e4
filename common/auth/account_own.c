/* SPDX-License-Identifier: MIT */
/*
 * Owners change their name and address (CONTRACT 3.2, 4), in the order of the
 * code:
 *
 *  1. The session MUST be confirmed a short time ago: the current password
 *     was shown. So an account with system log-in may do it, too.
 *  2. A change is of the account as the session knows it; if that changed, or
 *     the session ended in between, nothing of the browser goes on.
 *  3. Every other session and device ends in the step of the change; the
 *     acting browser gets a new session, in which nothing lasts longer.
 *  4. The owner MUST get a mail in the same step, at the address of before.
 *  5. A new address MUST be proven by a PIN that was mailed to it, and is good
 *     for this account and this address alone. Whether another account has
 *     the address shows neither in the answer nor in the limits.
 *  6. A wrong PIN counts for the PIN and for the source, and leaves a row.
 */
#include "auth/account_own.h"

#include <stdio.h>
#include <string.h>

#include "auth/account_parts.h"
#include "auth/audit.h"
#include "auth/device.h"
#include "auth/mailing.h"
#include "auth/name.h"
#include "auth/rate_limit.h"
#include "auth/signup_pin.h"
#include "auth/source.h"
#include "base/text.h"

#include "base/banned.h"

#define PURPOSE "email"

/* --- 1. and 2. */

static struct stauth_actor actor_of(const struct stauth_own *own)
{
	return (struct stauth_actor){"", "web", own->ask.address};
}

/* The account of the session, as both know it. */
static enum stauth_rc read_own(struct stauth_ctx *ctx,
	const struct stauth_own *own, struct stauth_account *account,
	struct stauth_err *err)
{
	const struct stauth_session *session = own->session;

	if (session->must_change ||
		stauth_ctx_now(ctx) - session->confirmed_at >= STAUTH_FRESH_S) {
		return stauth_fail(
			err, STAUTH_REFUSED, "the session is not confirmed");
	}
	enum stauth_rc rc = ctx->accounts->ops->user_by_uid(
		ctx->accounts, session->uid, account, err);
	stauth_wipe_array(account->password);
	if (rc < 0) {
		return rc;
	}
	if (rc != STAUTH_OK || account->disabled ||
		account->epoch != session->epoch) {
		return stauth_fail(
			err, STAUTH_EXPIRED, STAUTH_TEXT_USER_CHANGED);
	}
	return STAUTH_OK;
}

/* --- 3. and 4. */

/* One change of the own account. */
struct own_change {
	struct stauth_account next;
	const char *event;
	enum stauth_mail_kind notice;
	char notify[STAUTH_EMAIL_SIZE]; /* "" nobody */
};

static enum stauth_rc write_change(struct stauth_ctx *ctx,
	const struct stauth_own *own, const struct own_change *what,
	struct stauth_err *err)
{
	const struct stauth_actor actor = actor_of(own);
	struct stauth_change change;
	stauth_change_fill_end(ctx, what->event, &what->next, &actor, &change);
	memcpy(change.keep_session, own->session->handle,
		sizeof(change.keep_session));
	enum stauth_rc rc = stauth_change_keep_device(
		ctx, own->ask.device_token, &what->next, &change, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	const struct stauth_mail_order order = {
		what->notice, what->notify, what->next.name, STAUTH_NOTICE_S};
	struct stauth_mail notice;
	rc = stauth_notice_fill(ctx, &order, &change, &notice, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	return ctx->accounts->ops->user_update(
		ctx->accounts, &what->next, &change, NULL, err);
}

static enum stauth_rc change_own(struct stauth_ctx *ctx,
	const struct stauth_own *own, const struct own_change *what,
	struct stauth_session_grant *ret_grant, struct stauth_err *err)
{
	enum stauth_rc rc = write_change(ctx, own, what, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	if (stauth_session_renew(ctx, own->session, &own->ask, ret_grant,
		    NULL) != STAUTH_OK) {
		*ret_grant = (struct stauth_session_grant){0};
	}
	return STAUTH_OK;
}

enum stauth_rc stauth_own_name_set(struct stauth_ctx *ctx,
	const struct stauth_own *own, const char *display_name,
	struct stauth_session_grant *ret_grant, struct stauth_err *err)
{
	struct own_change what = {
		.event = "name.change", .notice = STAUTH_MAIL_NAME_CHANGED};

	*ret_grant = (struct stauth_session_grant){0};
	enum stauth_rc rc = read_own(ctx, own, &what.next, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	char display[STAUTH_DISPLAY_SIZE];
	rc = stauth_display_canonical(
		display_name, strlen(display_name), display, err);
	if (rc != STAUTH_OK || strcmp(display, what.next.display_name) == 0) {
		return rc;
	}
	memcpy(what.next.display_name, display, sizeof(display));
	memcpy(what.notify, what.next.email, sizeof(what.notify));
	return change_own(ctx, own, &what, ret_grant, err);
}

/* --- 5. */

struct new_address {
	char email[STAUTH_EMAIL_SIZE]; /* canonical */
	bool taken;                    /* another account has it */
};

/* What stands for the account in a PIN, and in the store. */
static enum stauth_rc pin_flow(struct stauth_ctx *ctx, int64_t uid,
	char ret_flow[STAUTH_HANDLE_LEN + 8], uint8_t ret_hash[32],
	struct stauth_err *err)
{
	snprintf(ret_flow, STAUTH_HANDLE_LEN + 8, "%lld", (long long)uid);
	const struct stauth_pin_parts parts = {PURPOSE, ret_flow, "", ""};
	return stauth_pin_mac(ctx, &parts, ret_hash, err);
}

static enum stauth_rc post_pin(struct stauth_ctx *ctx,
	const struct stauth_own *own, const struct new_address *address,
	int64_t *ret_wait_s, struct stauth_err *err)
{
	const struct stauth_session *session = own->session;
	const struct stauth_actor actor = actor_of(own);
	const struct stauth_mail_order order = {
		address->taken ? STAUTH_MAIL_EMAIL_EXISTS
			       : STAUTH_MAIL_EMAIL_PIN,
		address->email, session->user,
		ctx->config->signup_pin_expiry_minutes * 60LL};
	struct stauth_mailing mailing = {0};
	enum stauth_rc rc = stauth_mail_fill(ctx, &order, &mailing.mail, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	char flow[STAUTH_HANDLE_LEN + 8];
	uint8_t flow_hash[32];
	rc = pin_flow(ctx, session->uid, flow, flow_hash, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_pin pin = {0};
	const struct stauth_pin_order wanted = {.purpose = PURPOSE,
		.flow = flow,
		.flow_hash = flow_hash,
		.email = address->email,
		.matches = !address->taken,
		.expires_at = mailing.mail.expires_at};
	rc = stauth_pin_fill(ctx, &wanted, &mailing.mail, &pin, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	mailing.pin = &pin;
	const struct stauth_mailing_question question = {
		STAUTH_MAILING_EMAIL, address->email, own->ask.address};
	stauth_mailing_set_limits(&mailing, &question, false);
	stauth_audit_fill(&mailing.audit, "email.ask", session->user,
		session->uid, &actor);
	stauth_text_clean(mailing.audit.detail, sizeof(mailing.audit.detail),
		address->taken ? "the address is taken" : "");
	rc = stauth_mailing_post(ctx, &mailing, ret_wait_s, err);
	stauth_wipe(&mailing, sizeof(mailing));
	return rc;
}

enum stauth_rc stauth_own_email_ask(struct stauth_ctx *ctx,
	const struct stauth_own *own, const char *email, int64_t *ret_wait_s,
	struct stauth_err *err)
{
	enum stauth_rc rc = stauth_mailing_ready(ctx->config, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_account account = {0};
	rc = read_own(ctx, own, &account, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct new_address address = {.taken = false};
	rc = stauth_email_canonical(email, strlen(email), address.email, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (strcmp(address.email, account.email) == 0) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_EMAIL_SAME);
	}
	struct stauth_account owner = {0};
	rc = stauth_account_by_login(
		ctx, address.email, address.email, &owner, err);
	if (rc < 0) {
		return rc;
	}
	address.taken = rc == STAUTH_OK && owner.uid != account.uid;
	return post_pin(ctx, own, &address, ret_wait_s, err);
}

/* --- 6. */

/* A PIN for an address, as it was typed. */
struct proof {
	char email[STAUTH_EMAIL_SIZE]; /* canonical */
	char pin[STAUTH_PIN_LEN + 1];
	char flow[STAUTH_HANDLE_LEN + 8];
	uint8_t flow_hash[32];
	int tries_left;
};

static enum stauth_rc try_pin(
	struct stauth_ctx *ctx, struct proof *proof, struct stauth_err *err)
{
	const struct stauth_pin_parts parts = {
		PURPOSE, proof->flow, proof->email, proof->pin};
	uint8_t mac[32];
	enum stauth_rc rc = stauth_pin_mac(ctx, &parts, mac, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	const struct stauth_pin_key key = {.purpose = PURPOSE,
		.flow_hash = proof->flow_hash,
		.now_s = stauth_ctx_now(ctx)};
	rc = ctx->state->ops->pin_try(
		ctx->state, &key, mac, &proof->tries_left, err);
	stauth_wipe_array(mac);
	return rc;
}

/* The try, counted for the source while it is incorrect. */
static enum stauth_rc prove(struct stauth_ctx *ctx,
	const struct stauth_own *own, struct proof *proof, int64_t *ret_wait_s,
	struct stauth_err *err)
{
	const struct stauth_session *session = own->session;
	const struct stauth_actor actor = actor_of(own);
	struct stauth_limits limits = {.count = 0};
	char source[STAUTH_ADDRESS_SIZE];

	stauth_source_key(own->ask.address, source);
	stauth_limits_add(&limits, STAUTH_LIMIT_SOURCE, source, NULL);
	enum stauth_rc rc =
		stauth_rate_limits_reserve(ctx, &limits, ret_wait_s, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = try_pin(ctx, proof, err);
	if (rc != STAUTH_BADVALUE) {
		(void)stauth_rate_limits_settle(
			ctx, &limits, STAUTH_OUTCOME_FAULT, NULL, NULL);
		return rc;
	}
	struct stauth_audit_row row;
	stauth_audit_fill(
		&row, "email.pin", session->user, session->uid, &actor);
	row.ok = false;
	stauth_text_clean(row.detail, sizeof(row.detail), "wrong");
	(void)stauth_rate_limits_settle(
		ctx, &limits, STAUTH_OUTCOME_FAILURE, &row, NULL);
	return rc;
}

/* So that what was mistyped does not look like a PIN without tries. */
static int tries_of(struct stauth_ctx *ctx, const struct proof *proof)
{
	const struct stauth_pin_key key = {.purpose = PURPOSE,
		.flow_hash = proof->flow_hash,
		.now_s = stauth_ctx_now(ctx)};
	struct stauth_pin pin = {.tries_left = 0};

	(void)ctx->state->ops->pin_read(ctx->state, &key, &pin, NULL);
	return pin.tries_left;
}

static enum stauth_rc set_email(struct stauth_ctx *ctx,
	const struct stauth_own *own, struct stauth_own_email *attempt,
	struct own_change *what, struct stauth_err *err)
{
	enum stauth_rc rc = read_own(ctx, own, &what->next, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct proof proof = {.tries_left = 0};
	rc = stauth_email_canonical(
		attempt->email, strlen(attempt->email), proof.email, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = pin_flow(ctx, own->session->uid, proof.flow, proof.flow_hash, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	/* What cannot be a PIN is no guess. */
	rc = stauth_pin_typed(attempt->pin, proof.pin, err);
	if (rc != STAUTH_OK) {
		attempt->tries_left = tries_of(ctx, &proof);
		return rc;
	}
	rc = prove(ctx, own, &proof, &attempt->wait_s, err);
	attempt->tries_left = proof.tries_left;
	memcpy(what->notify, what->next.email, sizeof(what->notify));
	memcpy(what->next.email, proof.email, sizeof(proof.email));
	stauth_wipe(&proof, sizeof(proof));
	return rc;
}

enum stauth_rc stauth_own_email_set(struct stauth_ctx *ctx,
	const struct stauth_own *own, struct stauth_own_email *attempt,
	struct stauth_session_grant *ret_grant, struct stauth_err *err)
{
	struct own_change what = {
		.event = "email.change", .notice = STAUTH_MAIL_EMAIL_CHANGED};

	*ret_grant = (struct stauth_session_grant){0};
	attempt->tries_left = 0;
	attempt->wait_s = 0;
	enum stauth_rc rc = set_email(ctx, own, attempt, &what, err);
	return rc == STAUTH_OK ? change_own(ctx, own, &what, ret_grant, err)
			       : rc;
}
