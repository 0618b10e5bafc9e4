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

#include "store/rate_limit.h"
#include "store/sqlite/query.h"

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

/* None is a counter of nothing. */
static enum stauth_rc read_row(struct stauth_db *db,
	const struct stauth_rate_limit *limit, struct count *ret_count,
	struct stauth_err *err)
{
	*ret_count = (struct count){0};
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_LIMIT_GET);
	stauth_bind_text(&query, limit->name);
	stauth_bind_text(&query, limit->key);
	enum stauth_rc rc = stauth_query_row(&query, err);
	if (rc == STAUTH_OK) {
		ret_count->failures = stauth_read_int(&query, 0, INT64_MAX);
		ret_count->reserved = stauth_read_int(&query, 0, INT64_MAX);
		ret_count->reserved_at = stauth_read_at(&query);
		ret_count->first_at = stauth_read_at(&query);
		ret_count->last_at = stauth_read_at(&query);
		rc = stauth_query_only(&query, err);
	} else if (rc == STAUTH_NOTFOUND) {
		rc = STAUTH_OK;
	}
	stauth_query_end(&query);
	return rc;
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

/* The counter as it stands now: MUST 3, 4 and 6. */
static enum stauth_rc read_count(struct stauth_db *db,
	const struct stauth_rate_limit *limit, int64_t now_s,
	struct count *ret_count, struct stauth_err *err)
{
	struct count *count = ret_count;
	enum stauth_rc rc = read_row(db, limit, count, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	count->moved = not_after(&count->last_at, now_s);
	count->moved |= not_after(&count->first_at, now_s);
	count->moved |= not_after(&count->reserved_at, now_s);
	if (count->reserved > 0 &&
		now_s - count->reserved_at >= STAUTH_RESERVED_S) {
		add_failures(count, count->reserved, count->reserved_at);
		count->reserved = 0;
	}
	int64_t since = limit->fixed_window ? count->first_at : count->last_at;
	if (now_s - since >= limit->window_s) {
		count->failures = 0;
	}
	return STAUTH_OK;
}

static enum stauth_rc put_count(struct stauth_db *db,
	const struct stauth_rate_limit *limit, const struct count *count,
	struct stauth_err *err)
{
	struct stauth_query query;

	if (count->failures == 0 && count->reserved == 0) {
		stauth_query_start(&query, db, STAUTH_SQL_LIMIT_DELETE);
		stauth_bind_text(&query, limit->name);
		stauth_bind_text(&query, limit->key);
		return stauth_query_run(&query, NULL, err);
	}
	int64_t since = limit->fixed_window ? count->first_at : count->last_at;
	if (count->reserved > 0 && count->reserved_at > since) {
		since = count->reserved_at;
	}
	stauth_query_start(&query, db, STAUTH_SQL_LIMIT_PUT);
	stauth_bind_text(&query, limit->name);
	stauth_bind_text(&query, limit->key);
	stauth_bind_int(&query, count->failures);
	stauth_bind_int(&query, count->reserved);
	stauth_bind_int(&query, count->reserved_at);
	stauth_bind_int(&query, count->first_at);
	stauth_bind_int(&query, count->last_at);
	stauth_bind_int(&query, since < AT_MAX - limit->window_s
					? since + limit->window_s
					: AT_MAX);
	return stauth_query_run(&query, NULL, err);
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

/* OK: each limit has a place. THROTTLED, EBUSY. */
static enum stauth_rc must_have_places(struct stauth_db *db,
	const struct stauth_limits *limits, int64_t now_s, int64_t *ret_wait_s,
	struct stauth_err *err)
{
	bool places = true;
	int64_t wait_s = 0;

