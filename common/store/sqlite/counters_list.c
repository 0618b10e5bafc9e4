/* SPDX-License-Identifier: MIT */
/* The counters of failures as an administrator sees and lifts them. */
#include "store/sqlite/verbs.h"

#include "store/sqlite/query.h"

#include "base/banned.h"

#define FAILURES_MIN 1

static void read_count(struct stauth_query *query, void *row)
{
	struct stauth_counter *count = row;

	stauth_read_text(query, count->name, sizeof(count->name));
	stauth_read_text(query, count->key, sizeof(count->key));
	count->failures = stauth_read_int(query, FAILURES_MIN, INT64_MAX);
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
		read_count, sizeof(*ret_counts)};
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
