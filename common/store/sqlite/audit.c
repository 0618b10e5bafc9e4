/* SPDX-License-Identifier: MIT */
#include "store/sqlite/verbs.h"

#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

#include "base/banned.h"

#define LIST_MAX 1000

enum stauth_rc stauth_audit_put(struct stauth_db *db,
	const struct stauth_audit_row *row, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_query query;

	if (!row || row->event[0] == '\0') {
		return STAUTH_OK;
	}
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

enum stauth_rc stauth_sq_audit_list(struct stauth_state *state,
	int64_t after_id, int64_t since_s, const char *user, size_t limit,
	struct stauth_audit_row *ret_rows, size_t *ret_count,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	bool everybody = !user || user[0] == '\0';
	struct stauth_query query;
	size_t count = 0;
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	limit = limit < LIST_MAX ? limit : LIST_MAX;
	stauth_query_start(&query, db,
		everybody ? STAUTH_SQL_AUDIT_LIST : STAUTH_SQL_AUDIT_LIST_USER);
	stauth_bind_int(&query, after_id);
	stauth_bind_int(&query, since_s);
	stauth_bind_int(&query, (int64_t)limit);
	if (!everybody) {
		stauth_bind_text(&query, user);
	}
	while (rc == STAUTH_OK && count < limit) {
		rc = stauth_query_row(&query, err);
		if (rc == STAUTH_OK) {
			stauth_read_audit(&query, &ret_rows[count++]);
			rc = stauth_query_sound(&query, err);
		}
	}
	stauth_query_end(&query);
	if (rc == STAUTH_OK || rc == STAUTH_NOTFOUND) {
		*ret_count = count;
		return STAUTH_OK;
	}
	return rc;
}
