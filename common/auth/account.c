/* SPDX-License-Identifier: MIT */
/*
 * Accounts come, change and go (CONTRACT 3.2, 4, 5, 6), in the order of the
 * code:
 *
 *  1. An account with system log-in, and that switch itself, MUST NOT be made,
 *     changed or deleted by a web page: who rules the web pages must not
 *     become root on a host.
 *  2. A name with an @ is also the e-mail address unless given otherwise. A
 *     new account has a good password or none; with none nobody can log in.
 *  3. Only what is given changes, and the outcome MUST keep the rules of a
 *     new account.
 *  4. Every change MUST end the user's sessions, which carry the identity,
 *     and whatever log-in, link or other edit is under way: also a switch that
 *     is set back, so that nothing of before revives.
 *     The owner gets a mail about a new address (at the old one) or name.
 *  5. An account that changed since it was read is read again, never
 *     overwritten.
 *  6. The last superuser MUST NOT be deleted, disabled or demoted. A deleted
 *     user's sessions end with it.
 */
#include "auth/account.h"

#include <stdio.h>
#include <string.h>

#include "auth/account_parts.h"
#include "auth/audit.h"
#include "auth/mailing.h"
#include "auth/name.h"
#include "base/text.h"
#include "store/accounts.h"
#include "store/state.h"

#include "base/banned.h"

#define ROUNDS_MAX 3

enum stauth_rc stauth_account_report(
	struct stauth_ctx *ctx, enum stauth_rc rc, const struct stauth_err *err)
{
	if (rc > 0 && err != NULL) {
		stauth_report(&ctx->messages, STAUTH_ERROR, "%s", err->msg);
	}
	return rc;
}

/* --- 1. */

enum stauth_rc stauth_account_check_channel(bool system_login,
	const struct stauth_actor *actor, struct stauth_err *err)
{
	if (system_login && strcmp(actor->channel, "web") == 0) {
		return stauth_fail(err, STAUTH_REFUSED, STAUTH_TEXT_CLI_ONLY);
	}
	return STAUTH_OK;
}

/* --- 2. a new one */

void stauth_change_fill(struct stauth_ctx *ctx, const char *event,
	const struct stauth_account *account, const struct stauth_actor *actor,
	struct stauth_change *ret_change)
{
	*ret_change = (struct stauth_change){
		.now_s = ctx->state->ops->now(ctx->state),
		.keep_a_superuser = true,
	};
	stauth_audit_fill(
		&ret_change->audit, event, account->name, account->uid, actor);
}

static const char *or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static enum stauth_rc set_fields(const struct stauth_account_new *given,
	struct stauth_account *account, struct stauth_err *err)
{
	const char *display = or_empty(given->display_name);

