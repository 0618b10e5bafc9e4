/* SPDX-License-Identifier: MIT */
/*
 * How a session begins and is found (CONTRACT 3.2), in the order of the code:
 *
 *  1. A session of a browser MUST come from a log-in whose verdict is ALLOW.
 *     Its row, like a host's, MUST be written by one function, from the
 *     factors that prove it; without one there is none.
 *  2. Token, handle, device token and what the front end needs MUST be random
 *     and derived from nothing; if the source fails there is no session. Only
 *     the hashes of tokens reach the store.
 *  3. Every log-in makes a new session; the one the browser came with ends.
 *     Over SESSIONS_PER_USER those used longest ago end.
 *  4. A session carries the identity of the account as it was checked; if the
 *     account has changed there is none.
 *  5. A session ends SESSION_HOURS after the log-in, with "remember me"
 *     REMEMBER_DAYS after it, and is never renewed.
 *  6. A user who must change the password gets a session that is good for
 *     that only, and not for longer than a generated password.
 *  7. The browser becomes a known device for 180 days; a device token that is
 *     known for this account is kept and lives on.
 *  8. A fault is no failure of the user: the try is given back.
 *  9. A session counts as confirmed again only for a log-in of its own account,
 *     behind the same rate limits.
 * 10. What is no token MUST be refused without asking the store.
 */
#include "auth/session.h"

#include <stdio.h>
#include <string.h>

#include "auth/audit.h"
#include "auth/device.h"
#include "auth/name.h"
#include "auth/rate_limit.h"
#include "base/codec.h"
#include "base/secret.h"
#include "base/text.h"
#include "store/accounts.h"
#include "store/state.h"

#include "base/banned.h"

#define HOUR_S 3600
#define DAY_S  86400

static int64_t life_s(const struct stauth_config *config, bool remember)
{
	return remember ? (int64_t)config->remember_days * DAY_S
			: (int64_t)config->session_hours * HOUR_S;
}

static bool known_token(struct stauth_ctx *ctx,
	const struct stauth_login *login, const char *token)
{
	uint8_t hash[STAUTH_SHA256_LEN];

	return login->known_device && token != NULL &&
	       stauth_device_hash(ctx, token, hash, NULL) == STAUTH_OK &&
	       stauth_equal_ct(hash, login->device_hash, sizeof(hash));
}

