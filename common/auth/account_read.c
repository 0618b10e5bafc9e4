/* SPDX-License-Identifier: MIT */
/*
 * Finding accounts:
 *
 *  1. What is shown of an account never holds its password.
 *  2. A log-in leads to the account of that name first, then to the one with
 *     that address: an old store may have both.
 */
#include "auth/account.h"

#include <string.h>

#include "auth/account_parts.h"
#include "auth/name.h"
#include "base/text.h"
#include "store/accounts.h"

#include "base/banned.h"

static enum stauth_rc no_such_user(const char *name, struct stauth_err *err)
{
	char shown[100];
	stauth_text_clean(shown, sizeof(shown), name);
	return stauth_fail(
		err, STAUTH_NOTFOUND, STAUTH_TEXT_USER_NOT_FOUND, shown);
}

enum stauth_rc stauth_account_read(struct stauth_ctx *ctx, const char *name,
	struct stauth_account *ret_account, struct stauth_err *err)
{
	char canonical[STAUTH_NAME_SIZE];

	if (stauth_name_canonical(name, strlen(name), canonical, NULL) !=
		STAUTH_OK) {
		return no_such_user(name, err);
	}
	enum stauth_rc rc = ctx->accounts->ops->user_by_name(
		ctx->accounts, canonical, ret_account, err);
	return rc == STAUTH_NOTFOUND ? no_such_user(name, err) : rc;
}

enum stauth_rc stauth_account_by_login(struct stauth_ctx *ctx, const char *name,
	const char *email, struct stauth_account *ret_account,
	struct stauth_err *err)
{
	struct stauth_accounts *accounts = ctx->accounts;
	struct stauth_account by_name;
	enum stauth_rc named =
		accounts->ops->user_by_name(accounts, name, &by_name, err);
	if (named < 0) {
		return named;
	}
	struct stauth_account by_email;
	enum stauth_rc mailed =
		accounts->ops->user_by_email(accounts, email, &by_email, err);
	stauth_wipe_array(by_name.password);
	stauth_wipe_array(by_email.password);
	if (mailed >= 0 && named == STAUTH_OK) {
		*ret_account = by_name;
		return STAUTH_OK;
	}
	if (mailed == STAUTH_OK) {
		*ret_account = by_email;
	}
	return mailed;
}

enum stauth_rc stauth_account_get(struct stauth_ctx *ctx, const char *name,
	struct stauth_account *ret_account, struct stauth_err *err)
{
	struct stauth_account account;
	enum stauth_rc rc = stauth_account_read(ctx, name, &account, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	stauth_wipe_array(account.password);
	*ret_account = account;
	return STAUTH_OK;
}

enum stauth_rc stauth_account_list(struct stauth_ctx *ctx,
	const struct stauth_account_page *page,
	struct stauth_account *ret_accounts, size_t *ret_count,
	struct stauth_err *err)
{
	return ctx->accounts->ops->user_list(
		ctx->accounts, page, ret_accounts, ret_count, err);
}

enum stauth_rc stauth_account_clash(struct stauth_ctx *ctx, const char *after,
	struct stauth_clash *ret_clash, struct stauth_err *err)
{
	return ctx->accounts->ops->user_clash(
		ctx->accounts, after, ret_clash, err);
}
