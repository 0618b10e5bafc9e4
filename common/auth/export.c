/* SPDX-License-Identifier: MIT */
/*
 * All accounts, for another stauth or somebody's script (CONTRACT 5), in the
 * order of the code:
 *
 *  1. A hash MUST leave only where it was asked for, and not before the audit
 *     says so.
 *  2. An account that is deleted during the export is left out; one that cannot
 * be read MUST end the export.
 *  3. No copy of a hash MUST be left.
 */
#include "auth/export.h"

#include <stdlib.h>
#include <string.h>

#include "auth/audit.h"
#include "auth/name.h"
#include "base/secret.h"
#include "store/accounts.h"
#include "store/state.h"

#include "base/banned.h"

#define PAGE 200 /* accounts read at once */

/* --- 2. and 3. one account, a page, all */

/* A list leaves the passwords out: the account is read once more, whole. */
static enum stauth_rc export_account(struct stauth_ctx *ctx,
	const struct stauth_export *job, struct stauth_account *account,
	struct stauth_err *err)
{
	if (job->with_hashes) {
		enum stauth_rc rc = ctx->accounts->ops->user_by_uid(
			ctx->accounts, account->uid, account, err);
		if (rc != STAUTH_OK) {
			return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
		}
	}
	enum stauth_rc rc = job->row(account, job->arg, err);
	stauth_wipe_array(account->password);
	return rc;
}

static enum stauth_rc export_all(struct stauth_ctx *ctx,
	const struct stauth_export *job, struct stauth_account *page,
	struct stauth_err *err)
{
	char after[STAUTH_NAME_SIZE] = "";
	const struct stauth_account_page asked = {
		.after = after, .limit = PAGE};
	size_t count = PAGE;

	while (count == PAGE) {
		enum stauth_rc rc = ctx->accounts->ops->user_list(
			ctx->accounts, &asked, page, &count, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
		if (count > 0) {
			memcpy(after, page[count - 1].name, sizeof(after));
		}
		for (size_t i = 0; i < count; i++) {
			rc = export_account(ctx, job, &page[i], err);
			if (rc != STAUTH_OK) {
				return rc;
			}
		}
	}
	return STAUTH_OK;
}

enum stauth_rc stauth_export(struct stauth_ctx *ctx,
	const struct stauth_export *job, const struct stauth_actor *actor,
	struct stauth_err *err)
{
	struct stauth_account *page = calloc(PAGE, sizeof(*page));

	if (page == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	enum stauth_rc rc = STAUTH_OK;
	if (job->with_hashes) {
		struct stauth_audit_row row;
		stauth_audit_fill(&row, "export", "", 0, actor);
		stauth_text_clean(
			row.detail, sizeof(row.detail), "with hashes");
		rc = ctx->state->ops->audit_add(
			ctx->state, &row, stauth_ctx_now(ctx), err);
	}
	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = export_all(ctx, job, page, err);
out:
	free(page);
	return rc;
}
