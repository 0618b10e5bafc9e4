/* SPDX-License-Identifier: MIT */
/* The changing half of split.c, whose MUSTs it keeps. */
#ifndef STAUTH_STORE_SPLIT_CHANGE_H
#define STAUTH_STORE_SPLIT_CHANGE_H

#include "store/accounts.h"
#include "store/state.h"
#include "store/table.h"

struct stauth_split {
	struct stauth_accounts base;
	struct stauth_store accounts; /* elsewhere */
	struct stauth_store home;     /* the state, and the pending sign-ups */
};

/* The account with this uid, with what the state keeps of it. */
enum stauth_rc stauth_split_read(struct stauth_split *split, int64_t uid,
	struct stauth_account *ret_account, struct stauth_err *err);

/* Verbs of store/accounts.h. */
enum stauth_rc stauth_split_user_insert(struct stauth_accounts *accounts,
	const struct stauth_account *account,
	const struct stauth_change *change, int64_t *ret_uid,
	struct stauth_err *err);
enum stauth_rc stauth_split_user_update(struct stauth_accounts *accounts,
	const struct stauth_account *account,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err);
enum stauth_rc stauth_split_password_set(struct stauth_accounts *accounts,
	const struct stauth_password_row *password,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err);
enum stauth_rc stauth_split_password_rehash(struct stauth_accounts *accounts,
	int64_t uid, const char *old, const char *encoded,
	struct stauth_err *err);
enum stauth_rc stauth_split_user_delete(struct stauth_accounts *accounts,
	int64_t uid, const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err);

#endif
