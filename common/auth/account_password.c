/* SPDX-License-Identifier: MIT */
/*
 * New passwords of accounts (CONTRACT 3.2, 6; which: password_rules.c), in the
 * order of the code:
 *
 *  1. The estimate MUST run in a hashing slot like the hash: it costs
 *     milliseconds of whatever was typed. What costs less is judged before.
 *  2. A new password MUST end the user's sessions, void the known devices and
 *     stop log-ins that are under way, in one step with the change. The
 *     owner MUST get a mail about it, in the same step, if one can be sent.
 *  3. A password that was generated for somebody MUST be changed at the first
 *     log-in and is wrong after 72 hours, unless it was asked to last.
 *  4. An account with system log-in gets a password from its owner or from
 *     stauthctl, never from a web page.
 *  5. The owner MUST have shown the current password in this very call's
 *     log-in, for this very account; the new one MUST differ. The session
 *     and the device of the change stay; a must-change session ends too.
 */
#include "auth/account.h"

#include <stdio.h>
#include <string.h>

#include "auth/account_parts.h"
#include "auth/device.h"
#include "auth/mailing.h"
#include "auth/name.h"
#include "auth/rate_limit.h"
#include "auth/slots.h"
#include "base/text.h"
#include "store/accounts.h"

#include "base/banned.h"

#define GENERATED_S (STAUTH_GENERATED_HOURS * 3600)

/* --- 1. */

static enum stauth_rc prepare_in_slot(struct stauth_ctx *ctx,
	struct stauth_new_password *job, struct stauth_err *err)
{
	struct stauth_password_cost cost = stauth_hash_cost(ctx->config);

