/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_AUTH_RATE_LIMIT_H
#define STAUTH_AUTH_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "store/records.h"

struct stauth_login;
struct stauth_actor;

/* Fills login->limits from its name, source and device. Pure. account: the
 * canonical name, or "!" for a name that cannot be one. */
void stauth_rate_limits_fill(struct stauth_login *login, const char *account);

/* Leaves the source alone to be counted: for a code, which has tries of its
 * own. Pure. */
void stauth_rate_limits_source_only(struct stauth_login *login);

/* The numbers of a limit, by its name; without a key. */
const struct stauth_rate_limit *stauth_rate_limit_by_name(const char *name);

/* THROTTLED: login->wait_s. */
enum stauth_rc stauth_rate_limits_take(struct stauth_ctx *ctx,
	struct stauth_login *login, struct stauth_err *err);
/* success: the right password; else a fault that was no verdict. */
enum stauth_rc stauth_rate_limits_done(struct stauth_ctx *ctx,
	struct stauth_login *login, bool success, struct stauth_err *err);

/* One counter for people: whose it is and what it does now. */
struct stauth_rate_limit_row {
	struct stauth_counter count; /* name and key: for the next page */
	char user[STAUTH_NAME_SIZE]; /* "" none; "!" names that are none */
	/* "" none, or a known device; "?" addresses that are none */
	char source[STAUTH_ADDRESS_SIZE];
	int64_t wait_s; /* until the next try; 0 none */
};

/* Seconds that this counter says to wait; 0 none. Pure. */
int64_t stauth_counter_wait_s(const struct stauth_rate_limit *limit,
	const struct stauth_counter *count, int64_t now_s);
/* Paged: after is the last row of the page before, NULL from the start. */
enum stauth_rc stauth_rate_limit_list(struct stauth_ctx *ctx,
	const struct stauth_rate_limit_row *after, size_t limit,
	struct stauth_rate_limit_row *ret_rows, size_t *ret_count,
	struct stauth_err *err);
/* Forgets the counters of a user, of a source (an address, or local:...), or
 * all (NULL). BADVALUE: neither a name nor a source. */
enum stauth_rc stauth_rate_limit_clear(struct stauth_ctx *ctx,
	const char *whose, const struct stauth_actor *actor, int *ret_cleared,
	struct stauth_err *err);

#endif
