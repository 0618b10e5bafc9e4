/* SPDX-License-Identifier: MIT */
/*
 * Counters of failures. MUSTs:
 *  1. A try reserves its place in all its limits before it is made, or in
 *     none. What it comes to is written afterwards.
 *  2. Failures and reservations of a counter together never exceed the free
 *     tries of its limit; over those one try at a time is made.
 *  3. A reservation that nobody settled counts as a failure after
 *     STAUTH_RESERVED_S. They are kept as a number and the time of the last.
 *  4. A counter forgets when it was not touched for its window (fixed_window:
 *     when its first failure is a window old).
 *  5. How long a try waits is decided by store/rate_limit.h.
 *  6. A clock that was set back never makes a wait longer than max_wait (of a
 *     closed limit: than its window). An instant in the future is now, and is
 *     written so, also by a try that must wait: else each try would begin the
 *     wait again.
 *  7. A try that must wait is not counted.
 *  8. The table is bounded (expire.c): what was touched longest ago goes.
 */
#include "store/sqlite/verbs.h"

#include <stdio.h>

#include "store/rate_limit.h"

#include "base/banned.h"

#define FAILURES_MAX 1000000
#define AT_MAX       INT64_C(253402300799)

struct count {
	int64_t failures;
	int64_t reserved;
	int64_t reserved_at; /* the last of them */
	int64_t first_at;
	int64_t last_at;
	bool moved; /* stands in the store with an instant in the future */
};

static void read_count_row(struct stauth_query *query, struct count *count)
{
	count->failures = stauth_read_int(query, 0, INT64_MAX);
	count->reserved = stauth_read_int(query, 0, INT64_MAX);
	count->reserved_at = stauth_read_at(query);
	count->first_at = stauth_read_at(query);
	count->last_at = stauth_read_at(query);
}

static bool not_after(int64_t *at, int64_t now_s)
{
	bool moved = *at > now_s;

	*at = moved ? now_s : *at;
	return moved;
}

static void add_failures(struct count *count, int64_t more, int64_t at)
{
	if (count->failures == 0) {
		count->first_at = at;
	}
	count->failures += more;
	if (count->failures > FAILURES_MAX) {
		count->failures = FAILURES_MAX;
	}
	count->last_at = count->last_at > at ? count->last_at : at;
}

/* The counter as it stands now: MUST 3, 4 and 6. None is one of nothing. */
static struct count read_count(struct stauth_db *db,
	const struct stauth_rate_limit *limit, int64_t now_s)
{
	struct stauth_query query;

	START(&query, db, STAUTH_SQL_LIMIT_GET, BIND_TEXT(limit->name),
		BIND_TEXT(limit->key));
	struct count count = {0};
	if (stauth_row(&query)) {
		read_count_row(&query, &count);
		(void)stauth_row_valid(&query);
		stauth_query_end(&query);
	}
	count.moved = not_after(&count.last_at, now_s);
	count.moved |= not_after(&count.first_at, now_s);
	count.moved |= not_after(&count.reserved_at, now_s);
	if (count.reserved > 0 &&
		now_s - count.reserved_at >= STAUTH_RESERVED_S) {
		add_failures(&count, count.reserved, count.reserved_at);
		count.reserved = 0;
	}
	int64_t since = limit->fixed_window ? count.first_at : count.last_at;
	if (now_s - since >= limit->window_s) {
		count.failures = 0;
	}
	return count;
}

static void put_count(struct stauth_db *db,
	const struct stauth_rate_limit *limit, const struct count *count)
{
	if (count->failures == 0 && count->reserved == 0) {
		RUN(db, STAUTH_SQL_LIMIT_DELETE, BIND_TEXT(limit->name),
			BIND_TEXT(limit->key));
		return;
	}
	int64_t since = limit->fixed_window ? count->first_at : count->last_at;
	if (count->reserved > 0 && count->reserved_at > since) {
		since = count->reserved_at;
	}
	RUN(db, STAUTH_SQL_LIMIT_PUT, BIND_TEXT(limit->name),
		BIND_TEXT(limit->key), BIND_INT(count->failures),
		BIND_INT(count->reserved), BIND_INT(count->reserved_at),
		BIND_INT(count->first_at), BIND_INT(count->last_at),
		BIND_INT(since < AT_MAX - limit->window_s
				 ? since + limit->window_s
				 : AT_MAX));
}

/* May another try be made? *wait_s is raised to what this limit asks for. */
static bool has_place(const struct stauth_rate_limit *limit,
	const struct count *count, int64_t now_s, int64_t *wait_s)
{
	int64_t places = limit->free - count->failures;
	int64_t own_s = stauth_rate_limit_wait_s(
		limit, count->failures, count->first_at, count->last_at, now_s);

	*wait_s = own_s > *wait_s ? own_s : *wait_s;
	return count->reserved < (places > 1 ? places : 1);
}

/* Has each limit a place? Else *ret_wait_s says how long to wait, 0: only until
 * the tries that are under way are over. */
static bool have_places(struct stauth_db *db,
	const struct stauth_limits *limits, int64_t now_s, int64_t *ret_wait_s)
{
	*ret_wait_s = 0;
	bool places = true;
	for (size_t i = 0; i < limits->count; i++) {
		const struct stauth_rate_limit *limit = &limits->limit[i];
		struct count count = read_count(db, limit, now_s);
		if (count.moved) {
			put_count(db, limit, &count);
		}
		places &= has_place(limit, &count, now_s, ret_wait_s);
	}
	return limits->never_refuse || (places && *ret_wait_s == 0);
}

