/* SPDX-License-Identifier: MIT */
/*
 * Counters of failures. MUSTs:
 *  1. A try is counted before it is made, in all its limits or in none.
 *  2. A limit forgets when it was not touched for its window (fixed_window:
 *     when its first failure is a window old).
 *  3. How long a try waits is store/limit.h's to say.
 *  4. A clock that was set back never makes a wait longer than max_wait (a
 *     closed limit's: than its window). An instant in the future is now, and is
 *     written down so, also by a try that must wait: else each look would
 *     begin the wait anew.
 *  5. A try that must wait is not counted.
 *  6. The table is bounded (expire.c): what was touched longest ago goes.
 */
#include "store/sqlite/verbs.h"

#include "store/rate_limit.h"
#include "store/sqlite/query.h"

#include "base/banned.h"

#define FAILURES_MAX 1000000
#define AT_MAX       INT64_C(253402300799)

struct count {
	int64_t failures;
	int64_t first_at;
	int64_t last_at;
	bool moved; /* stands in the store with an instant in the future */
};

static enum stauth_rc read_row(struct stauth_db *db,
	const struct stauth_rate_limit *limit, struct count *ret_count,
	struct stauth_err *err)
{
	struct stauth_query query;
	struct count count = {0, 0, 0, false};

	stauth_query_start(&query, db, STAUTH_SQL_LIMIT_GET);
	stauth_bind_text(&query, limit->name);
	stauth_bind_text(&query, limit->key);
	enum stauth_rc rc = stauth_query_row(&query, err);
	if (rc == STAUTH_OK) {
		count.failures = stauth_read_int(&query, 0, INT64_MAX);
		count.first_at = stauth_read_at(&query);
		count.last_at = stauth_read_at(&query);
		rc = stauth_query_only(&query, err);
	} else if (rc == STAUTH_NOTFOUND) {
		rc = STAUTH_OK;
	}
	stauth_query_end(&query);
	if (rc == STAUTH_OK) {
		*ret_count = count;
	}
	return rc;
}

/* The counter as it stands now: MUST 2 and 4. */
static enum stauth_rc read_count(struct stauth_db *db,
	const struct stauth_rate_limit *limit, int64_t now_s,
	struct count *ret_count, struct stauth_err *err)
{
	struct count count = {0, 0, 0, false};
	enum stauth_rc rc = read_row(db, limit, &count, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	count.moved = count.last_at > now_s || count.first_at > now_s;
	count.last_at = count.last_at < now_s ? count.last_at : now_s;
	count.first_at = count.first_at < now_s ? count.first_at : now_s;
	int64_t since = limit->fixed_window ? count.first_at : count.last_at;
	if (now_s - since >= limit->window_s) {
		count.failures = 0;
	}
	if (count.failures == 0) {
		count.first_at = now_s;
	}
	*ret_count = count;
	return STAUTH_OK;
}

static enum stauth_rc put_count(struct stauth_db *db,
	const struct stauth_rate_limit *limit, const struct count *count,
	struct stauth_err *err)
{
	struct stauth_query query;
	int64_t since = limit->fixed_window ? count->first_at : count->last_at;
	int64_t over_at = since < AT_MAX - limit->window_s
				  ? since + limit->window_s
				  : AT_MAX;

