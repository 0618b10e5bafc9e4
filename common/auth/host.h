/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_HOST_H
#define STAUTH_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/session.h"

/* The host log-in policy (CONTRACT 4): what a log-in through PAM asks of an
 * account beyond its password. */
struct stauth_host_policy {
	bool require_su;
	const char *group; /* NULL: any */
	bool any_account;  /* a service that opens no host */
	int64_t minimum_uid;
};

/* The account behind a name that a host gave, and what the policy says. */
struct stauth_host_access {
	/* DENY: unknown (no such account, or another Unix account than the
	 * host means); FORBIDDEN; ALLOW. Disabled and must_change are the
	 * caller's to look at. */
	enum stauth_verdict verdict;
	struct stauth_account account; /* password wiped; none on DENY */
};

/* Errors: the store's. */
enum stauth_rc stauth_host_find(struct stauth_ctx *ctx, const char *user,
	const struct stauth_host_policy *policy,
	struct stauth_host_access *ret_access, struct stauth_err *err);
/* The same for an account at hand; asks the host's user database. */
enum stauth_verdict stauth_host_check(const char *user,
	const struct stauth_account *account,
	const struct stauth_host_policy *policy);

/* What a host keeps of a log-in: it holds until the account's password
 * changes or it is disabled. Worth nothing from anybody but root. */
#define STAUTH_HOST_PROOF_SIZE 48
void stauth_host_proof(const struct stauth_account *account,
	char ret_proof[STAUTH_HOST_PROOF_SIZE]);
bool stauth_host_proof_holds(
	const struct stauth_account *account, const char *proof);

/* Sets a password without the current one, which root or a proof vouches
 * for; it must differ from it. BADVALUE; EXPIRED: the account changed. */
enum stauth_rc stauth_host_password_set(struct stauth_ctx *ctx,
	const struct stauth_account *account,
	const struct stauth_secret *password, const struct stauth_actor *actor,
	struct stauth_err *err);

/* Who holds a host's session open, so that the sweep can end it. */
struct stauth_host_session {
	const char *service; /* "sshd" */
	const char *rhost;   /* "" local */
	const char *tty;     /* "" none */
	int64_t pid;         /* of the host's process; 0 not known */
};

/* A row in the list of sessions, which no token opens. EXPIRED: disabled or
 * changed since. */
enum stauth_rc stauth_host_session_open(struct stauth_ctx *ctx,
	const struct stauth_account *account,
	const struct stauth_host_session *host,
	char ret_handle[STAUTH_HANDLE_LEN + 1], struct stauth_err *err);
/* Ends it if it is this user's and one of a host. NOTFOUND. name: canonical. */
enum stauth_rc stauth_host_session_close(struct stauth_ctx *ctx,
	const char *name, const char *handle, const struct stauth_actor *actor,
	struct stauth_err *err);
/* Ends the rows whose process is gone (or whose machine was restarted). */
enum stauth_rc stauth_host_sweep(
	struct stauth_ctx *ctx, int *ret_ended, struct stauth_err *err);

#endif