	for (size_t i = 0; i < limits->count; i++) {
		const struct stauth_rate_limit *limit = &limits->limit[i];
		struct count count;
		enum stauth_rc rc = read_count(db, limit, now_s, &count, err);
		if (rc == STAUTH_OK && count.moved) {
			rc = put_count(db, limit, &count, err);
		}
		if (rc != STAUTH_OK) {
			return rc;
		}
		places &= has_place(limit, &count, now_s, &wait_s);
	}
	if (wait_s > 0) {
		*ret_wait_s = wait_s;
		return stauth_fail(err, STAUTH_THROTTLED, "wait %lld s",
			(long long)wait_s);
	}
	return places ? STAUTH_OK
		      : stauth_fail(
				err, STAUTH_EBUSY, "other tries are under way");
}

/* Ends a transaction: a refusal writes nothing but the instants of MUST 6. */
static enum stauth_rc end(struct stauth_db *db, enum stauth_rc rc,
	int64_t now_s, struct stauth_err *err)
{
	if (rc == STAUTH_THROTTLED || rc == STAUTH_EBUSY) {
		enum stauth_rc ended = stauth_db_end(db, STAUTH_OK, NULL);
		return ended == STAUTH_OK ? rc : ended;
	}
	return stauth_write_end(db, rc, now_s, err);
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
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	int64_t wait_s = 0;
	if (!limits->never_refuse) {
		rc = must_have_places(db, limits, now_s, &wait_s, err);
	}
	for (size_t i = 0; rc == STAUTH_OK && i < limits->count; i++) {
		struct count count;
		rc = read_count(db, &limits->limit[i], now_s, &count, err);
		if (rc == STAUTH_OK) {
			reserve(&count, now_s);
			rc = put_count(db, &limits->limit[i], &count, err);
		}
	}
	rc = end(db, rc, now_s, err);
	if (rc == STAUTH_OK) {
		limits->reserved_at = now_s;
	} else if (rc == STAUTH_THROTTLED) {
		*ret_wait_s = wait_s;
	}
	return rc;
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

enum stauth_rc stauth_limits_settle(struct stauth_db *db,
	const struct stauth_limits *limits, enum stauth_outcome outcome,
	int64_t now_s, struct stauth_err *err)
{
	bool late = now_s - limits->reserved_at >= STAUTH_RESERVED_S;

	for (size_t i = 0; i < limits->count; i++) {
		const struct stauth_rate_limit *limit = &limits->limit[i];
		struct count count;
		enum stauth_rc rc = read_count(db, limit, now_s, &count, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
		take_back(&count, late);
		if (outcome == STAUTH_OUTCOME_FAILURE) {
			add_failures(&count, 1, now_s);
		} else if (outcome == STAUTH_OUTCOME_SUCCESS &&
			   limit->cleared_by_success) {
			count.failures = 0;
		}
		rc = put_count(db, limit, &count, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
	}
	return STAUTH_OK;
}

enum stauth_rc stauth_sq_throttle_settle(struct stauth_state *state,
	const struct stauth_limits *limits, const struct stauth_settlement *how,
	int64_t now_s, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_limits_settle(db, limits, how->outcome, now_s, err);
	if (rc == STAUTH_OK && how->audit != NULL) {
		rc = stauth_audit_put(db, how->audit, now_s, err);
	}
	return stauth_write_end(db, rc, now_s, err);
}

enum stauth_rc stauth_limits_count(struct stauth_db *db,
	const struct stauth_limits *limits, int64_t now_s, int64_t *ret_wait_s,
	struct stauth_err *err)
{
	if (!limits->never_refuse) {
		enum stauth_rc rc =
			must_have_places(db, limits, now_s, ret_wait_s, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
	}
	for (size_t i = 0; i < limits->count; i++) {
		struct count count;
		enum stauth_rc rc =
			read_count(db, &limits->limit[i], now_s, &count, err);
		if (rc == STAUTH_OK) {
			add_failures(&count, 1, now_s);
			rc = put_count(db, &limits->limit[i], &count, err);
		}
		if (rc != STAUTH_OK) {
			return rc;
		}
	}
	return STAUTH_OK;
}

enum stauth_rc stauth_limits_end(struct stauth_db *db, enum stauth_rc rc,
	int64_t now_s, struct stauth_err *err)
{
	return rc == STAUTH_THROTTLED ? end(db, rc, now_s, err)
				      : stauth_write_end(db, rc, now_s, err);
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
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	const struct stauth_list list = {stauth_list_limit(page->limit),
		read_listed, sizeof(*ret_counts)};
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_LIMIT_LIST);
	stauth_bind_text(
		&query, page->after_name != NULL ? page->after_name : "");
	stauth_bind_text(
		&query, page->after_key != NULL ? page->after_key : "");
	stauth_bind_int(&query, page->now_s);
	stauth_bind_int(&query, (int64_t)list.limit);
	return stauth_query_list(&query, &list, ret_counts, ret_count, err);
}

enum stauth_rc stauth_sq_throttle_clear(struct stauth_state *state,
	const char *part, const struct stauth_audit_row *audit, int64_t now_s,
	int *ret_cleared, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_LIMIT_FORGET);
	stauth_bind_text(&query, part);
	int cleared = 0;
	rc = stauth_query_run(&query, &cleared, err);
	if (rc == STAUTH_OK) {
		rc = stauth_audit_put(db, audit, now_s, err);
	}
	rc = stauth_write_end(db, rc, now_s, err);
	if (rc == STAUTH_OK) {
		*ret_cleared = cleared;
	}
	return rc;
}
