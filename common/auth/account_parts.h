/* SPDX-License-Identifier: MIT */
/* What changes of an account have in common; for auth/ only. */
#ifndef STAUTH_ACCOUNT_PARTS_H
#define STAUTH_ACCOUNT_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "auth/session.h"
#include "base/secret.h"
#include "store/accounts.h"

/* Reports err->msg through ctx->messages if rc is a refusal; returns rc. */
enum stauth_rc stauth_account_report(struct stauth_ctx *ctx, enum stauth_rc rc,
	const struct stauth_err *err);
/* By name as typed, with its password. NOTFOUND. */
enum stauth_rc stauth_account_read(struct stauth_ctx *ctx, const char *name,
	struct stauth_account *ret_account, struct stauth_err *err);
/*
 * The account that a log-in leads to: the one of this name, else the one with
 * this address (either may be ""). Both are read in any case: the same reads
 * for everybody. Without its password. NOTFOUND.
 */
enum stauth_rc stauth_account_by_login(struct stauth_ctx *ctx, const char *name,
	const char *email, struct stauth_account *ret_account,
	struct stauth_err *err);
/* REFUSED: the account has system log-in and actor is a page. */
enum stauth_rc stauth_account_check_channel(bool system_login,
	const struct stauth_actor *actor, struct stauth_err *err);

/* What goes along with a change that ends nothing: an account comes. */
void stauth_change_fill(struct stauth_ctx *ctx, const char *event,
	const struct stauth_account *account, const struct stauth_actor *actor,
	struct stauth_change *ret_change);
/* What goes along with one that ends sessions, devices and everything that is
 * under way with the account as it was. */
void stauth_change_fill_end(struct stauth_ctx *ctx, const char *event,
	const struct stauth_account *account, const struct stauth_actor *actor,
	struct stauth_change *ret_change);

/* The device of this token stays known, if it is. */
enum stauth_rc stauth_change_keep_device(struct stauth_ctx *ctx,
	const char *token, const struct stauth_account *account,
	struct stauth_change *change, struct stauth_err *err);

/*
 * Is it good enough for this account (its name, e-mail and display name)?
 * BADVALUE with the reason in words. The estimate takes up to 15 ms: only in
 * a hashing slot, where strangers ask.
 */
enum stauth_rc stauth_password_check(const struct stauth_config *config,
	const struct stauth_account *account,
	const struct stauth_secret *password, struct stauth_err *err);

/* Its two halves: what costs nothing, and the estimate. */
enum stauth_rc stauth_password_check_cheap(const struct stauth_config *config,
	const struct stauth_account *account,
	const struct stauth_secret *password, struct stauth_err *err);
enum stauth_rc stauth_password_check_strength(
	const struct stauth_config *config,
	const struct stauth_account *account,
	const struct stauth_secret *password, struct stauth_err *err);

/* A new password on its way to its account. */
struct stauth_new_password {
	const struct stauth_account *account; /* as it was read */
	const struct stauth_secret *password;
	bool known_device; /* whose hashing slot */
	bool must_differ;  /* from account->password */
	bool must_change;  /* at the next log-in */
	bool generated;    /* so it must be changed, and soon is wrong */
	int64_t epoch;     /* EXPIRED if it moved; -1: whatever it is */
	char encoded[STAUTH_ENCODED_SIZE];
};
/* Judges and hashes it, in one slot; wipe encoded. BADVALUE; EBUSY. */
enum stauth_rc stauth_new_password_prepare(struct stauth_ctx *ctx,
	struct stauth_new_password *new_password, struct stauth_err *err);
/* Into the store, with a notice to the owner. The store's codes. */
enum stauth_rc stauth_new_password_commit(struct stauth_ctx *ctx,
	const struct stauth_new_password *new_password,
	struct stauth_change *change, int *ret_ended, struct stauth_err *err);

#endif
