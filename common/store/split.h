/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_STORE_SPLIT_H
#define STAUTH_STORE_SPLIT_H

#include "store/table.h"

/*
 * One store out of two: the accounts of one, the state of another. Takes both
 * over, whatever it returns: they are closed with *ret_store, or at once.
 * state is one that knows its accounts to be elsewhere: it has the verbs
 * remote_* of store/state.h, and keeps the pending sign-ups. ENOMEM.
 */
enum stauth_rc stauth_split_open(struct stauth_store *accounts,
	struct stauth_store *state, struct stauth_store *ret_store,
	struct stauth_err *err);

#endif
