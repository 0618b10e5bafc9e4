/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_ACCOUNT_H
#define STAUTH_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/ctx.h"
#include "auth/session.h"
#include "base/secret.h"
#include "store/records.h"

/*
 * What an administrator does with accounts, and what an owner does with the
 * own one. Refusals are told through ctx->messages and in err->msg.
 */

struct stauth_account_new {
	const char *name;         /* as typed */
	const char *email;        /* NULL: none, or the name if that is one */
	const char *display_name; /* NULL none */
	const char *groups;       /* NULL none */
	bool su;
	bool system_login;
	bool must_change;
	const struct stauth_secret *password; /* NULL: no log-in until set */
};

/* EXISTS; BADVALUE (name, e-mail, weak password). */
enum stauth_rc stauth_account_add(struct stauth_ctx *ctx,
	const struct stauth_account_new *new_account,
	const struct stauth_actor *actor, struct stauth_account *ret_account,
	struct stauth_err *err);
/* By name as typed. NOTFOUND; a name that cannot be one is NOTFOUND too. */
enum stauth_rc stauth_account_get(struct stauth_ctx *ctx, const char *name,
	struct stauth_account *ret_account, struct stauth_err *err);
enum stauth_rc stauth_account_list(struct stauth_ctx *ctx, const char *search,
	const char *after, size_t limit, struct stauth_account *ret_accounts,
	size_t *ret_count, struct stauth_err *err);

/* Each field that is not NULL (or, for the switches, not -1) is set. */
struct stauth_account_edit {
	const char *email; /* "" removes it */
	const char *display_name;
	const char *groups;
	int su; /* -1 leave, 0 no, 1 yes */
	int system_login;
	int disabled;
};

/* A change of identity (e-mail, name, groups, su) or disabling ends the
 * user's sessions; *ret_ended says how many. NOTFOUND EXISTS BADVALUE
 * REFUSED. */
enum stauth_rc stauth_account_edit(struct stauth_ctx *ctx, const char *name,
	const struct stauth_account_edit *edit,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err);
/* Administrator sets a password; ends sessions and voids devices. */
enum stauth_rc stauth_account_passwd(struct stauth_ctx *ctx, const char *name,
	const struct stauth_secret *password, bool must_change,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err);
enum stauth_rc stauth_account_delete(struct stauth_ctx *ctx, const char *name,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err);

/* Is it good enough for this account? BADVALUE with the reason in words.
 * strength (may be NULL) is filled either way. */
enum stauth_rc stauth_account_password_check(struct stauth_ctx *ctx,
	const char *name, const char *email, const char *display_name,
	const struct stauth_secret *password, struct stauth_err *err);

/*
 * The owner changes the password: login is a try with the current password
 * whose verdict is ALLOW (same throttle as any log-in). Other sessions end
 * and other devices are void, in the same transaction; the session of the
 * change is kept, unless it was a must-change one: then the caller opens a
 * new one with login. session is NULL through PAM. BADVALUE; EXPIRED.
 */
enum stauth_rc stauth_account_change_own(struct stauth_ctx *ctx,
	struct stauth_login *login, const struct stauth_session *session,
	const char *device_token, const struct stauth_secret *new_password,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err);

/* A random password that passes the policy: five groups of letters and
 * digits without look-alikes. */
enum stauth_rc stauth_account_generate(struct stauth_ctx *ctx,
	struct stauth_secret *ret_password, struct stauth_err *err);

#endif
