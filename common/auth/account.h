/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_ACCOUNT_H
#define STAUTH_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "auth/session.h"
#include "base/secret.h"
#include "store/records.h"

/*
 * What an administrator does with accounts, and what an owner does with the
 * own one. Refusals are reported through ctx->messages and in err->msg.
 */

/* From then on a generated password is wrong, unless it was to last. */
#define STAUTH_GENERATED_HOURS 72

struct stauth_account_new {
	const char *name;         /* as typed */
	const char *email;        /* NULL: none, or the name if that is one */
	const char *display_name; /* NULL none */
	const char *groups;       /* NULL none */
	bool su;
	bool system_login;
	bool must_change;
	bool generated; /* must be changed within STAUTH_GENERATED_HOURS */
	const struct stauth_secret *password; /* NULL: no log-in until set */
};

/* EXISTS; BADVALUE (name, e-mail, weak password). */
enum stauth_rc stauth_account_add(struct stauth_ctx *ctx,
	const struct stauth_account_new *new_account,
	const struct stauth_actor *actor, struct stauth_account *ret_account,
	struct stauth_err *err);
/* The same answer without adding: what is worth knowing before a password is
 * typed. The password is not looked at. */
enum stauth_rc stauth_account_check_new(struct stauth_ctx *ctx,
	const struct stauth_account_new *new_account,
	const struct stauth_actor *actor, struct stauth_err *err);
/* By name as typed. NOTFOUND; a name that cannot be one is NOTFOUND too. */
enum stauth_rc stauth_account_get(struct stauth_ctx *ctx, const char *name,
	struct stauth_account *ret_account, struct stauth_err *err);

/* One page of a list, in order of name. */
enum stauth_rc stauth_account_list(struct stauth_ctx *ctx,
	const struct stauth_account_page *page,
	struct stauth_account *ret_accounts, size_t *ret_count,
	struct stauth_err *err);

/* The first account, in order of name after this one ("" from the start),
 * whose address is another account's name. NOTFOUND. Such an address leads to
 * the account of that name. */
enum stauth_rc stauth_account_clash(struct stauth_ctx *ctx, const char *after,
	struct stauth_clash *ret_clash, struct stauth_err *err);

/* Each field that is not NULL (or, for the switches, not -1) is set. */
struct stauth_account_edit {
	const char *name;  /* whose; as typed */
	const char *email; /* "" removes it */
	const char *display_name;
	const char *groups;
	const char *add_group; /* NULL none; to those that there are */
	const char *remove_group;
	int su; /* -1 leave, 0 no, 1 yes */
	int system_login;
	int disabled;
};

/* Whatever changes ends the user's sessions; *ret_ended says how many.
 * NOTFOUND EXISTS BADVALUE REFUSED. */
enum stauth_rc stauth_account_edit(struct stauth_ctx *ctx,
	const struct stauth_account_edit *edit,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err);
enum stauth_rc stauth_account_delete(struct stauth_ctx *ctx, const char *name,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err);

/* An administrator sets a password. */
struct stauth_password_set {
	const char *name; /* whose; as typed */
	const struct stauth_secret *password;
	bool must_change;
	bool generated; /* must be changed within STAUTH_GENERATED_HOURS */
};
/* Ends sessions and voids devices. NOTFOUND BADVALUE REFUSED EBUSY. */
enum stauth_rc stauth_password_set(struct stauth_ctx *ctx,
	const struct stauth_password_set *set, const struct stauth_actor *actor,
	int *ret_ended, struct stauth_err *err);

/* The owner changes the password. */
struct stauth_password_change {
	/* A try with the current password whose verdict is ALLOW: the same
	 * rate limits as any log-in. */
	struct stauth_login *login;
	const struct stauth_session *session; /* NULL: none, through PAM */
	const char *device_token;             /* NULL: none */
	const struct stauth_secret *password;
};
/*
 * Other sessions end and other devices are void, in the same transaction; the
 * session of the change is kept, unless it was a must-change one: then the
 * caller opens a new one with login. BADVALUE; EXPIRED; EBUSY.
 */
enum stauth_rc stauth_password_change(struct stauth_ctx *ctx,
	const struct stauth_password_change *change,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err);

/* A random password that passes the policy: five groups of letters and
 * digits without look-alikes. */
enum stauth_rc stauth_password_generate(struct stauth_ctx *ctx,
	struct stauth_secret *ret_password, struct stauth_err *err);

#endif
