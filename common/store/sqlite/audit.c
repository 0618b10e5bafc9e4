/* SPDX-License-Identifier: MIT */
#include "store/sqlite/verbs.h"

#include "base/banned.h"

void stauth_audit_put(
	struct stauth_db *db, const struct stauth_audit_row *row, int64_t now_s)
{
	if (row == NULL || row->event[0] == '\0') {
		return;
	}
	RUN(db, STAUTH_SQL_AUDIT_ADD, BIND_INT(now_s), BIND_TEXT(row->event),
		BIND_INT(row->ok), BIND_TEXT(row->user), BIND_INT(row->uid),
		BIND_TEXT(row->actor), BIND_TEXT(row->channel),
		BIND_TEXT(row->address), BIND_TEXT(row->detail));
}

enum stauth_rc stauth_sq_audit_add(struct stauth_state *state,
	const struct stauth_audit_row *row, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_write(db, err);
	stauth_audit_put(db, row, now_s);
	return stauth_verb_commit(db, now_s);
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
	const struct stauth_list list = {
		stauth_list_limit(asked->limit), read_row, sizeof(*ret_rows)};

	stauth_verb_read(db, err);
	struct stauth_query query;
	START(&query, db, statement(asked->order, user, event),
		BIND_INT(asked->after_at), BIND_INT(asked->after_id),
		BIND_INT(asked->since_s), BIND_INT((int64_t)list.limit),
		BIND_TEXT(user), BIND_TEXT(event));
	return stauth_read_list(&query, &list, ret_rows, ret_count);
}

/* --- seals */

enum stauth_rc stauth_sq_seal_put(struct stauth_state *state,
	const struct stauth_seal *seal, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_write(db, err);
	if (RUN(db, STAUTH_SQL_SEAL_PUT, BIND_INT(seal->number),
		    BIND_INT(seal->sealed_at), BIND_INT(seal->first_id),
		    BIND_INT(seal->last_id), BIND_INT(seal->row_count),
		    BIND_INT(seal->newest_at), BIND_HASH(seal->rows_hash),
		    BIND_HASH(seal->hash)) != 1) {
		stauth_verb_fail(db, STAUTH_EXISTS, NULL);
	}
	return stauth_verb_commit_only(db);
}

static void read_seal(struct stauth_query *query, void *row)
{
	struct stauth_seal *seal = row;

	seal->number = stauth_read_int(query, 1, INT64_MAX);
	seal->sealed_at = stauth_read_at(query);
	seal->first_id = stauth_read_int(query, 0, INT64_MAX);
	seal->last_id = stauth_read_int(query, 0, INT64_MAX);
	seal->row_count = stauth_read_int(query, 0, INT64_MAX);
	seal->newest_at = stauth_read_at(query);
	stauth_read_hash(query, seal->rows_hash);
	stauth_read_hash(query, seal->hash);
	seal->kept = stauth_read_flag(query);
}

bool stauth_seal_find_last(struct stauth_db *db, struct stauth_seal *ret_seal)
{
	struct stauth_query query;
	stauth_query_bind(&query, db, STAUTH_SQL_SEAL_LAST, stauth_no_values);
	if (!stauth_row(&query)) {
		return false;
	}
	read_seal(&query, ret_seal);
	bool valid = stauth_row_valid(&query);
	stauth_query_end(&query);
	return valid;
}

enum stauth_rc stauth_sq_seal_last(struct stauth_state *state,
	struct stauth_seal *ret_seal, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_read(db, err);
	struct stauth_seal seal;
	if (stauth_seal_find_last(db, &seal)) {
		*ret_seal = seal;
	} else {
		stauth_verb_fail(db, STAUTH_NOTFOUND, NULL);
	}
	return stauth_verb_end(db);
}

enum stauth_rc stauth_sq_seal_list(struct stauth_state *state,
	int64_t after_number, struct stauth_seal *ret_seals, size_t *ret_count,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	const struct stauth_list list = {
		stauth_list_limit(*ret_count), read_seal, sizeof(*ret_seals)};

	stauth_verb_read(db, err);
	struct stauth_query query;
	START(&query, db, STAUTH_SQL_SEAL_LIST, BIND_INT(after_number),
		BIND_INT((int64_t)list.limit));
	return stauth_read_list(&query, &list, ret_seals, ret_count);
}
