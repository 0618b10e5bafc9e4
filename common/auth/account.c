/* SPDX-License-Identifier: MIT */
/*
 * Accounts come and go (CONTRACT 5, 6), in the order of the code:
 *
 *  1. What is shown of an account never holds its password.
 *  2. A name with an @ is also the e-mail address unless told otherwise.
 *  3. A new account has a good password or none; with none nobody can log in.
 *  4. An account marked for system log-in MUST NOT be made or deleted by a
 *     web page.
 *  5. The last superuser MUST NOT be deleted. A deleted user's sessions end
 *     with it.
 */
#include "auth/account.h"

#include <stdio.h>
#include <string.h>

#include "auth/account_change.h"
#include "auth/name.h"
#include "auth/slots.h"
#include "base/text.h"
#include "store/accounts.h"
#include "store/state.h"

#include "base/banned.h"

/* --- 1. looking */

enum stauth_rc stauth_account_get(struct stauth_ctx *ctx, const char *name,
	struct stauth_account *ret_account, struct stauth_err *err)
{
	struct stauth_account account;
	enum stauth_rc rc = stauth_account_read(ctx, name, &account, err);

	if (rc == STAUTH_OK) {
		stauth_wipe_array(account.password);
		*ret_account = account;
	}
	return rc;
}

enum stauth_rc stauth_account_list(struct stauth_ctx *ctx, const char *search,
	const char *after, size_t limit, struct stauth_account *ret_accounts,
	size_t *ret_count, struct stauth_err *err)
{
	return ctx->accounts->ops->user_list(ctx->accounts,
		search != NULL ? search : "", after != NULL ? after : "", limit,
		ret_accounts, ret_count, err);
}

/* --- 2. to 4. a new one */

static enum stauth_rc set_email(const struct stauth_account_new *given,
	struct stauth_account *account, struct stauth_err *err)
{
	const char *email = given->email;

	if (email == NULL) {
		email = strchr(account->name, '@') != NULL ? account->name : "";
	}
	if (!email[0]) {
		account->email[0] = '\0';
		return STAUTH_OK;
	}
	return stauth_email_canonical(
		email, strlen(email), account->email, err);
}

static enum stauth_rc set_fields(const struct stauth_account_new *given,
	struct stauth_account *account, struct stauth_err *err)
{
	const char *display =
		given->display_name != NULL ? given->display_name : "";

	account->su = given->su;
	account->system_login = given->system_login;
	account->must_change = given->must_change;
	enum stauth_rc rc = stauth_name_canonical(
		given->name, strlen(given->name), account->name, err);
	if (rc == STAUTH_OK) {
		rc = set_email(given, account, err);
	}
	if (rc == STAUTH_OK) {
		rc = stauth_display_canonical(
			display, strlen(display), account->display_name, err);
	}
	if (rc == STAUTH_OK) {
		rc = stauth_groups_canonical(
			given->groups != NULL ? given->groups : "", given->su,
			account->groups, err);
	}
	return rc;
}

/* A taken name is told before the price of a hash is paid. */
static enum stauth_rc not_taken(struct stauth_ctx *ctx,
	const struct stauth_account *account, struct stauth_err *err)
{
	struct stauth_account other;
	enum stauth_rc rc = ctx->accounts->ops->user_by_name(
		ctx->accounts, account->name, &other, err);

	if (rc == STAUTH_OK) {
		stauth_wipe_array(other.password);
		return stauth_fail(err, STAUTH_EXISTS, STAUTH_TEXT_USER_EXISTS,
			account->name);
	}
	return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
}

static enum stauth_rc set_password(struct stauth_ctx *ctx,
	const struct stauth_secret *password, struct stauth_account *account,
	struct stauth_err *err)
{
	if (password == NULL) {
		return STAUTH_OK;
	}
	enum stauth_rc rc = stauth_password_check(ctx->config, account->name,
		account->email, account->display_name, password, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	return stauth_hash_new(ctx, false, password, account->password, err);
}

static enum stauth_rc insert(struct stauth_ctx *ctx,
	struct stauth_account *account, const struct stauth_actor *actor,
	struct stauth_err *err)
{
	struct stauth_change change;

	stauth_change_fill(ctx, "user.add", account, actor, "", false, &change);
	int64_t uid = 0;
	enum stauth_rc rc = ctx->accounts->ops->user_insert(
		ctx->accounts, account, &change, &uid, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	change.audit.uid = uid;
	int ended = 0;
	rc = stauth_change_after(ctx, uid, &change, &ended, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	return ctx->accounts->ops->user_by_uid(
		ctx->accounts, uid, account, err);
}

enum stauth_rc stauth_account_add(struct stauth_ctx *ctx,
	const struct stauth_account_new *new_account,
	const struct stauth_actor *actor, struct stauth_account *ret_account,
	struct stauth_err *err)
{
	struct stauth_account account = {0};
	enum stauth_rc rc = stauth_account_check_channel(
		new_account->system_login, actor, err);

	if (rc == STAUTH_OK) {
		rc = set_fields(new_account, &account, err);
	}
	if (rc == STAUTH_OK) {
		rc = not_taken(ctx, &account, err);
	}
	if (rc == STAUTH_OK) {
		rc = set_password(ctx, new_account->password, &account, err);
	}
	if (rc == STAUTH_OK) {
		rc = insert(ctx, &account, actor, err);
	}
	stauth_wipe_array(account.password);
	if (rc == STAUTH_OK) {
		*ret_account = account;
	}
	return stauth_account_report(ctx, rc, err);
}

/* --- 5. the end of one */

static enum stauth_rc delete_account(struct stauth_ctx *ctx,
	const struct stauth_account *account, const struct stauth_actor *actor,
	int *ret_ended, struct stauth_err *err)
{
	struct stauth_change change;

	stauth_change_fill(
		ctx, "user.delete", account, actor, "", true, &change);
	int before = 0;
	enum stauth_rc rc =
		stauth_change_before(ctx, account->uid, &change, &before, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	int ended = 0;
	rc = ctx->accounts->ops->user_delete(
		ctx->accounts, account->uid, &change, &ended, err);
	if (rc == STAUTH_REFUSED) {
		return stauth_fail(err, rc, STAUTH_TEXT_LAST_SUPERUSER);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	ended += before;
	*ret_ended = ended;
	return stauth_change_after(ctx, account->uid, &change, ret_ended, err);
}

enum stauth_rc stauth_account_delete(struct stauth_ctx *ctx, const char *name,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_account account = {0};
	enum stauth_rc rc = stauth_account_read(ctx, name, &account, err);

	stauth_wipe_array(account.password);
	if (rc == STAUTH_OK) {
		rc = stauth_account_check_channel(
			account.system_login, actor, err);
	}
	if (rc == STAUTH_OK) {
		rc = delete_account(ctx, &account, actor, ret_ended, err);
	}
	return stauth_account_report(ctx, rc, err);
}
