/* SPDX-License-Identifier: MIT */
#include "store/sqlite/query.h"

#include <string.h>

#include "store/sqlite/fault.h"
#include "store/sqlite/files.h"

#include "base/banned.h"

#define AT_MAX INT64_C(253402300799) /* the end of the year 9999 */

void stauth_query_start(
	struct stauth_query *query, struct stauth_db *db, enum stauth_sql id)
{
	*query = (struct stauth_query){.db = db, .stmt = db->stmts[id]};
	if (query->stmt != NULL) {
		return;
	}
	query->code = sqlite3_prepare_v3(db->sql, stauth_sql_text(id), -1,
		SQLITE_PREPARE_PERSISTENT, &db->stmts[id], NULL);
	query->stmt = db->stmts[id];
}

void stauth_query_end(struct stauth_query *query)
{
	if (query->stmt != NULL) {
		sqlite3_reset(query->stmt);
		(void)sqlite3_clear_bindings(query->stmt);
	}
}

static void bound(struct stauth_query *query, int code)
{
	if (query->code == SQLITE_OK) {
		query->code = code;
	}
}

void stauth_bind_int(struct stauth_query *query, int64_t value)
{
	query->bound++;
	bound(query, sqlite3_bind_int64(query->stmt, query->bound, value));
}

void stauth_bind_text(struct stauth_query *query, const char *text)
{
	query->bound++;
	bound(query, sqlite3_bind_text(query->stmt, query->bound, text, -1,
			     SQLITE_STATIC));
}

void stauth_bind_hash(struct stauth_query *query, const uint8_t *hash)
{
	query->bound++;
	bound(query, sqlite3_bind_blob(query->stmt, query->bound, hash, 32,
			     SQLITE_STATIC));
}

static enum stauth_rc step(
	struct stauth_query *query, bool *ret_row, struct stauth_err *err)
{
	int code = query->code;

	if (code == SQLITE_OK) {
		code = sqlite3_step(query->stmt);
	}
	if (code != SQLITE_ROW && code != SQLITE_DONE) {
		query->code = code;
		return stauth_db_fault(query->db, code, err);
	}
	query->column = 0;
	*ret_row = code == SQLITE_ROW;
	return STAUTH_OK;
}

/* Runs what returns no row and has no parameters, and ends. */
static enum stauth_rc run_plain(
	struct stauth_query *query, struct stauth_err *err)
{
	bool row = false;
	enum stauth_rc rc = step(query, &row, err);

	stauth_query_end(query);
	return rc;
}

enum stauth_rc stauth_query_row(
	struct stauth_query *query, struct stauth_err *err)
{
	bool row = false;
	enum stauth_rc rc = step(query, &row, err);

	if (rc == STAUTH_OK && !row) {
		return STAUTH_NOTFOUND;
	}
	return rc;
}

/* Takes the next column; returns good, and remembers where it was not. */
static bool take(struct stauth_query *query, bool good)
{
	int column = query->column++;

	if (good) {
		return true;
	}
	if (query->bad == NULL) {
		query->bad = sqlite3_column_name(query->stmt, column);
		query->bad = query->bad != NULL ? query->bad : "?";
	}
	return false;
}

static bool is_of(const struct stauth_query *query, int type)
{
	return sqlite3_column_type(query->stmt, query->column) == type;
}

int64_t stauth_read_int(struct stauth_query *query, int64_t min, int64_t max)
{
	bool integer = is_of(query, SQLITE_INTEGER);
	int64_t value = sqlite3_column_int64(query->stmt, query->column);

	return take(query, integer && value >= min && value <= max) ? value : 0;
}

int64_t stauth_read_at(struct stauth_query *query)
{
	return stauth_read_int(query, 0, AT_MAX);
}

bool stauth_read_flag(struct stauth_query *query)
{
	return stauth_read_int(query, 0, 1) == 1;
}

void stauth_read_text(struct stauth_query *query, char *out, size_t size)
{
	int column = query->column;
	const unsigned char *data =
		is_of(query, SQLITE_TEXT)
			? sqlite3_column_text(query->stmt, column)
			: NULL;
	size_t len = data != NULL
			     ? (size_t)sqlite3_column_bytes(query->stmt, column)
			     : 0;
	bool good =
		data != NULL && len < size && memchr(data, '\0', len) == NULL;

	out[0] = '\0';
	if (take(query, good)) {
		memcpy(out, data, len);
		out[len] = '\0';
	}
}

