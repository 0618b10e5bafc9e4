/* SPDX-License-Identifier: MIT */
/* A whole core in a temporary directory: config, keys, SQLite store, ctx. */
#ifndef STAUTH_TEST_FIXTURE_H
#define STAUTH_TEST_FIXTURE_H

#include "auth/account.h"
#include "auth/account_parts.h"
#include "auth/ctx.h"
#include "auth/login.h"
#include "auth/session.h"
#include "store/accounts.h"
#include "store/state.h"
#include "store/table.h"

#define GOOD_PASSWORD  "correct horse ceiling staple"
#define OTHER_PASSWORD "mysterious walnut ceiling drum"

struct fixture {
	char dir[64];
	struct stauth_config *config;
	struct stauth_store store;
	struct stauth_ctx ctx;
	/* Copies of the provider's tables, in use: a test swaps verbs. */
	const struct stauth_state_ops *real_state;
	const struct stauth_accounts_ops *real_accounts;
	struct stauth_state_ops state_ops;
	struct stauth_accounts_ops accounts_ops;
	char reports[4096]; /* messages, one a line: "error|..." */
};

/* The clock of the store; tests move it. */
extern int64_t fixture_now_s;
/* How often these were called since setup. */
extern int fixture_hash_reads; /* session_by_hash */

/* cmocka's setup and teardown; *state is a struct fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

extern const struct stauth_actor fixture_actor; /* the command line */

/* A user with this password. */
struct stauth_account fixture_user(
	struct fixture *f, const char *name, const char *password, bool su);
/* One try; the verdict. Fails the test on a negative code. */
enum stauth_verdict fixture_try(struct fixture *f, struct stauth_login *login,
	const char *name, const char *password, const char *address,
	const char *device_token);
/* A right try and its session. */
void fixture_open(struct fixture *f, const char *name, const char *password,
	struct stauth_session_grant *ret_grant);
/* Does the token stand for a live session? OK or NOTFOUND. */
enum stauth_rc fixture_find(struct fixture *f, const char *token);
struct stauth_secret fixture_secret(const char *text);
/* How many audit rows of this event there are; the last one into ret_row
 * (may be NULL). */
size_t fixture_rows(
	struct fixture *f, const char *event, struct stauth_audit_row *ret_row);
/* A file below the directory. */
void fixture_write(struct fixture *f, const char *name, const char *text);

/* The same calls with the name, or what is given, as arguments. */
static inline enum stauth_rc fixture_edit(struct stauth_ctx *ctx,
	const char *name, const struct stauth_account_edit *edit,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_account_edit named = *edit;

	named.name = name;
	return stauth_account_edit(ctx, &named, actor, ret_ended, err);
}

static inline enum stauth_rc fixture_passwd(struct stauth_ctx *ctx,
	const char *name, const struct stauth_secret *password,
	bool must_change, const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err)
{
	const struct stauth_password_set set = {
		.name = name, .password = password, .must_change = must_change};

	return stauth_password_set(ctx, &set, actor, ret_ended, err);
}

/* What an account of this name, address and display name may choose. */
static inline enum stauth_rc fixture_password_check(struct stauth_ctx *ctx,
	const char *name, const char *email, const char *display_name,
	const struct stauth_secret *password, struct stauth_err *err)
{
	struct stauth_account account = {0};

	snprintf(account.name, sizeof(account.name), "%s", name);
	snprintf(account.email, sizeof(account.email), "%s", email);
	snprintf(account.display_name, sizeof(account.display_name), "%s",
		display_name);
	return stauth_password_check(ctx->config, &account, password, err);
}

#define FIXTURE_TEST(f)                                                        \
	cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

#endif
