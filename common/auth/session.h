/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SESSION_H
#define STAUTH_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/audit.h"
#include "auth/login.h"
#include "base/random.h"
#include "store/state.h"

struct stauth_login_commit;

/* What a browser brings and gets with a log-in. */
struct stauth_session_request {
	bool remember;
	const char *address;      /* of the client */
	const char *agent;        /* User-Agent, cut by us; NULL none */
	const char *presented;    /* session token it came with; NULL none */
	const char *device_token; /* known device cookie; NULL none */
};

struct stauth_session_grant {
	char token[STAUTH_TOKEN_LEN + 1]; /* for the cookie, nowhere else */
	char device_token[STAUTH_TOKEN_LEN + 1]; /* set at every log-in */
	/* Random, and kept nowhere: what the front end makes new for the
	 * browser comes of it, so that nothing can fail once there is a
	 * session. */
	char browser_token[STAUTH_TOKEN_LEN + 1];
	struct stauth_session session;
	int64_t max_age_s; /* of the cookie with remember; 0: browser session */
};

/*
 * Opens a session from a log-in whose verdict is ALLOW; there is no other
 * way. Ends the presented session, keeps the cap, writes device, counters
 * and audit in one transaction. EXPIRED: the account has changed (sign
 * in again). Wipe the grant after use.
 */
enum stauth_rc stauth_session_open(struct stauth_ctx *ctx,
	struct stauth_login *login, const struct stauth_session_request *ask,
	struct stauth_session_grant *ret_grant, struct stauth_err *err);

/*
 * Writes the row of a session of this account; the one caller of the store's
 * login_commit. Given: token_hash, and of the session handle, channel,
 * address, agent, remember, expires_at and the factors that prove it; without
 * one REFUSED. EXPIRED: the account has changed.
 */
enum stauth_rc stauth_session_insert(struct stauth_ctx *ctx,
	const struct stauth_account *account,
	struct stauth_login_commit *commit, int64_t now_s,
	struct stauth_err *err);

/* The live session of a token; NOTFOUND also for what is no token, then
 * without asking the store. must_change sessions are found: look. */
enum stauth_rc stauth_session_by_token(struct stauth_ctx *ctx,
	const char *token, struct stauth_session *ret_session,
	struct stauth_err *err);
enum stauth_rc stauth_session_by_handle(struct stauth_ctx *ctx,
	const char *handle, struct stauth_session *ret_session,
	struct stauth_err *err);

/*
 * The user of a live session has shown the password again: confirmed_at of
 * its row, and of *session, is now. login: a try whose verdict is ALLOW for
 * this session's account; it is settled here, with an audit row "confirm".
 * REFUSED: it is not; EXPIRED: the session has ended or the account changed.
 */
enum stauth_rc stauth_session_confirm(struct stauth_ctx *ctx,
	struct stauth_login *login, struct stauth_session *session,
	struct stauth_err *err);

/* A session that was confirmed so long ago is not fresh. */
#define STAUTH_FRESH_S 900

/*
 * A new session in the place of a live one of the web whose account has
 * changed since: new token and handle, the identity as it is now; factors,
 * confirmation and end are the old one's. ask->presented is the old token.
 * EXPIRED: it has ended, or the account is disabled.
 */
enum stauth_rc stauth_session_renew(struct stauth_ctx *ctx,
	const struct stauth_session *session,
	const struct stauth_session_request *ask,
	struct stauth_session_grant *ret_grant, struct stauth_err *err);

/* By the user's own token; NOTFOUND is the ordinary "already gone". */
enum stauth_rc stauth_session_logout(struct stauth_ctx *ctx, const char *token,
	const struct stauth_actor *actor, struct stauth_err *err);
/* uid: only if it is this user's (0: anybody's). NOTFOUND. */
enum stauth_rc stauth_session_revoke(struct stauth_ctx *ctx, const char *handle,
	int64_t uid, const struct stauth_actor *actor, struct stauth_err *err);
/* Of which->uid (0: everybody), but for which->keep; the rest is filled here.
 */
enum stauth_rc stauth_session_revoke_all(struct stauth_ctx *ctx,
	const struct stauth_session_end *which,
	const struct stauth_actor *actor, int *ret_ended,
	struct stauth_err *err);
/* query->idle_s and now_s are filled here. */
enum stauth_rc stauth_session_list(struct stauth_ctx *ctx,
	const struct stauth_session_query *query,
	struct stauth_session *ret_sessions, size_t *ret_count,
	struct stauth_err *err);
/* A page was used by this session: moves last_seen_at if it is due (60 s).
 * Its failure is nobody's trouble, hence no result. */
void stauth_session_touch(
	struct stauth_ctx *ctx, const struct stauth_session *session);

/* Sweeps dead rows; for the gate's master, hourly. */
enum stauth_rc stauth_sweep(struct stauth_ctx *ctx, struct stauth_err *err);

#endif