void stauth_read_optional(struct stauth_query *query, char *out, size_t size)
{
	if (is_of(query, SQLITE_NULL)) {
		query->column++;
		out[0] = '\0';
		return;
	}
	stauth_read_text(query, out, size);
}

void stauth_read_hash(struct stauth_query *query, uint8_t out[32])
{
	int column = query->column;
	const void *data = is_of(query, SQLITE_BLOB)
				   ? sqlite3_column_blob(query->stmt, column)
				   : NULL;
	bool good =
		data != NULL && sqlite3_column_bytes(query->stmt, column) == 32;

	memset(out, 0, 32);
	if (take(query, good)) {
		memcpy(out, data, 32);
	}
}

bool stauth_read_optional_hash(struct stauth_query *query, uint8_t out[32])
{
	if (is_of(query, SQLITE_NULL)) {
		query->column++;
		memset(out, 0, 32);
		return false;
	}
	stauth_read_hash(query, out);
	return true;
}

enum stauth_rc stauth_query_valid(
	struct stauth_query *query, struct stauth_err *err)
{
	if (query->bad != NULL) {
		return stauth_fail(err, STAUTH_EBROKEN,
			"column %.40s holds what it must not: %.100s",
			query->bad, query->db->path);
	}
	return STAUTH_OK;
}

enum stauth_rc stauth_query_only(
	struct stauth_query *query, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_query_valid(query, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_query_row(query, err);
	if (rc == STAUTH_OK) {
		return stauth_fail(err, STAUTH_EBROKEN,
			"two rows where there can be one: %.100s",
			query->db->path);
	}
	return rc == STAUTH_NOTFOUND ? STAUTH_OK : rc;
}

enum stauth_rc stauth_row_damaged(struct stauth_db *db, struct stauth_err *err)
{
	db->must_reopen = true;
	return stauth_fail(err, STAUTH_EBROKEN,
		"a row was found by a key it has not: %.120s", db->path);
}

enum stauth_rc stauth_query_value(struct stauth_db *db, enum stauth_sql id,
	const int64_t *key, int64_t *ret_value, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, id);
	if (key != NULL) {
		stauth_bind_int(&query, *key);
	}
	int64_t value = 0;
	enum stauth_rc rc = stauth_query_row(&query, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	value = stauth_read_int(&query, INT64_MIN, INT64_MAX);
	rc = stauth_query_only(&query, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	*ret_value = value;
out:
	stauth_query_end(&query);
	return rc;
}

enum stauth_rc stauth_db_begin_raw(struct stauth_db *db, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_BEGIN);
	return run_plain(&query, err);
}

static void roll_back(struct stauth_db *db)
{
	/* Some faults have rolled back already. */
	if (db->sql == NULL || sqlite3_get_autocommit(db->sql)) {
		return;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_ROLLBACK);
	if (run_plain(&query, NULL) != STAUTH_OK) {
		db->must_reopen = true;
	}
}

enum stauth_rc stauth_db_end(
	struct stauth_db *db, enum stauth_rc rc, struct stauth_err *err)
{
	struct stauth_query query;

	if (rc == STAUTH_OK) {
		stauth_query_start(&query, db, STAUTH_SQL_COMMIT);
		rc = run_plain(&query, err);
		if (rc != STAUTH_OK && (query.code & 0xff) == SQLITE_IOERR) {
			rc = stauth_fail(err, STAUTH_EUNKNOWN,
				"the disk failed while a change was written; "
				"it may or may not be there");
		}
	}
	if (rc != STAUTH_OK) {
		roll_back(db);
		return rc;
	}
	if (db->remembered && !stauth_files_same(db)) {
		db->must_reopen = true;
		return stauth_fail(err, STAUTH_EUNKNOWN,
			"the files of the database were replaced while a "
			"change was written: %.90s",
			db->path);
	}
	return STAUTH_OK;
}
