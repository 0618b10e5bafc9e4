/* SPDX-License-Identifier: MIT */
/*
 * Accounts in one store, state in another, as one store. The accounts' store
 * needs no transaction, no unique constraint and no epoch. MUSTs:
 *  1. One change of an account at a time, under a lock in the state. What a
 *     change depends on (the epoch, free names, another superuser) is checked
 *     under it, before anything is written.
 *  2. The sessions, devices and the link of the user end before the change is
 *     made: a process that dies in between leaves an account that is as it
 *     was, and nobody signed in to it.
 *  3. Nobody begins a session with what he read before the change: the epoch
 *     lives in the state, is read before the account is, and is raised with
 *     the end of the sessions. While the change is under way it reads as the
 *     older one.
 *  4. The audit row and the notice are written after the change. If that
 *     fails, the change is EUNKNOWN: it is made, but not reported as done.
 *  5. Pending sign-ups live with their PINs, in the state.
 */
#include "store/split.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "store/split_change.h"

#include "base/banned.h"

/* --- reading: MUST 3 */

static enum stauth_rc user_by_uid(struct stauth_accounts *accounts, int64_t uid,
	struct stauth_account *ret_account, struct stauth_err *err)
{
	struct stauth_split *split = (struct stauth_split *)accounts;
	struct stauth_account account;
	/* Only of those that there are does the state keep anything. */
	enum stauth_rc rc = split->accounts.accounts->ops->user_by_uid(
		split->accounts.accounts, uid, &account, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_split_read(split, uid, &account, err);
	if (rc == STAUTH_OK) {
		*ret_account = account;
	}
	stauth_wipe_array(account.password);
	return rc;
}

typedef enum stauth_rc find_fn(struct stauth_accounts *accounts,
	const char *text, struct stauth_account *ret_account,
	struct stauth_err *err);

/* ret_account is read twice: its uid comes first, then the epoch, and what is
 * handed out is no older than that. */
static enum stauth_rc user_by_text(struct stauth_split *split, find_fn *find,
	const char *text, struct stauth_account *ret_account,
	struct stauth_err *err)
{
	struct stauth_account account;
	enum stauth_rc rc = find(split->accounts.accounts, text, &account, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_split_read(split, account.uid, &account, err);
	if (rc == STAUTH_OK && strcmp(account.name, text) != 0 &&
		strcmp(account.email, text) != 0) {
		rc = STAUTH_NOTFOUND;
	}
	if (rc == STAUTH_OK) {
		*ret_account = account;
	}
	stauth_wipe_array(account.password);
	return rc;
}

static enum stauth_rc user_by_name(struct stauth_accounts *accounts,
	const char *name, struct stauth_account *ret_account,
	struct stauth_err *err)
{
	struct stauth_split *split = (struct stauth_split *)accounts;

	return user_by_text(split, split->accounts.accounts->ops->user_by_name,
		name, ret_account, err);
}

static enum stauth_rc user_by_email(struct stauth_accounts *accounts,
	const char *email, struct stauth_account *ret_account,
	struct stauth_err *err)
{
	struct stauth_split *split = (struct stauth_split *)accounts;

	return user_by_text(split, split->accounts.accounts->ops->user_by_email,
		email, ret_account, err);
}

static enum stauth_rc user_clash(struct stauth_accounts *accounts,
	const char *after, struct stauth_clash *ret_clash,
	struct stauth_err *err)
{
	struct stauth_split *split = (struct stauth_split *)accounts;

	return split->accounts.accounts->ops->user_clash(
		split->accounts.accounts, after, ret_clash, err);
}

static enum stauth_rc password_like(struct stauth_accounts *accounts,
	uint64_t seed, char ret_encoded[STAUTH_ENCODED_SIZE],
	struct stauth_err *err)
{
	struct stauth_split *split = (struct stauth_split *)accounts;

	return split->accounts.accounts->ops->password_like(
		split->accounts.accounts, seed, ret_encoded, err);
}

static enum stauth_rc user_list(struct stauth_accounts *accounts,
	const struct stauth_account_page *page,
	struct stauth_account *ret_accounts, size_t *ret_count,
	struct stauth_err *err)
{
	struct stauth_split *split = (struct stauth_split *)accounts;
	struct stauth_state *state = split->home.state;
	int64_t now_s = state->ops->now(state);
	size_t count = 0;
	enum stauth_rc rc = split->accounts.accounts->ops->user_list(
		split->accounts.accounts, page, ret_accounts, &count, err);

	for (size_t i = 0; i < count && rc == STAUTH_OK; i++) {
		struct stauth_remote remote = {.uid = ret_accounts[i].uid};

		rc = state->ops->remote_read(state, now_s, &remote, err);
		ret_accounts[i].epoch = remote.epoch;
		ret_accounts[i].last_login_at = remote.last_login_at;
	}
	if (rc == STAUTH_OK) {
		*ret_count = count;
	}
	return rc;
}

static enum stauth_rc superusers(struct stauth_accounts *accounts, size_t max,
	struct stauth_account *ret_accounts, size_t *ret_count,
	struct stauth_err *err)
{
	struct stauth_split *split = (struct stauth_split *)accounts;

