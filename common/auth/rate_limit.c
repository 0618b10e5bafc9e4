/* SPDX-License-Identifier: MIT */
/*
 * The throttle (CONTRACT 3.3), in the order of the code:
 *
 *  1. A try MUST be counted under the canonical name, so that all spellings
 *     of a name share one counter; unknown names MUST be counted like known
 *     ones, and all names that cannot be one together under "!".
 *  2. A try without a usable address MUST be counted under the shared source
 *     "?", never left out.
 *  3. account+source: 5 failures are free, then waits of 1 2 4 ... 60 s; a
 *     success clears it. Forgotten an hour after the last failure.
 *  4. account, all unknown devices together: 20 failures in an hour are
 *     free, then one try in 10 s.
 *  5. source: 30 failures in ten minutes are free, then one try in 5 s.
 *  6. A device known for this account MUST be counted in a limit of its own
 *     with the numbers of 3 and in no other, so that nobody else can lock it
 *     out.
 *  7. A caller who names the source himself (a user who starts the helper)
 *     MUST be counted in a limit of his own too, whatever the source is
 *     called: 15 failures are free, then waits of 1 2 4 ... 60 s.
 *  8. A failure MUST be counted in every limit before the hash, and a refused
 *     try MUST NOT be counted.
 *  9. A success takes the failure back from every limit; so does a fault that
 *     was no verdict, but that MUST NOT clear anything.
 */
#include "auth/rate_limit.h"

#include <stdio.h>
#include <string.h>

#include "auth/login.h"
#include "auth/mailing.h"
#include "base/codec.h"
#include "store/state.h"

#include "base/banned.h"

static const struct stauth_rate_limit limit_own = {
	.free = 5,
	.window_s = 3600,
	.first_wait_s = 1,
	.max_wait_s = 60,
	.cleared_by_success = true,
};

static const struct stauth_rate_limit limit_account = {
	.name = "account",
	.free = 20,
	.window_s = 3600,
	.first_wait_s = 10,
	.max_wait_s = 10,
	.fixed_window = true,
};

static const struct stauth_rate_limit limit_source = {
	.name = "source",
	.free = 30,
	.window_s = 600,
	.first_wait_s = 5,
	.max_wait_s = 5,
	.fixed_window = true,
};

static const struct stauth_rate_limit limit_caller = {
	.name = "caller",
	.free = 15,
	.window_s = 3600,
	.first_wait_s = 1,
	.max_wait_s = 60,
	.cleared_by_success = true,
};

static struct stauth_rate_limit *add_limit(
	struct stauth_login *login, const struct stauth_rate_limit *pattern)
{
	struct stauth_rate_limit *limit = &login->limits[login->limit_count++];

	*limit = *pattern;
	return limit;
}

static void device_limit(struct stauth_login *login, const char *account)
{
	char hex[STAUTH_SHA256_LEN * 2 + 1];
	struct stauth_rate_limit *limit = add_limit(login, &limit_own);

	stauth_hex_encode(login->device_hash, STAUTH_SHA256_LEN, hex);
	limit->name = "device";
	snprintf(limit->key, sizeof(limit->key), "%s\n%s", account, hex);
}

const struct stauth_rate_limit *stauth_rate_limit_by_name(const char *name)
{
	const struct stauth_rate_limit *mail = stauth_mailing_limit(name);

	if (mail != NULL) {
		return mail;
	}
	if (strcmp(name, "account") == 0) {
		return &limit_account;
	}
	if (strcmp(name, "caller") == 0) {
		return &limit_caller;
	}
	return strcmp(name, "source") == 0 ? &limit_source : &limit_own;
}

void stauth_rate_limits_fill(struct stauth_login *login, const char *account)
{
	const char *source = login->source[0] ? login->source : "?";

	login->limit_count = 0;
	struct stauth_rate_limit *limit;
	if (login->caller[0]) {
		limit = add_limit(login, &limit_caller);
		snprintf(limit->key, sizeof(limit->key), "%s\n%s", account,
			login->caller);
	}
	if (login->known_device) {
		device_limit(login, account);
		return;
	}
	limit = add_limit(login, &limit_own);
	limit->name = "account+source";
	snprintf(limit->key, sizeof(limit->key), "%s\n%s", account, source);
	limit = add_limit(login, &limit_account);
	snprintf(limit->key, sizeof(limit->key), "%s", account);
	limit = add_limit(login, &limit_source);
	snprintf(limit->key, sizeof(limit->key), "%s", source);
}

void stauth_rate_limits_source_only(struct stauth_login *login)
{
	login->limit_count = 0;
	struct stauth_rate_limit *limit = add_limit(login, &limit_source);
	snprintf(limit->key, sizeof(limit->key), "%s",
		login->source[0] ? login->source : "?");
}

enum stauth_rc stauth_rate_limits_take(struct stauth_ctx *ctx,
	struct stauth_login *login, struct stauth_err *err)
{
	struct stauth_state *state = ctx->state;
	int64_t wait_s = 0;

	enum stauth_rc rc = state->ops->throttle_take(state, login->limits,
		login->limit_count, login->never_refuse, state->ops->now(state),
		&wait_s, err);
	if (rc == STAUTH_THROTTLED) {
		login->wait_s = wait_s > 0 ? wait_s : 1;
	}
	login->counted = rc == STAUTH_OK;
	return rc;
}

enum stauth_rc stauth_rate_limits_done(struct stauth_ctx *ctx,
	struct stauth_login *login, bool success, struct stauth_err *err)
{
	struct stauth_state *state = ctx->state;

	if (!login->counted) {
		return STAUTH_OK;
	}
	enum stauth_rc rc = state->ops->throttle_done(state, login->limits,
		login->limit_count, success, state->ops->now(state), err);
	if (rc == STAUTH_OK) {
		login->counted = false;
	}
	return rc;
}
