/* SPDX-License-Identifier: MIT */
/*
 * Changing an account (CONTRACT 3.2, 4, 5), in the order of the code:
 *
 *  1. Only what is given changes, and the outcome MUST keep the rules of a
 *     new account.
 *  2. Every change MUST end the user's sessions, which carry the identity,
 *     and whatever log-in, link or other edit is under way: also a mark that
 *     is taken back, so that nothing of before revives.
 *  3. An account marked for system log-in, and the mark itself, MUST NOT be
 *     changed by a web page.
 *  4. The last superuser MUST NOT be disabled or demoted.
 *  5. What changed under our hands is read again, never overwritten.
 */
#include "auth/account.h"

#include <stdio.h>
#include <string.h>

#include "auth/account_change.h"
#include "auth/name.h"
#include "base/buf.h"
#include "base/text.h"
#include "store/accounts.h"

#include "base/banned.h"

#define ROUNDS_MAX 3

/* --- 1. the outcome */

static enum stauth_rc merge_texts(const struct stauth_account_edit *edit,
	struct stauth_account *next, struct stauth_err *err)
{
	const char *display = edit->display_name;
	enum stauth_rc rc = STAUTH_OK;

	if (edit->email != NULL && !edit->email[0]) {
		next->email[0] = '\0';
	} else if (edit->email != NULL) {
		rc = stauth_email_canonical(
			edit->email, strlen(edit->email), next->email, err);
	}
	if (rc == STAUTH_OK && display != NULL) {
		rc = stauth_display_canonical(
			display, strlen(display), next->display_name, err);
	}
	return rc;
}

static enum stauth_rc merge(const struct stauth_account_edit *edit,
	struct stauth_account *next, struct stauth_err *err)
{
	enum stauth_rc rc = merge_texts(edit, next, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	next->su = edit->su < 0 ? next->su : edit->su > 0;
	next->disabled =
		edit->disabled < 0 ? next->disabled : edit->disabled > 0;
	next->system_login = edit->system_login < 0 ? next->system_login
						    : edit->system_login > 0;
	char groups[STAUTH_GROUPS_SIZE];
	/* Also when no groups are given: su takes one of the places. */
	rc = stauth_groups_canonical(
		edit->groups != NULL ? edit->groups : next->groups, next->su,
		groups, err);
	if (rc == STAUTH_OK) {
		memcpy(next->groups, groups, sizeof(groups));
	}
	return rc;
}

/* --- 2. what it means */

static bool differs(
	const struct stauth_account *a, const struct stauth_account *b)
{
	return a->su != b->su || a->disabled != b->disabled ||
	       a->system_login != b->system_login ||
	       strcmp(a->email, b->email) != 0 ||
	       strcmp(a->display_name, b->display_name) != 0 ||
	       strcmp(a->groups, b->groups) != 0;
}

static const char *event_of(
	const struct stauth_account *old, const struct stauth_account *next)
{
	if (old->disabled == next->disabled) {
		return "user.set";
	}
	return next->disabled ? "user.disable" : "user.enable";
}

static void describe(const struct stauth_account *old,
	const struct stauth_account *next, struct stauth_buf *detail)
{
	if (strcmp(old->email, next->email) != 0) {
		stauth_buf_add(detail, "email ");
	}
	if (strcmp(old->display_name, next->display_name) != 0) {
		stauth_buf_add(detail, "name ");
	}
	if (strcmp(old->groups, next->groups) != 0) {
		stauth_buf_add(detail, "groups ");
	}
	if (old->su != next->su) {
		stauth_buf_add(detail, next->su ? "su=1 " : "su=0 ");
	}
	if (old->system_login != next->system_login) {
		stauth_buf_add(detail, next->system_login ? "system_login=1"
							  : "system_login=0");
	}
}

/* --- 3. and 4. doing it */

static enum stauth_rc write_change(struct stauth_ctx *ctx,
	const struct stauth_account *next, const struct stauth_change *change,
	int *ret_ended, struct stauth_err *err)
{
	int before = 0;
	enum stauth_rc rc =
		stauth_change_before(ctx, next->uid, change, &before, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	int ended = 0;
	rc = ctx->accounts->ops->user_update(
		ctx->accounts, next, change, &ended, err);
	if (rc == STAUTH_REFUSED) {
		return stauth_fail(err, rc, STAUTH_TEXT_LAST_SUPERUSER);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	*ret_ended = before + ended;
	return stauth_change_after(ctx, next->uid, change, ret_ended, err);
}

static enum stauth_rc apply(struct stauth_ctx *ctx,
	const struct stauth_account *old, const struct stauth_account *next,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err)
{
	if (!differs(old, next)) {
		*ret_ended = 0;
		return STAUTH_OK;
	}
	enum stauth_rc rc = stauth_account_check_channel(
		old->system_login || next->system_login, actor, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_buf detail;
	stauth_buf_init(&detail, STAUTH_DETAIL_SIZE);
	describe(old, next, &detail);
	struct stauth_change change;
	stauth_change_fill(ctx, event_of(old, next), old, actor,
		stauth_buf_str(&detail), true, &change);
	stauth_buf_finish(&detail);
	return write_change(ctx, next, &change, ret_ended, err);
}

/* --- 5. until nobody else was faster */

static enum stauth_rc edit_once(struct stauth_ctx *ctx, const char *name,
	const struct stauth_account_edit *edit,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_account old = {0};
	enum stauth_rc rc = stauth_account_read(ctx, name, &old, err);

	stauth_wipe_array(old.password);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_account next = old;
	rc = merge(edit, &next, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	return apply(ctx, &old, &next, actor, ret_ended, err);
}

enum stauth_rc stauth_account_edit(struct stauth_ctx *ctx, const char *name,
	const struct stauth_account_edit *edit,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err)
{
	enum stauth_rc rc = STAUTH_EXPIRED;

	for (int i = 0; rc == STAUTH_EXPIRED && i < ROUNDS_MAX; i++) {
		rc = edit_once(ctx, name, edit, actor, ret_ended, err);
	}
	return stauth_account_report(ctx, rc, err);
}