/* known: the device token that came is kept. */
static enum stauth_rc make_tokens(struct stauth_ctx *ctx, bool known,
	const struct stauth_session_request *ask,
	struct stauth_session_grant *grant, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_random_token(ctx->random, grant->token, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_random_handle(ctx->random, grant->session.handle, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_random_token(ctx->random, grant->browser_token, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (known) {
		memcpy(grant->device_token, ask->device_token,
			sizeof(grant->device_token));
		return STAUTH_OK;
	}
	return stauth_random_token(ctx->random, grant->device_token, err);
}

static enum stauth_rc hash_tokens(struct stauth_ctx *ctx,
	const struct stauth_session_request *ask,
	const struct stauth_session_grant *grant,
	struct stauth_login_commit *commit, struct stauth_err *err)
{
	const char *presented = ask->presented;

	if (!stauth_sha256(
		    grant->token, STAUTH_TOKEN_LEN, commit->token_hash)) {
		return stauth_fail(err, STAUTH_ECRYPTO, "SHA-256 failed");
	}
	if (presented != NULL &&
		stauth_token_wellformed(presented, strlen(presented))) {
		commit->end_presented = stauth_sha256(
			presented, STAUTH_TOKEN_LEN, commit->presented_hash);
		if (!commit->end_presented) {
			return stauth_fail(
				err, STAUTH_ECRYPTO, "SHA-256 failed");
		}
	}
	commit->device = true;
	return stauth_device_hash(
		ctx, grant->device_token, commit->device_hash, err);
}

/* A list that does not fit is a broken account, not one with less rights. */
static bool set_groups(
	struct stauth_session *session, const struct stauth_account *account)
{
	int n = snprintf(session->groups, sizeof(session->groups), "%s%s%s",
		account->su ? "su" : "",
		account->su && account->groups[0] ? "," : "", account->groups);

	return n >= 0 && (size_t)n < sizeof(session->groups);
}

static bool set_identity(
	struct stauth_session *session, const struct stauth_account *account)
{
	session->uid = account->uid;
	session->epoch = account->epoch;
	session->must_change = account->must_change;
	memcpy(session->user, account->name, sizeof(session->user));
	memcpy(session->email, account->email, sizeof(session->email));
	memcpy(session->display_name, account->display_name,
		sizeof(session->display_name));
	return set_groups(session, account);
}

enum stauth_rc stauth_session_insert(struct stauth_ctx *ctx,
	const struct stauth_account *account,
	struct stauth_login_commit *commit, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_session *session = &commit->session;

	if (session->factors == 0) {
		return stauth_fail(
			err, STAUTH_REFUSED, "a session without a proof");
	}
	if (!set_identity(session, account)) {
		return stauth_fail(
			err, STAUTH_EBROKEN, "the account has too many groups");
	}
	/* One that waits for a new password ends with the generated one. */
	if (account->must_change && account->password_expires_at != 0 &&
		session->expires_at > account->password_expires_at) {
		session->expires_at = account->password_expires_at;
	}
	session->level = 1;
	if (session->auth_at == 0) {
		session->auth_at = now_s;
		session->confirmed_at = now_s;
	}
	session->created_at = now_s;
	session->last_seen_at = now_s;
	return ctx->state->ops->login_commit(ctx->state, commit, now_s, err);
}

/* What the log-in says, and what the browser asked for. */
static void fill_commit(struct stauth_ctx *ctx,
	const struct stauth_login *login,
	const struct stauth_session_request *ask, int64_t now_s,
	struct stauth_login_commit *commit)
{
	struct stauth_session *session = &commit->session;
	const struct stauth_actor actor = {
		.name = "",
		.channel = login->channel,
		.address = session->address,
	};

	stauth_text_clean(
		session->channel, sizeof(session->channel), login->channel);
	stauth_text_clean(
		session->address, sizeof(session->address), ask->address);
	stauth_text_clean(session->agent, sizeof(session->agent), ask->agent);
	session->remember = ask->remember;
	session->factors = login->factors;
	session->expires_at = now_s + life_s(ctx->config, ask->remember);
	commit->sessions_max = ctx->config->sessions_per_user;
	commit->device_expires_at = now_s + (int64_t)STAUTH_DEVICE_DAYS * DAY_S;
	commit->limits = login->limits.reserved_at != 0 ? &login->limits : NULL;
	stauth_audit_fill(&commit->audit, "login", login->account.name,
		login->account.uid, &actor);
	stauth_text_clean(commit->audit.detail, sizeof(commit->audit.detail),
		ask->remember ? "remember" : "");
}

static enum stauth_rc commit_login(struct stauth_ctx *ctx,
	struct stauth_login *login, const struct stauth_session_request *ask,
	struct stauth_session_grant *grant, struct stauth_err *err)
{
	int64_t now_s = ctx->state->ops->now(ctx->state);
	enum stauth_rc rc = make_tokens(ctx,
		known_token(ctx, login, ask->device_token), ask, grant, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_login_commit commit = {.session = grant->session};
	rc = hash_tokens(ctx, ask, grant, &commit, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	fill_commit(ctx, login, ask, now_s, &commit);
	rc = stauth_session_insert(ctx, &login->account, &commit, now_s, err);
	grant->session = commit.session;
	grant->max_age_s =
		ask->remember ? grant->session.expires_at - now_s : 0;
	return rc;
}

/* The try, after a fault. Of EUNKNOWN nobody knows whether it took the failure
 * back. */
static void give_back(
	struct stauth_ctx *ctx, struct stauth_login *login, enum stauth_rc rc)
{
	if (rc != STAUTH_EUNKNOWN) {
		(void)stauth_rate_limits_settle(
			ctx, &login->limits, STAUTH_OUTCOME_FAULT, NULL, NULL);
	}
}

enum stauth_rc stauth_session_open(struct stauth_ctx *ctx,
	struct stauth_login *login, const struct stauth_session_request *ask,
	struct stauth_session_grant *ret_grant, struct stauth_err *err)
{
	if (login->verdict != STAUTH_ALLOW) {
		return stauth_fail(err, STAUTH_REFUSED, "not allowed");
	}
	struct stauth_session_grant grant = {0};
	enum stauth_rc rc = commit_login(ctx, login, ask, &grant, err);
	if (rc == STAUTH_OK) {
		login->limits.reserved_at = 0;
		*ret_grant = grant;
		if (!login->known_device) {
			const struct stauth_actor actor = {
				"", login->channel, login->address};

			stauth_device_notify(ctx, &login->account, &actor);
		}
	} else {
		login->verdict = STAUTH_DENY;
		give_back(ctx, login, rc);
	}
	stauth_wipe(&grant, sizeof(grant));
	return rc;
}

/* --- a fresh proof */

enum stauth_rc stauth_session_confirm(struct stauth_ctx *ctx,
	struct stauth_login *login, struct stauth_session *session,
	struct stauth_err *err)
{
	if (login->verdict != STAUTH_ALLOW ||
		login->account.uid != session->uid) {
		return stauth_fail(err, STAUTH_REFUSED, "not allowed");
	}
	const struct stauth_actor actor = {
		.name = "",
		.channel = login->channel,
		.address = login->address,
	};
	struct stauth_audit_row row;
	stauth_audit_fill(&row, "confirm", session->user, session->uid, &actor);
	stauth_text_clean(row.detail, sizeof(row.detail), session->handle);
	const struct stauth_session_confirm confirm = {
		.handle = session->handle,
		.uid = session->uid,
		.epoch = login->account.epoch,
		.limits =
			login->limits.reserved_at != 0 ? &login->limits : NULL,
		.audit = &row,
		.now_s = ctx->state->ops->now(ctx->state),
	};
	enum stauth_rc rc =
		ctx->state->ops->session_confirm(ctx->state, &confirm, err);
	if (rc == STAUTH_OK) {
		login->limits.reserved_at = 0;
		session->confirmed_at = confirm.now_s;
		return STAUTH_OK;
	}
	login->verdict = STAUTH_DENY;
	give_back(ctx, login, rc);
	return rc;
}

/* --- 4. after a change */

/* What the new one takes over. */
static void fill_renewal(const struct stauth_session *old,
	const struct stauth_session_request *ask,
	const struct stauth_account *account, int64_t now_s,
	struct stauth_login_commit *commit)
{
	struct stauth_session *session = &commit->session;
	const struct stauth_actor actor = {"", old->channel, session->address};

	memcpy(session->channel, old->channel, sizeof(session->channel));
	stauth_text_clean(
		session->address, sizeof(session->address), ask->address);
	stauth_text_clean(session->agent, sizeof(session->agent), ask->agent);
	session->remember = old->remember;
	session->factors = old->factors;
	session->auth_at = old->auth_at;
	session->confirmed_at = old->confirmed_at;
	session->expires_at = old->expires_at;
	commit->device_expires_at = now_s + (int64_t)STAUTH_DEVICE_DAYS * DAY_S;
	stauth_audit_fill(&commit->audit, "session.open", account->name,
		account->uid, &actor);
	stauth_text_clean(
		commit->audit.detail, sizeof(commit->audit.detail), "renewed");
}

static enum stauth_rc commit_renewal(struct stauth_ctx *ctx,
	const struct stauth_session *old,
	const struct stauth_session_request *ask,
	struct stauth_session_grant *grant, struct stauth_err *err)
{
	struct stauth_account account = {0};
	enum stauth_rc rc = ctx->accounts->ops->user_by_uid(
		ctx->accounts, old->uid, &account, err);
	stauth_wipe_array(account.password);
	if (rc != STAUTH_OK || account.disabled) {
		return rc < 0 ? rc
			      : stauth_fail(err, STAUTH_EXPIRED,
					STAUTH_TEXT_USER_CHANGED);
	}
	struct stauth_known_device device;
	rc = stauth_device_known(
		ctx, ask->device_token, &account, &device, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = make_tokens(ctx, device.known, ask, grant, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	int64_t now_s = ctx->state->ops->now(ctx->state);
	struct stauth_login_commit commit = {.session = grant->session};
	rc = hash_tokens(ctx, ask, grant, &commit, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	fill_renewal(old, ask, &account, now_s, &commit);
	rc = stauth_session_insert(ctx, &account, &commit, now_s, err);
	grant->session = commit.session;
	grant->max_age_s = old->remember ? old->expires_at - now_s : 0;
	return rc;
}

enum stauth_rc stauth_session_renew(struct stauth_ctx *ctx,
	const struct stauth_session *session,
	const struct stauth_session_request *ask,
	struct stauth_session_grant *ret_grant, struct stauth_err *err)
{
	const struct stauth_actor actor = {"", session->channel, ask->address};
	struct stauth_audit_row row;

	stauth_audit_fill(
		&row, "session.renew", session->user, session->uid, &actor);
	stauth_text_clean(row.detail, sizeof(row.detail), session->handle);
	/* Its end decides: once it was revoked there is no way on. */
	enum stauth_rc rc = ctx->state->ops->session_end(ctx->state,
		session->handle, &row, ctx->state->ops->now(ctx->state), err);
	if (rc != STAUTH_OK) {
		return rc == STAUTH_NOTFOUND ? STAUTH_EXPIRED : rc;
	}
	struct stauth_session_grant grant = {0};
	rc = commit_renewal(ctx, session, ask, &grant, err);
	if (rc == STAUTH_OK) {
		*ret_grant = grant;
	}
	stauth_wipe(&grant, sizeof(grant));
	return rc;
}

/* --- finding one */

static int64_t idle_s(const struct stauth_ctx *ctx)
{
	return (int64_t)ctx->config->session_idle_minutes * 60;
}

enum stauth_rc stauth_session_by_token(struct stauth_ctx *ctx,
	const char *token, struct stauth_session *ret_session,
	struct stauth_err *err)
{
	if (token == NULL || !stauth_token_wellformed(token, strlen(token))) {
		return stauth_fail(err, STAUTH_NOTFOUND, "no session token");
	}
	uint8_t hash[STAUTH_SHA256_LEN];
	if (!stauth_sha256(token, STAUTH_TOKEN_LEN, hash)) {
		return stauth_fail(err, STAUTH_ECRYPTO, "SHA-256 failed");
	}
	return ctx->state->ops->session_by_hash(ctx->state, hash,
		&(const struct stauth_alive){.idle_s = idle_s(ctx),
			.now_s = ctx->state->ops->now(ctx->state)},
		ret_session, err);
}

enum stauth_rc stauth_session_by_handle(struct stauth_ctx *ctx,
	const char *handle, struct stauth_session *ret_session,
	struct stauth_err *err)
{
	if (handle == NULL || strlen(handle) != STAUTH_HANDLE_LEN) {
		return stauth_fail(err, STAUTH_NOTFOUND, "no such session");
	}
	return ctx->state->ops->session_by_handle(ctx->state, handle,
		&(const struct stauth_alive){.idle_s = idle_s(ctx),
			.now_s = ctx->state->ops->now(ctx->state)},
		ret_session, err);
}

enum stauth_rc stauth_session_list(struct stauth_ctx *ctx,
	const struct stauth_session_query *query,
	struct stauth_session *ret_sessions, size_t *ret_count,
	struct stauth_err *err)
{
	struct stauth_session_query asked = *query;

	asked.idle_s = idle_s(ctx);
	asked.now_s = ctx->state->ops->now(ctx->state);
	return ctx->state->ops->session_list(
		ctx->state, &asked, ret_sessions, ret_count, err);
}
