/* SPDX-License-Identifier: MIT */
/*
 * All accounts, for another stauth or somebody's script (CONTRACT 5), in the
 * order of the code:
 *
 *  1. A hash MUST leave only where it was asked for, and not before the audit
 *     says so.
 *  2. An account that is deleted meanwhile is left out; one that cannot be
 *     read MUST end the export.
 *  3. No copy of a hash MUST be left.
 */
#include "auth/export.h"

#include <stdlib.h>
#include <string.h>

#include "auth/audit.h"
#include "base/secret.h"
#include "store/accounts.h"
#include "store/state.h"

#include "base/banned.h"

#define PAGE 200 /* accounts read at once */

struct walk {
	struct stauth_ctx *ctx;
	bool with_hashes;
	enum stauth_rc (*row)(const struct stauth_account *account, void *arg,
		struct stauth_err *err);
	void *arg;
};

/* --- 1. said before */

static enum stauth_rc write_audit(struct stauth_ctx *ctx,
	const struct stauth_actor *actor, struct stauth_err *err)
{
	struct stauth_audit_row row;

	stauth_audit_fill(&row, "export", true, "", 0, actor, "with hashes");
	return ctx->state->ops->audit_add(
		ctx->state, &row, stauth_ctx_now(ctx), err);
}

/* --- 2. and 3. one account, a page, all */

/* A list leaves the passwords out: the account is read once more, whole. */
static enum stauth_rc one(const struct walk *walk,
	struct stauth_account *account, struct stauth_err *err)
{
	enum stauth_rc rc = STAUTH_OK;

	if (walk->with_hashes) {
		rc = walk->ctx->accounts->ops->user_by_uid(
			walk->ctx->accounts, account->uid, account, err);
	}
	if (rc == STAUTH_OK) {
		rc = walk->row(account, walk->arg, err);
	}
	stauth_wipe_array(account->password);
	return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
}

static enum stauth_rc all(const struct walk *walk, struct stauth_account *page,
	struct stauth_err *err)
{
	char after[STAUTH_NAME_SIZE] = "";
	size_t count = PAGE;
	enum stauth_rc rc = STAUTH_OK;

	while (rc == STAUTH_OK && count == PAGE) {
		rc = walk->ctx->accounts->ops->user_list(walk->ctx->accounts,
			"", after, PAGE, page, &count, err);
		if (rc == STAUTH_OK && count > 0) {
			memcpy(after, page[count - 1].name, sizeof(after));
		}
		for (size_t i = 0; rc == STAUTH_OK && i < count; i++) {
			rc = one(walk, &page[i], err);
		}
	}
	return rc;
}

enum stauth_rc stauth_export(struct stauth_ctx *ctx, bool with_hashes,
	const struct stauth_actor *actor,
	enum stauth_rc (*row)(const struct stauth_account *account, void *arg,
		struct stauth_err *err),
	void *arg, struct stauth_err *err)
{
	const struct walk walk = {ctx, with_hashes, row, arg};
	struct stauth_account *page = calloc(PAGE, sizeof(*page));

	if (page == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	enum stauth_rc rc =
		with_hashes ? write_audit(ctx, actor, err) : STAUTH_OK;
	if (rc == STAUTH_OK) {
		rc = all(&walk, page, err);
	}
	free(page);
	return rc;
}