	account->su = given->su;
	account->system_login = given->system_login;
	account->must_change = given->must_change;
	enum stauth_rc rc = stauth_name_canonical(
		given->name, strlen(given->name), account->name, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	const char *email = given->email;
	if (email == NULL) {
		email = strchr(account->name, '@') != NULL ? account->name : "";
	}
	if (email[0] != '\0') {
		rc = stauth_email_canonical(
			email, strlen(email), account->email, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
	}
	rc = stauth_display_canonical(
		display, strlen(display), account->display_name, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	return stauth_groups_canonical(
		or_empty(given->groups), given->su, account->groups, err);
}

/* What is taken, as a name or as an address, is refused before the price of a
 * hash is paid; the store judges again. */
static enum stauth_rc check_free(
	struct stauth_ctx *ctx, const char *login, struct stauth_err *err)
{
	struct stauth_account other;
	enum stauth_rc rc =
		stauth_account_by_login(ctx, login, login, &other, err);

	if (rc == STAUTH_OK) {
		return stauth_fail(err, STAUTH_EXISTS,
			strcmp(other.name, login) == 0
				? STAUTH_TEXT_USER_EXISTS
				: STAUTH_TEXT_ADDRESS_TAKEN,
			login);
	}
	return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
}

/* The account that it would be, but for its password. */
static enum stauth_rc prepare(struct stauth_ctx *ctx,
	const struct stauth_account_new *given,
	const struct stauth_actor *actor, struct stauth_account *account,
	struct stauth_err *err)
{
	enum stauth_rc rc =
		stauth_account_check_channel(given->system_login, actor, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = set_fields(given, account, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = check_free(ctx, account->name, err);
	if (rc != STAUTH_OK || account->email[0] == '\0') {
		return rc;
	}
	return check_free(ctx, account->email, err);
}

enum stauth_rc stauth_account_check_new(struct stauth_ctx *ctx,
	const struct stauth_account_new *new_account,
	const struct stauth_actor *actor, struct stauth_err *err)
{
	struct stauth_account account = {0};

	return stauth_account_report(
		ctx, prepare(ctx, new_account, actor, &account, err), err);
}

static enum stauth_rc insert(struct stauth_ctx *ctx,
	const struct stauth_account_new *given,
	const struct stauth_actor *actor, struct stauth_account *account,
	struct stauth_err *err)
{
	struct stauth_change change;
	stauth_change_fill(ctx, "user.add", account, actor, &change);
	if (given->generated) {
		account->must_change = true;
		account->password_expires_at =
			change.now_s + STAUTH_GENERATED_HOURS * 3600;
	}
	int64_t uid = 0;
	enum stauth_rc rc = ctx->accounts->ops->user_insert(
		ctx->accounts, account, &change, &uid, err);
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
	struct stauth_new_password job = {
		.account = &account, .password = new_account->password};
	enum stauth_rc rc = prepare(ctx, new_account, actor, &account, err);

	if (rc == STAUTH_OK && job.password != NULL) {
		rc = stauth_new_password_prepare(ctx, &job, err);
	}
	if (rc != STAUTH_OK) {
		goto out;
	}
	memcpy(account.password, job.encoded, sizeof(account.password));
	rc = insert(ctx, new_account, actor, &account, err);
	stauth_wipe_array(account.password);
	if (rc == STAUTH_OK) {
		*ret_account = account;
	}
out:
	stauth_wipe_array(job.encoded);
	return stauth_account_report(ctx, rc, err);
}

/* --- 3. the outcome of an edit */

static bool merge_switch(int given, bool present)
{
	return given < 0 ? present : given > 0;
}

static enum stauth_rc merge(const struct stauth_account_edit *edit,
	struct stauth_account *next, struct stauth_err *err)
{
	const char *display = edit->display_name;
	const char *email = edit->email;
	if (email != NULL && email[0] == '\0') {
		next->email[0] = '\0';
	} else if (email != NULL && stauth_email_canonical(email, strlen(email),
					    next->email, err) != STAUTH_OK) {
		return STAUTH_BADVALUE;
	}
	if (display != NULL &&
		stauth_display_canonical(display, strlen(display),
			next->display_name, err) != STAUTH_OK) {
		return STAUTH_BADVALUE;
	}
	next->su = merge_switch(edit->su, next->su);
	next->disabled = merge_switch(edit->disabled, next->disabled);
	next->system_login =
		merge_switch(edit->system_login, next->system_login);
	char wanted[STAUTH_GROUPS_WANTED_SIZE];
	stauth_groups_change(
		next->groups, edit->add_group, edit->remove_group, wanted);
	char groups[STAUTH_GROUPS_SIZE];
	/* Also when no groups are given: su takes one of the places. */
	if (stauth_groups_canonical(
		    edit->groups != NULL ? edit->groups : wanted, next->su,
		    groups, err) != STAUTH_OK) {
		return STAUTH_BADVALUE;
	}
	memcpy(next->groups, groups, sizeof(groups));
	return STAUTH_OK;
}

/* --- 4. what it means */

void stauth_change_fill_end(struct stauth_ctx *ctx, const char *event,
	const struct stauth_account *account, const struct stauth_actor *actor,
	struct stauth_change *ret_change)
{
	stauth_change_fill(ctx, event, account, actor, ret_change);
	ret_change->end_sessions = true;
	ret_change->raise_epoch = true;
}

/* What differs, for the audit. */
static void describe(const struct stauth_account *old,
	const struct stauth_account *next, char detail[STAUTH_DETAIL_SIZE])
{
	const char *su = next->su ? "su=1 " : "su=0 ";
	const char *mark =
		next->system_login ? "system_login=1" : "system_login=0";

	snprintf(detail, STAUTH_DETAIL_SIZE, "%s%s%s%s%s",
		strcmp(old->email, next->email) != 0 ? "email " : "",
		strcmp(old->display_name, next->display_name) != 0 ? "name "
								   : "",
		strcmp(old->groups, next->groups) != 0 ? "groups " : "",
		old->su != next->su ? su : "",
		old->system_login != next->system_login ? mark : "");
}

/* What the store refuses, in our words. */
static enum stauth_rc refused(enum stauth_rc rc, struct stauth_err *err)
{
	return rc == STAUTH_REFUSED
		       ? stauth_fail(err, rc, STAUTH_TEXT_LAST_SUPERUSER)
		       : rc;
}

/* --- 5. */

static enum stauth_rc edit_once(struct stauth_ctx *ctx,
	const struct stauth_account_edit *edit,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_account old;
	enum stauth_rc rc = stauth_account_get(ctx, edit->name, &old, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_account next = old;
	rc = merge(edit, &next, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	char detail[STAUTH_DETAIL_SIZE];
	describe(&old, &next, detail);
	if (detail[0] == '\0' && old.disabled == next.disabled) {
		*ret_ended = 0;
		return STAUTH_OK;
	}
	rc = stauth_account_check_channel(
		old.system_login || next.system_login, actor, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	const char *event = old.disabled == next.disabled ? "user.set"
			    : next.disabled               ? "user.disable"
							  : "user.enable";
	struct stauth_change change;
	stauth_change_fill_end(ctx, event, &old, actor, &change);
	memcpy(change.audit.detail, detail, sizeof(detail));
	bool new_email = strcmp(old.email, next.email) != 0;
	const struct stauth_mail_order order = {
		new_email ? STAUTH_MAIL_EMAIL_CHANGED
			  : STAUTH_MAIL_NAME_CHANGED,
		old.email, old.name, STAUTH_NOTICE_S};
	struct stauth_mail notice;
	if (new_email || strcmp(old.display_name, next.display_name) != 0) {
		rc = stauth_notice_fill(ctx, &order, &change, &notice, err);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	return refused(ctx->accounts->ops->user_update(
			       ctx->accounts, &next, &change, ret_ended, err),
		err);
}

enum stauth_rc stauth_account_edit(struct stauth_ctx *ctx,
	const struct stauth_account_edit *edit,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err)
{
	enum stauth_rc rc = STAUTH_EXPIRED;

	for (int i = 0; rc == STAUTH_EXPIRED && i < ROUNDS_MAX; i++) {
		rc = edit_once(ctx, edit, actor, ret_ended, err);
	}
	return stauth_account_report(ctx, rc, err);
}

/* --- 6. the end of one */

static enum stauth_rc delete_account(struct stauth_ctx *ctx, const char *name,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_account account;
	enum stauth_rc rc = stauth_account_get(ctx, name, &account, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_account_check_channel(account.system_login, actor, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_change change;
	stauth_change_fill_end(ctx, "user.delete", &account, actor, &change);
	return refused(ctx->accounts->ops->user_delete(ctx->accounts,
			       account.uid, &change, ret_ended, err),
		err);
}

enum stauth_rc stauth_account_delete(struct stauth_ctx *ctx, const char *name,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err)
{
	return stauth_account_report(
		ctx, delete_account(ctx, name, actor, ret_ended, err), err);
}
