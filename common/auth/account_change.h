/* SPDX-License-Identifier: MIT */
/* What every change of an account has in common; for account*.c only. */
#ifndef STAUTH_ACCOUNT_CHANGE_H
#define STAUTH_ACCOUNT_CHANGE_H

#include <stdbool.h>

#include "auth/ctx.h"
#include "auth/session.h"
#include "base/secret.h"
#include "store/accounts.h"

/* Says err->msg through ctx->messages if rc is a refusal, and returns rc. */
enum stauth_rc stauth_account_report(struct stauth_ctx *ctx, enum stauth_rc rc,
	const struct stauth_err *err);
/* By name as typed, with its password. NOTFOUND. */
enum stauth_rc stauth_account_read(struct stauth_ctx *ctx, const char *name,
	struct stauth_account *ret_account, struct stauth_err *err);
/* stauth_account_password_check that tells nobody: for calls that tell every
 * refusal themselves. */
enum stauth_rc stauth_password_check(const struct stauth_config *config,
	const char *name, const char *email, const char *display_name,
	const struct stauth_secret *password, struct stauth_err *err);
/* REFUSED: the account is marked for system log-in and actor is a page. */
enum stauth_rc stauth_account_check_channel(bool system_login,
	const struct stauth_actor *actor, struct stauth_err *err);

/* Fills what goes along with a change; end: sessions, devices and everything
 * that is under way with the account as it was. */
void stauth_change_fill(struct stauth_ctx *ctx, const char *event,
	const struct stauth_account *account, const struct stauth_actor *actor,
	const char *detail, bool end, struct stauth_change *ret_change);
/*
 * Where the state lives in another database than the accounts, sessions end
 * before the change (so that it is never told as done while they live) and
 * again after it (those that began meanwhile), and the audit row is written
 * here. Nothing to do otherwise.
 */
enum stauth_rc stauth_change_before(struct stauth_ctx *ctx, int64_t uid,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err);
enum stauth_rc stauth_change_after(struct stauth_ctx *ctx, int64_t uid,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err);

/* The account's encoded password, with the notice to its owner. epoch -1:
 * whatever it is; else EXPIRED if it moved. */
enum stauth_rc stauth_account_write_password(struct stauth_ctx *ctx,
	const struct stauth_account *account, int64_t epoch,
	const char *encoded, bool must_change, struct stauth_change *change,
	int *ret_ended, struct stauth_err *err);

#endif
