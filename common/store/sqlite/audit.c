/* SPDX-License-Identifier: MIT */
#include "store/sqlite/verbs.h"

#include "store/sqlite/query.h"

#include "base/banned.h"

enum stauth_rc stauth_audit_put(struct stauth_db *db,
	const struct stauth_audit_row *row, int64_t now_s,
	struct stauth_err *err)
{
	if (row == NULL || row->event[0] == '\0') {
		return STAUTH_OK;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_AUDIT_ADD);
	stauth_bind_int(&query, now_s);
	stauth_bind_text(&query, row->event);
	stauth_bind_int(&query, row->ok);
	stauth_bind_text(&query, row->user);
	stauth_bind_int(&query, row->uid);
	stauth_bind_text(&query, row->actor);
	stauth_bind_text(&query, row->channel);
	stauth_bind_text(&query, row->address);
	stauth_bind_text(&query, row->detail);
	return stauth_query_run(&query, NULL, err);
}

enum stauth_rc stauth_sq_audit_add(struct stauth_state *state,
	const struct stauth_audit_row *row, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_audit_put(db, row, now_s, err);
	return stauth_write_end(db, rc, now_s, err);
}

static void read_row(struct stauth_query *query, void *out)
{
	struct stauth_audit_row *row = out;

	row->id = stauth_read_int(query, 1, INT64_MAX);
	row->at = stauth_read_at(query);
	stauth_read_text(query, row->event, sizeof(row->event));
	row->ok = stauth_read_flag(query);
	stauth_read_text(query, row->user, sizeof(row->user));
	row->uid = stauth_read_int(query, 0, INT64_MAX);
	stauth_read_text(query, row->actor, sizeof(row->actor));
	stauth_read_text(query, row->channel, sizeof(row->channel));
	stauth_read_text(query, row->address, sizeof(row->address));
	stauth_read_text(query, row->detail, sizeof(row->detail));
}

/* By the index that leaves least to read. */
static enum stauth_sql statement(
	enum stauth_audit_order order, const char *user, const char *event)
{
	enum stauth_sql by_time = order == STAUTH_AUDIT_OLDEST
					  ? STAUTH_SQL_AUDIT_OLDEST
					  : STAUTH_SQL_AUDIT_NEWEST;

	if (order == STAUTH_AUDIT_BY_ID) {
		return STAUTH_SQL_AUDIT_BY_ID;
	}
	if (user[0] != '\0') {
		return by_time + 1;
	}
	return event[0] != '\0' ? by_time + 2 : by_time;
}

enum stauth_rc stauth_sq_audit_list(struct stauth_state *state,
	const struct stauth_audit_query *asked,
	struct stauth_audit_row *ret_rows, size_t *ret_count,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	const char *user = asked->user != NULL ? asked->user : "";
	const char *event = asked->event != NULL ? asked->event : "";
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	const struct stauth_list list = {
		stauth_list_limit(asked->limit), read_row, sizeof(*ret_rows)};
	struct stauth_query query;
	stauth_query_start(&query, db, statement(asked->order, user, event));
	stauth_bind_int(&query, asked->after_at);
	stauth_bind_int(&query, asked->after_id);
	stauth_bind_int(&query, asked->since_s);
	stauth_bind_int(&query, (int64_t)list.limit);
	stauth_bind_text(&query, user);
	stauth_bind_text(&query, event);
	return stauth_query_list(&query, &list, ret_rows, ret_count, err);
}
