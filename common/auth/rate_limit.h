/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_AUTH_RATE_LIMIT_H
#define STAUTH_AUTH_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "store/records.h"

struct stauth_actor;

/* Every limit of CONTRACT 3.3; its numbers are in rate_limit.c. */
enum stauth_limit {
	STAUTH_LIMIT_ACCOUNT_SOURCE, /* key: account, source */
	STAUTH_LIMIT_DEVICE,         /* account, hash of a known device */
	STAUTH_LIMIT_ACCOUNT,        /* account: all unknown devices */
	STAUTH_LIMIT_SOURCE,         /* source */
	STAUTH_LIMIT_CALLER,         /* who asks through PAM */
	STAUTH_LIMIT_SIGNUP,         /* source: hashes of sign-ups */
	STAUTH_LIMIT_MAIL_PAUSE,     /* address, topic */
	STAUTH_LIMIT_MAIL,           /* address, topic */
	STAUTH_LIMIT_MAIL_PINS,      /* address, source */
	STAUTH_LIMIT_MAIL_PINS_ALL,  /* address: all sources together */
	STAUTH_LIMIT_MAIL_SOURCE,    /* source, and its larger networks */
	STAUTH_LIMIT_MAIL_ALL,       /* "*"; "-" those that are never sent */
};

/* One limit with its key: one part, or two (NULL: one). Pure. */
struct stauth_rate_limit stauth_rate_limit_of(
	enum stauth_limit which, const char *part, const char *more);
/* Adds it to what a try meets. Pure. */
void stauth_limits_add(struct stauth_limits *limits, enum stauth_limit which,
	const char *part, const char *more);
/* The numbers of a limit, by its name; without a key. NULL: it is none. */
const struct stauth_rate_limit *stauth_rate_limit_by_name(const char *name);

/*
 * Reserves a try in every limit, before it is made. THROTTLED: *ret_wait_s.
 * EBUSY: nothing but other tries under way is in its way; on the web at once,
 * elsewhere after 20 s.
 */
enum stauth_rc stauth_rate_limits_reserve(struct stauth_ctx *ctx,
	struct stauth_limits *limits, int64_t *ret_wait_s,
	struct stauth_err *err);
/* What became of it, with its audit row (NULL none) in the same step. Without
 * a reservation only the row is written. */
enum stauth_rc stauth_rate_limits_settle(struct stauth_ctx *ctx,
	struct stauth_limits *limits, enum stauth_outcome outcome,
	const struct stauth_audit_row *audit, struct stauth_err *err);

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
struct stauth_rate_limit_page {
	const struct stauth_rate_limit_row *after; /* NULL: from the start */
	size_t limit;
};
enum stauth_rc stauth_rate_limit_list(struct stauth_ctx *ctx,
	const struct stauth_rate_limit_page *page,
	struct stauth_rate_limit_row *ret_rows, size_t *ret_count,
	struct stauth_err *err);
/* Forgets the counters of a user, of a source (an address, local:... or
 * remote:...), or all (NULL). BADVALUE: neither a name nor a source. */
enum stauth_rc stauth_rate_limit_clear(struct stauth_ctx *ctx,
	const char *whose, const struct stauth_actor *actor, int *ret_cleared,
	struct stauth_err *err);

#endif
