/* SPDX-License-Identifier: MIT */
/*
 * The rate limits (CONTRACT 3.3):
 *
 *  1. All numbers MUST be in the one table.
 *  2. A try MUST be reserved in every limit that it meets before it is made,
 *     or in none; a refused one is not counted.
 *  3. A try that only meets others under way MUST NOT be reported as one that
 *     he is throttled: EBUSY, on the web at once, elsewhere after 20 s.
 *  4. A success, and a fault that was no verdict, gives the reservation back;
 *     a success clears the counters that say so, a fault none.
 *
 * Which limits a log-in meets is decided by auth/login.c, those of a mail by
 * auth/mailing.c.
 */
#include "auth/rate_limit.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/state.h"

#include "base/banned.h"

#define WAIT_MS 20000
#define NAP_MS  50

/* Over `most` none until the window ends. */
#define CLOSED(limit_name, most, seconds)                                      \
	{                                                                      \
		.name = (limit_name), .free = (most), .window_s = (seconds),   \
		.first_wait_s = (seconds), .max_wait_s = (seconds),            \
		.fixed_window = true, .closed_when_full = true,                \
	}

/* Over `most` failures waits of 1 2 4 ... 60 s; forgotten an hour after the
 * last, and at a success. */
#define DOUBLING(limit_name, most)                                             \
	{                                                                      \
		.name = (limit_name), .free = (most), .window_s = 3600,        \
		.first_wait_s = 1, .max_wait_s = 60,                           \
		.cleared_by_success = true,                                    \
	}

/* Over `most` failures in the window one try in so many seconds. */
#define STEADY(limit_name, most, seconds, wait)                                \
	{                                                                      \
		.name = (limit_name), .free = (most), .window_s = (seconds),   \
		.first_wait_s = (wait), .max_wait_s = (wait),                  \
		.fixed_window = true,                                          \
	}

static const struct stauth_rate_limit table[] = {
	[STAUTH_LIMIT_ACCOUNT_SOURCE] = DOUBLING("account+source", 5),
	[STAUTH_LIMIT_DEVICE] = DOUBLING("device", 5),
	[STAUTH_LIMIT_ACCOUNT] = STEADY("account", 20, 3600, 10),
	[STAUTH_LIMIT_SOURCE] = STEADY("source", 30, 600, 5),
	[STAUTH_LIMIT_CALLER] = DOUBLING("caller", 15),
	[STAUTH_LIMIT_SIGNUP] = CLOSED("signup", 20, 3600),
	[STAUTH_LIMIT_MAIL_PAUSE] = CLOSED("mail-pause", 1, 60),
	[STAUTH_LIMIT_MAIL] = CLOSED("mail", 5, 3600),
	[STAUTH_LIMIT_MAIL_PINS] = CLOSED("mail-pins", 10, 86400),
	[STAUTH_LIMIT_MAIL_PINS_ALL] = CLOSED("mail-pins-all", 30, 86400),
	[STAUTH_LIMIT_MAIL_SOURCE] = CLOSED("mail-source", 20, 3600),
	[STAUTH_LIMIT_MAIL_ALL] = CLOSED("mail-all", 500, 3600),
};

const struct stauth_rate_limit *stauth_rate_limit_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i].name, name) == 0) {
			return &table[i];
		}
	}
	return NULL;
}

struct stauth_rate_limit stauth_rate_limit_of(
	enum stauth_limit which, const char *part, const char *more)
{
	struct stauth_rate_limit limit = table[which];

	snprintf(limit.key, sizeof(limit.key), "%s%s%s", part,
		more != NULL ? "\n" : "", more != NULL ? more : "");
	return limit;
}

void stauth_limits_add(struct stauth_limits *limits, enum stauth_limit which,
	const char *part, const char *more)
{
	limits->limit[limits->count++] =
		stauth_rate_limit_of(which, part, more);
}

enum stauth_rc stauth_rate_limits_reserve(struct stauth_ctx *ctx,
	struct stauth_limits *limits, int64_t *ret_wait_s,
	struct stauth_err *err)
{
	struct stauth_state *state = ctx->state;
	int64_t wait_ms = ctx->slots == STAUTH_SLOTS_WEB ? 0 : WAIT_MS;
	int64_t until_ms = ctx->boot_ms() + wait_ms;
	enum stauth_rc rc = state->ops->throttle_reserve(
		state, limits, state->ops->now(state), ret_wait_s, err);

	while (rc == STAUTH_EBUSY && ctx->boot_ms() < until_ms) {
		stauth_sleep_ms(NAP_MS);
		rc = state->ops->throttle_reserve(
			state, limits, state->ops->now(state), ret_wait_s, err);
	}
	return rc;
}

enum stauth_rc stauth_rate_limits_settle(struct stauth_ctx *ctx,
	struct stauth_limits *limits, enum stauth_outcome outcome,
	const struct stauth_audit_row *audit, struct stauth_err *err)
{
	struct stauth_state *state = ctx->state;
	const struct stauth_settlement how = {
		.outcome = outcome, .audit = audit};
	int64_t now_s = state->ops->now(state);

	if (limits->reserved_at == 0) {
		return audit != NULL
			       ? state->ops->audit_add(state, audit, now_s, err)
			       : STAUTH_OK;
	}
	enum stauth_rc rc =
		state->ops->throttle_settle(state, limits, &how, now_s, err);
	if (rc == STAUTH_OK) {
		limits->reserved_at = 0;
	}
	return rc;
}