	stauth_query_start(&query, db, STAUTH_SQL_LIMIT_PUT);
	stauth_bind_text(&query, limit->name);
	stauth_bind_text(&query, limit->key);
	stauth_bind_int(&query, count->failures);
	stauth_bind_int(&query, count->first_at);
	stauth_bind_int(&query, count->last_at);
	stauth_bind_int(&query, over_at);
	return stauth_query_run(&query, NULL, err);
}

static enum stauth_rc count_one(struct stauth_db *db,
	const struct stauth_rate_limit *limit, int64_t now_s,
	struct stauth_err *err)
{
	struct count count = {0, 0, 0, false};
	enum stauth_rc rc = read_count(db, limit, now_s, &count, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	if (count.failures < FAILURES_MAX) {
		count.failures++;
	}
	count.last_at = now_s;
	return put_count(db, limit, &count, err);
}

static enum stauth_rc longest_wait(struct stauth_db *db,
	const struct stauth_rate_limit *limits, size_t count, int64_t now_s,
	int64_t *ret_wait_s, struct stauth_err *err)
{
	int64_t longest = 0;
	enum stauth_rc rc = STAUTH_OK;

	for (size_t i = 0; i < count && rc == STAUTH_OK; i++) {
		struct count now = {0, 0, 0, false};

		rc = read_count(db, &limits[i], now_s, &now, err);
		if (rc == STAUTH_OK) {
			int64_t wait_s = stauth_rate_limit_wait_s(&limits[i],
				now.failures, now.first_at, now.last_at, now_s);

			longest = wait_s > longest ? wait_s : longest;
		}
		if (rc == STAUTH_OK && now.moved) {
			rc = put_count(db, &limits[i], &now, err);
		}
	}
	if (rc == STAUTH_OK) {
		*ret_wait_s = longest;
	}
	return rc;
}

enum stauth_rc stauth_limits_take(struct stauth_db *db,
	const struct stauth_rate_limit *limits, size_t count, bool never_refuse,
	int64_t now_s, int64_t *ret_wait_s, struct stauth_err *err)
{
	int64_t wait_s = 0;
	enum stauth_rc rc = STAUTH_OK;

	if (!never_refuse) {
		rc = longest_wait(db, limits, count, now_s, &wait_s, err);
	}
	if (rc == STAUTH_OK && wait_s > 0) {
		*ret_wait_s = wait_s;
		rc = stauth_fail(err, STAUTH_THROTTLED, "wait %lld s",
			(long long)wait_s);
	}
	for (size_t i = 0; i < count && rc == STAUTH_OK; i++) {
		rc = count_one(db, &limits[i], now_s, err);
	}
	return rc;
}

enum stauth_rc stauth_limits_end(struct stauth_db *db, enum stauth_rc rc,
	int64_t now_s, struct stauth_err *err)
{
	if (rc == STAUTH_THROTTLED) {
		rc = stauth_db_end(db, STAUTH_OK, err);
		return rc == STAUTH_OK ? STAUTH_THROTTLED : rc;
	}
	return stauth_write_end(db, rc, now_s, err);
}

enum stauth_rc stauth_sq_throttle_take(struct stauth_state *state,
	const struct stauth_rate_limit *limits, size_t count, bool never_refuse,
	int64_t now_s, int64_t *ret_wait_s, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	int64_t wait_s = 0;
	rc = stauth_limits_take(
		db, limits, count, never_refuse, now_s, &wait_s, err);
	rc = stauth_limits_end(db, rc, now_s, err);
	if (rc == STAUTH_THROTTLED && ret_wait_s != NULL) {
		*ret_wait_s = wait_s;
	}
	return rc;
}

enum stauth_rc stauth_limits_done(struct stauth_db *db,
	const struct stauth_rate_limit *limits, size_t count, bool success,
	struct stauth_err *err)
{
	struct stauth_query query;
	enum stauth_rc rc = STAUTH_OK;

	for (size_t i = 0; i < count && rc == STAUTH_OK; i++) {
		bool clear = success && limits[i].cleared_by_success;

		stauth_query_start(&query, db,
			clear ? STAUTH_SQL_LIMIT_CLEAR : STAUTH_SQL_LIMIT_BACK);
		stauth_bind_text(&query, limits[i].name);
		stauth_bind_text(&query, limits[i].key);
		rc = stauth_query_run(&query, NULL, err);
	}
	return rc;
}

enum stauth_rc stauth_sq_throttle_done(struct stauth_state *state,
	const struct stauth_rate_limit *limits, size_t count, bool success,
	int64_t now_s, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_limits_done(db, limits, count, success, err);
	return stauth_write_end(db, rc, now_s, err);
}