	return split->accounts.accounts->ops->superusers(
		split->accounts.accounts, max, ret_accounts, ret_count, err);
}

/* --- 5: pending sign-ups */

static struct stauth_accounts *home(struct stauth_accounts *accounts)
{
	return ((struct stauth_split *)accounts)->home.accounts;
}

static enum stauth_rc pending_put(struct stauth_accounts *accounts,
	const struct stauth_pending *pending, int64_t now_s,
	struct stauth_err *err)
{
	return home(accounts)->ops->pending_put(
		home(accounts), pending, now_s, err);
}

static enum stauth_rc pending_by_flow(struct stauth_accounts *accounts,
	const uint8_t flow_hash[32], int64_t now_s,
	struct stauth_pending *ret_pending, struct stauth_err *err)
{
	return home(accounts)->ops->pending_by_flow(
		home(accounts), flow_hash, now_s, ret_pending, err);
}

static enum stauth_rc pending_verify(struct stauth_accounts *accounts,
	const uint8_t flow_hash[32], int64_t keep_until,
	const struct stauth_change *change, struct stauth_err *err)
{
	return home(accounts)->ops->pending_verify(
		home(accounts), flow_hash, keep_until, change, err);
}

static enum stauth_rc pending_list(struct stauth_accounts *accounts,
	const struct stauth_pending_page *page,
	struct stauth_pending *ret_pending, size_t *ret_count,
	struct stauth_err *err)
{
	return home(accounts)->ops->pending_list(
		home(accounts), page, ret_pending, ret_count, err);
}

static enum stauth_rc pending_delete(struct stauth_accounts *accounts,
	const char *email, const struct stauth_change *change, int *ret_count,
	struct stauth_err *err)
{
	return home(accounts)->ops->pending_delete(
		home(accounts), email, change, ret_count, err);
}

/* Of two at once the second finds the name taken. The rows go last: without
 * their end they expire, and lead nowhere. */
static enum stauth_rc pending_promote(struct stauth_accounts *accounts,
	const struct stauth_promotion *promotion,
	const struct stauth_change *change, int64_t *ret_uid,
	struct stauth_err *err)
{
	const struct stauth_account *account = promotion->account;
	const struct stauth_change only = {.now_s = change->now_s};
	struct stauth_pending pending;
	enum stauth_rc rc = pending_by_flow(
		accounts, promotion->flow_hash, change->now_s, &pending, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	if (pending.password[0] == '\0' ||
		strcmp(pending.email, account->email) != 0 ||
		strcmp(pending.password, account->password) != 0) {
		rc = STAUTH_NOTFOUND;
	}
	stauth_wipe_array(pending.password);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_split_user_insert(accounts, account, change, ret_uid, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	(void)pending_delete(accounts, account->email, &only, NULL, NULL);
	return STAUTH_OK;
}

static const struct stauth_accounts_ops split_ops = {
	.name = "SPLIT",
	.user_by_name = user_by_name,
	.user_by_uid = user_by_uid,
	.user_by_email = user_by_email,
	.user_clash = user_clash,
	.password_like = password_like,
	.user_list = user_list,
	.superusers = superusers,
	.user_insert = stauth_split_user_insert,
	.user_update = stauth_split_user_update,
	.password_set = stauth_split_password_set,
	.password_rehash = stauth_split_password_rehash,
	.pending_put = pending_put,
	.pending_by_flow = pending_by_flow,
	.pending_verify = pending_verify,
	.pending_promote = pending_promote,
	.pending_list = pending_list,
	.pending_delete = pending_delete,
	.user_delete = stauth_split_user_delete,
};

static void idle_split(struct stauth_store *store)
{
	struct stauth_split *split = store->provider;

	stauth_store_idle(&split->accounts);
	stauth_store_idle(&split->home);
}

static void close_split(struct stauth_store *store)
{
	struct stauth_split *split = store->provider;

	stauth_store_close(&split->accounts);
	stauth_store_close(&split->home);
	free(split);
}

enum stauth_rc stauth_split_open(struct stauth_store *accounts,
	struct stauth_store *state, struct stauth_store *ret_store,
	struct stauth_err *err)
{
	struct stauth_split *split = calloc(1, sizeof(*split));

	if (split == NULL) {
		stauth_store_close(accounts);
		stauth_store_close(state);
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	split->base.ops = &split_ops;
	split->accounts = *accounts;
	split->home = *state;
	*ret_store = (struct stauth_store){
		.accounts = &split->base,
		.state = split->home.state,
		.provider = split,
		.close = close_split,
		.idle = idle_split,
	};
	return STAUTH_OK;
}