enum stauth_rc stauth_limits_refuse(
	struct stauth_db *db, int64_t wait_s, int64_t *ret_wait_s)
{
	enum stauth_rc rc = stauth_verb_commit_only(db);

	if (rc != STAUTH_OK) {
		return rc;
	}
	if (wait_s == 0) {
		stauth_verb_fail(db, STAUTH_EBUSY, "other tries are under way");
		return stauth_verb_end(db);
	}
	char why[32];
	snprintf(why, sizeof(why), "wait %lld s", (long long)wait_s);
	stauth_verb_fail(db, STAUTH_THROTTLED, why);
	if (ret_wait_s != NULL) {
		*ret_wait_s = wait_s;
	}
	return stauth_verb_end(db);
}

static void reserve(struct count *count, int64_t now_s)
{
	count->reserved++;
	count->reserved_at = now_s;
	/* Touched now: MUST 8. Where there are failures this tells how long
	 * to wait, and stays. */
	if (count->failures == 0) {
		count->first_at = now_s;
		count->last_at = now_s;
	}
}

enum stauth_rc stauth_sq_throttle_reserve(struct stauth_state *state,
	struct stauth_limits *limits, int64_t now_s, int64_t *ret_wait_s,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_write(db, err);
	int64_t wait_s = 0;
	if (!have_places(db, limits, now_s, &wait_s)) {
		return stauth_limits_refuse(db, wait_s, ret_wait_s);
	}
	for (size_t i = 0; i < limits->count; i++) {
		struct count count = read_count(db, &limits->limit[i], now_s);
		reserve(&count, now_s);
		put_count(db, &limits->limit[i], &count);
	}
	enum stauth_rc rc = stauth_verb_commit(db, now_s);
	if (rc != STAUTH_OK) {
		return rc;
	}
	limits->reserved_at = now_s;
	return STAUTH_OK;
}

/* The reservation leaves where it is counted by now. */
static void take_back(struct count *count, bool late)
{
	bool failed = count->failures > 0 && (late || count->reserved == 0);

	if (failed) {
		count->failures--;
	} else if (count->reserved > 0) {
		count->reserved--;
	}
}

void stauth_limits_settle(struct stauth_db *db,
	const struct stauth_limits *limits, enum stauth_outcome outcome,
	int64_t now_s)
{
	for (size_t i = 0; limits != NULL && i < limits->count; i++) {
		const struct stauth_rate_limit *limit = &limits->limit[i];
		struct count count = read_count(db, limit, now_s);

		take_back(&count,
			now_s - limits->reserved_at >= STAUTH_RESERVED_S);
		if (outcome == STAUTH_OUTCOME_FAILURE) {
			add_failures(&count, 1, now_s);
		} else if (outcome == STAUTH_OUTCOME_SUCCESS &&
			   limit->cleared_by_success) {
			count.failures = 0;
		}
		put_count(db, limit, &count);
	}
}

enum stauth_rc stauth_sq_throttle_settle(struct stauth_state *state,
	const struct stauth_limits *limits, const struct stauth_settlement *how,
	int64_t now_s, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_write(db, err);
	stauth_limits_settle(db, limits, how->outcome, now_s);
	stauth_audit_put(db, how->audit, now_s);
	return stauth_verb_commit(db, now_s);
}

bool stauth_limits_count(struct stauth_db *db,
	const struct stauth_limits *limits, int64_t now_s, int64_t *ret_wait_s)
{
	if (!have_places(db, limits, now_s, ret_wait_s)) {
		return false;
	}
	for (size_t i = 0; i < limits->count; i++) {
		struct count count = read_count(db, &limits->limit[i], now_s);
		add_failures(&count, 1, now_s);
		put_count(db, &limits->limit[i], &count);
	}
	return true;
}

/* --- as an administrator sees and lifts them */

static void read_listed(struct stauth_query *query, void *row)
{
	struct stauth_counter *count = row;

	stauth_read_text(query, count->name, sizeof(count->name));
	stauth_read_text(query, count->key, sizeof(count->key));
	count->failures = stauth_read_int(query, 1, INT64_MAX);
	count->first_at = stauth_read_at(query);
	count->last_at = stauth_read_at(query);
}

enum stauth_rc stauth_sq_throttle_list(struct stauth_state *state,
	const struct stauth_counter_page *page,
	struct stauth_counter *ret_counts, size_t *ret_count,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	const struct stauth_list list = {stauth_list_limit(page->limit),
		read_listed, sizeof(*ret_counts)};

	stauth_verb_read(db, err);
	struct stauth_query query;
	START(&query, db, STAUTH_SQL_LIMIT_LIST,
		BIND_TEXT(page->after_name != NULL ? page->after_name : ""),
		BIND_TEXT(page->after_key != NULL ? page->after_key : ""),
		BIND_INT(page->now_s), BIND_INT((int64_t)list.limit));
	return stauth_read_list(&query, &list, ret_counts, ret_count);
}

enum stauth_rc stauth_sq_throttle_clear(struct stauth_state *state,
	const struct stauth_counter_clear *which, int *ret_cleared,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_write(db, err);
	int cleared = RUN(db, STAUTH_SQL_LIMIT_FORGET, BIND_TEXT(which->part));
	stauth_audit_put(db, which->audit, which->now_s);
	enum stauth_rc rc = stauth_verb_commit(db, which->now_s);
	if (rc != STAUTH_OK) {
		return rc;
	}
	*ret_cleared = cleared;
	return STAUTH_OK;
}