	if (job->must_differ) {
		bool same = false;
		enum stauth_rc rc = stauth_password_verify(
			job->account->password, job->password, &same, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
		if (same) {
			return stauth_fail(err, STAUTH_BADVALUE,
				STAUTH_TEXT_PASSWORD_SAME);
		}
	}
	enum stauth_rc rc = stauth_password_check_strength(
		ctx->config, job->account, job->password, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	return stauth_password_encode(
		&cost, ctx->random, job->password, job->encoded, err);
}

enum stauth_rc stauth_new_password_prepare(struct stauth_ctx *ctx,
	struct stauth_new_password *new_password, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_password_check_cheap(ctx->config,
		new_password->account, new_password->password, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_slot slot;
	rc = stauth_slot_take(ctx, new_password->known_device, &slot, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = prepare_in_slot(ctx, new_password, err);
	stauth_slot_give(ctx, &slot);
	return rc;
}

/* --- 2. and 3. into the store */

enum stauth_rc stauth_new_password_commit(struct stauth_ctx *ctx,
	const struct stauth_new_password *new_password,
	struct stauth_change *change, int *ret_ended, struct stauth_err *err)
{
	const struct stauth_account *account = new_password->account;
	const struct stauth_mail_order order = {STAUTH_MAIL_PASSWORD_CHANGED,
		account->email, account->name, STAUTH_NOTICE_S};
	struct stauth_mail notice;
	enum stauth_rc rc =
		stauth_notice_fill(ctx, &order, change, &notice, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	const struct stauth_password_row row = {account->uid,
		new_password->epoch, new_password->encoded,
		new_password->must_change || new_password->generated,
		new_password->generated ? change->now_s + GENERATED_S : 0};
	rc = ctx->accounts->ops->password_set(
		ctx->accounts, &row, change, ret_ended, err);
	change->notice = NULL;
	return rc;
}

/* --- 4. set by an administrator */

static enum stauth_rc set_password(struct stauth_ctx *ctx,
	const struct stauth_password_set *set, const struct stauth_actor *actor,
	int *ret_ended, struct stauth_err *err)
{
	struct stauth_account account;
	struct stauth_new_password new_password = {
		.account = &account,
		.password = set->password,
		.must_change = set->must_change,
		.generated = set->generated,
		.epoch = -1,
	};

	enum stauth_rc rc = stauth_account_get(ctx, set->name, &account, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_account_check_channel(account.system_login, actor, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_new_password_prepare(ctx, &new_password, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_change change;
	stauth_change_fill_end(ctx, "password.set", &account, actor, &change);
	snprintf(change.audit.detail, sizeof(change.audit.detail), "%s",
		set->generated     ? "generated"
		: set->must_change ? "must change"
				   : "");
	/* Once more: it was asked before the slow hash. */
	change.unless_system_login = strcmp(actor->channel, "web") == 0;
	rc = stauth_new_password_commit(
		ctx, &new_password, &change, ret_ended, err);
	stauth_wipe_array(new_password.encoded);
	return rc;
}

enum stauth_rc stauth_password_set(struct stauth_ctx *ctx,
	const struct stauth_password_set *set, const struct stauth_actor *actor,
	int *ret_ended, struct stauth_err *err)
{
	return stauth_account_report(
		ctx, set_password(ctx, set, actor, ret_ended, err), err);
}

/* --- 5. by the owner */

/* The account as it is now, if it still is the one that was logged in to. */
static enum stauth_rc read_own(struct stauth_ctx *ctx,
	const struct stauth_login *login, struct stauth_account *account,
	struct stauth_err *err)
{
	enum stauth_rc rc = ctx->accounts->ops->user_by_uid(
		ctx->accounts, login->account.uid, account, err);

	if (rc < 0) {
		return rc;
	}
	if (rc != STAUTH_OK || account->epoch != login->account.epoch ||
		account->disabled) {
		return stauth_fail(
			err, STAUTH_EXPIRED, STAUTH_TEXT_USER_CHANGED);
	}
	return STAUTH_OK;
}

enum stauth_rc stauth_change_keep_device(struct stauth_ctx *ctx,
	const char *token, const struct stauth_account *account,
	struct stauth_change *change, struct stauth_err *err)
{
	struct stauth_known_device device = {.known = false};
	enum stauth_rc rc =
		stauth_device_known(ctx, token, account, &device, err);

	change->keep_device = device.known;
	memcpy(change->keep_device_hash, device.hash, sizeof(device.hash));
	return rc;
}

static enum stauth_rc keep_browser(struct stauth_ctx *ctx,
	const struct stauth_password_change *given,
	const struct stauth_account *account, struct stauth_change *change,
	struct stauth_err *err)
{
	const struct stauth_session *session = given->session;

	if (session != NULL && !session->must_change) {
		memcpy(change->keep_session, session->handle,
			sizeof(change->keep_session));
	}
	return stauth_change_keep_device(
		ctx, given->device_token, account, change, err);
}

/* The log-in follows the account as it is after the change; if that is
 * another one by now, it stays at the old epoch and opens nothing. */
static void follow(
	struct stauth_ctx *ctx, struct stauth_login *login, const char *encoded)
{
	struct stauth_account account = {0};

	if (ctx->accounts->ops->user_by_uid(ctx->accounts, login->account.uid,
		    &account, NULL) == STAUTH_OK &&
		!account.disabled && strcmp(account.password, encoded) == 0) {
		login->account = account;
		stauth_wipe_array(login->account.password);
	}
	stauth_wipe_array(account.password);
}

static enum stauth_rc change_own(struct stauth_ctx *ctx,
	const struct stauth_password_change *given,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_login *login = given->login;
	struct stauth_account account = {0};
	struct stauth_new_password new_password = {
		.account = &account,
		.password = given->password,
		.known_device = login->known_device,
		.must_differ = true,
	};

	/* The current password was right, whatever becomes of the new one. */
	enum stauth_rc rc = stauth_rate_limits_settle(
		ctx, &login->limits, STAUTH_OUTCOME_SUCCESS, NULL, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = read_own(ctx, login, &account, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	new_password.epoch = account.epoch;
	struct stauth_change change;
	stauth_change_fill_end(
		ctx, "password.change", &account, actor, &change);
	rc = keep_browser(ctx, given, &account, &change, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = stauth_new_password_prepare(ctx, &new_password, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = stauth_new_password_commit(
		ctx, &new_password, &change, ret_ended, err);
	if (rc == STAUTH_OK) {
		follow(ctx, login, new_password.encoded);
	}
out:
	stauth_wipe_array(new_password.encoded);
	stauth_wipe_array(account.password);
	return rc;
}

enum stauth_rc stauth_password_change(struct stauth_ctx *ctx,
	const struct stauth_password_change *change,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err)
{
	const struct stauth_login *login = change->login;

	if (login->verdict != STAUTH_ALLOW ||
		(change->session != NULL &&
			login->account.uid != change->session->uid)) {
		return stauth_fail(err, STAUTH_REFUSED, "not allowed");
	}
	return stauth_account_report(
		ctx, change_own(ctx, change, actor, ret_ended, err), err);
}
