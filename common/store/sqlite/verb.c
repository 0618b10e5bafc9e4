/* SPDX-License-Identifier: MIT */
#include "store/sqlite/verb.h"

#include "store/sqlite/ready.h"
#include "store/sqlite/reserve.h"

#include "base/banned.h"

#define LIST_MAX 1000

/* --- from begin to end */

void stauth_verb_read(struct stauth_db *db, struct stauth_err *err)
{
	db->err = err;
	db->rc = stauth_db_ready(db, err);
}

void stauth_verb_begin(struct stauth_db *db)
{
	if (db->rc == STAUTH_OK) {
		db->rc = stauth_db_begin_raw(db, db->err);
	}
}

void stauth_verb_write(struct stauth_db *db, struct stauth_err *err)
{
	stauth_verb_read(db, err);
	if (db->rc == STAUTH_OK) {
		db->rc = stauth_reserve_keep(db, err);
	}
	stauth_verb_begin(db);
}

void stauth_verb_write_ending(struct stauth_db *db, struct stauth_err *err)
{
	stauth_verb_read(db, err);
	if (db->rc == STAUTH_OK) {
		stauth_reserve_spend(db);
	}
	stauth_verb_begin(db);
}

void stauth_verb_fail(struct stauth_db *db, enum stauth_rc rc, const char *why)
{
	if (db->rc != STAUTH_OK) {
		return;
	}
	db->rc = rc;
	if (why != NULL) {
		(void)stauth_fail(db->err, rc, "%s", why);
	}
}

bool stauth_verb_ok(const struct stauth_db *db)
{
	return db->rc == STAUTH_OK;
}

enum stauth_rc stauth_verb_end(struct stauth_db *db)
{
	return db->rc;
}

enum stauth_rc stauth_verb_commit_only(struct stauth_db *db)
{
	db->rc = stauth_db_end(db, db->rc, db->err);
	return db->rc;
}

/* --- its statements */

const struct stauth_value stauth_no_values[] = {{STAUTH_VALUE_END, 0, NULL}};

static void bind(struct stauth_query *query, const struct stauth_value *value)
{
	const char *text = value->data;

	switch (value->kind) {
	case STAUTH_VALUE_INT:
		stauth_bind_int(query, value->number);
		break;
	case STAUTH_VALUE_HASH:
		stauth_bind_hash(query, value->data);
		break;
	case STAUTH_VALUE_OPTIONAL:
		stauth_bind_text(query, text[0] != '\0' ? text : NULL);
		break;
	case STAUTH_VALUE_TEXT:
	case STAUTH_VALUE_END:
		stauth_bind_text(query, text);
		break;
	}
}

void stauth_query_bind(struct stauth_query *query, struct stauth_db *db,
	enum stauth_sql id, const struct stauth_value *values)
{
	*query = (struct stauth_query){.db = db};
	if (db->rc != STAUTH_OK) {
		return;
	}
	stauth_query_start(query, db, id);
	while (values->kind != STAUTH_VALUE_END) {
		bind(query, values++);
	}
}

bool stauth_row(struct stauth_query *query)
{
	struct stauth_db *db = query->db;
	enum stauth_rc rc = db->rc;

	if (rc == STAUTH_OK) {
		rc = stauth_query_row(query, db->err);
		db->rc = rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
	}
	if (rc != STAUTH_OK) {
		stauth_query_end(query);
	}
	return rc == STAUTH_OK;
}

bool stauth_row_valid(struct stauth_query *query)
{
	struct stauth_db *db = query->db;

	if (db->rc == STAUTH_OK) {
		db->rc = stauth_query_valid(query, db->err);
	}
	return db->rc == STAUTH_OK;
}

int stauth_run(struct stauth_db *db, enum stauth_sql id,
	const struct stauth_value *values)
{
	struct stauth_query query;

	stauth_query_bind(&query, db, id, values);
	(void)stauth_row(&query);
	stauth_query_end(&query);
	return db->rc == STAUTH_OK ? sqlite3_changes(db->sql) : 0;
}

bool stauth_read_one(
	struct stauth_query *query, stauth_read_fn *read, void *row)
{
	struct stauth_db *db = query->db;

	if (!stauth_row(query)) {
		stauth_verb_fail(db, STAUTH_NOTFOUND, NULL);
		return false;
	}
	read(query, row);
	db->rc = stauth_query_only(query, db->err);
	stauth_query_end(query);
	return db->rc == STAUTH_OK;
}

bool stauth_verb_found(struct stauth_db *db, bool same)
{
	if (db->rc == STAUTH_OK && !same) {
		db->rc = stauth_row_damaged(db, db->err);
	}
	return db->rc == STAUTH_OK;
}

int64_t stauth_read_value(
	struct stauth_db *db, enum stauth_sql id, const int64_t *key)
{
	int64_t value = 0;

	if (db->rc == STAUTH_OK) {
		db->rc = stauth_query_value(db, id, key, &value, db->err);
	}
	return value;
}

size_t stauth_list_limit(size_t limit)
{
	return limit < LIST_MAX ? limit : LIST_MAX;
}

enum stauth_rc stauth_read_list(struct stauth_query *query,
	const struct stauth_list *list, void *ret_rows, size_t *ret_count)
{
	char *row = ret_rows;
	size_t count = 0;

	while (count < list->limit && stauth_row(query)) {
		list->read(query, row + list->row_size * count);
		count += stauth_row_valid(query);
	}
	stauth_query_end(query);
	if (query->db->rc == STAUTH_OK) {
		*ret_count = count;
	}
	return query->db->rc;
}
