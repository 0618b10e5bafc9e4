/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_HOST_H
#define STAUTH_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/login.h"
#include "auth/session.h"

/*
 * The wall between the web and the host (CONTRACT 4): what a log-in through
 * PAM asks of an account beyond its password.
 */
struct stauth_host_policy {
	bool require_su;
	const char *group; /* NULL: any */
	bool any_account;  /* lifts the mark: a service that opens no host */
	int64_t minimum_uid;
};

enum stauth_host_verdict {
	STAUTH_HOST_NO = 0,  /* not permitted: mark, su, group or uid */
	STAUTH_HOST_UNKNOWN, /* no such account */
	STAUTH_HOST_DISABLED,
	STAUTH_HOST_MUST_CHANGE, /* permitted, after a new password */
	STAUTH_HOST_YES,
};

/* The rules but state of the account; pure but for getpwnam. */
bool stauth_host_permits(const struct stauth_account *account,
	const struct stauth_host_policy *rules);
/* May it enter now? For PAM's account phase. */
enum stauth_rc stauth_host_account(struct stauth_ctx *ctx, const char *name,
	const struct stauth_host_policy *rules,
	enum stauth_host_verdict *ret_verdict,
	struct stauth_account *ret_account, struct stauth_err *err);

/* Who holds a host's session open, so that the sweep can end it. */
struct stauth_host_session {
	const char *service; /* "sshd" */
	const char *rhost;   /* "" local */
	const char *tty;     /* "" none */
	int64_t pid;         /* of the host's process */
	size_t rows_max;     /* of this user's rows of hosts; 0 no limit */
};

/* A row in the list of sessions, which no token opens. NOTFOUND: not one of
 * our users; REFUSED: one row too many; nothing is written then. */
enum stauth_rc stauth_host_session_open(struct stauth_ctx *ctx,
	const char *name, const struct stauth_host_session *host,
	char ret_handle[STAUTH_HANDLE_LEN + 1], struct stauth_err *err);
/* Ends it if it is this user's and one of a host. NOTFOUND. name: canonical. */
enum stauth_rc stauth_host_session_close(struct stauth_ctx *ctx,
	const char *name, const char *handle, const struct stauth_actor *actor,
	struct stauth_err *err);
/* Ends the rows whose process is gone (or whose machine was restarted). */
enum stauth_rc stauth_host_sweep(
	struct stauth_ctx *ctx, int *ret_ended, struct stauth_err *err);

#endif
