/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_QUERY_H
#define STAUTH_SQLITE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/rc.h"
#include "store/sqlite/db.h"

/*
 * One run of one statement: start, bind in the order of the parameters, run
 * or read, end. Failures are sticky and reported by run, row, or sound, so that
 * the steps between need no test.
 */
struct stauth_query {
	struct stauth_db *db;
	sqlite3_stmt *stmt; /* NULL: could not be prepared */
	int bound;          /* parameters so far */
	int column;         /* columns read so far, of this row */
	int code;           /* the first failure, as SQLite says it */
	const char *bad;    /* the first column that holds what it must not */
};

void stauth_query_start(
	struct stauth_query *query, struct stauth_db *db, enum stauth_sql id);
/* Always after start, unless run was called. */
void stauth_query_end(struct stauth_query *query);

/* What is bound is borrowed until end. */
void stauth_bind_int(struct stauth_query *query, int64_t value);
void stauth_bind_text(struct stauth_query *query, const char *text);
/* NULL for "". */
void stauth_bind_optional(struct stauth_query *query, const char *text);
/* 32 bytes; NULL for NULL. */
void stauth_bind_hash(struct stauth_query *query, const uint8_t *hash);

/* Runs what returns no row, and ends. ret_changes may be NULL. */
enum stauth_rc stauth_query_run(
	struct stauth_query *query, int *ret_changes, struct stauth_err *err);
/* The next row; NOTFOUND when there is none (any more). */
enum stauth_rc stauth_query_row(
	struct stauth_query *query, struct stauth_err *err);

/*
 * The next column of the row. What is of the wrong type, too long, holds a
 * NUL or is out of range reads as "", 0 or false and makes the query
 * unsound: EBROKEN, never cut.
 */
int64_t stauth_read_int(struct stauth_query *query, int64_t min, int64_t max);
int64_t stauth_read_at(struct stauth_query *query);
bool stauth_read_flag(struct stauth_query *query);
void stauth_read_text(struct stauth_query *query, char *out, size_t size);
/* SQL NULL is "". */
void stauth_read_optional(struct stauth_query *query, char *out, size_t size);
void stauth_read_hash(struct stauth_query *query, uint8_t out[32]);
/* False: it is NULL. */
bool stauth_read_optional_hash(struct stauth_query *query, uint8_t out[32]);

/* Was all that was read of this row as it must be? */
enum stauth_rc stauth_query_sound(
	struct stauth_query *query, struct stauth_err *err);
/* The same, and there is no second row. */
enum stauth_rc stauth_query_only(
	struct stauth_query *query, struct stauth_err *err);

/* What a list is bound to, and read by: at most so many rows at once. */
size_t stauth_list_limit(size_t limit);
struct stauth_list {
	size_t limit;
	void (*read)(struct stauth_query *query, void *row);
	size_t row_size;
};
/* Reads the rows of a list, and ends. None is no row. */
enum stauth_rc stauth_query_list(struct stauth_query *query,
	const struct stauth_list *list, void *ret_rows, size_t *ret_count,
	struct stauth_err *err);

/* One number of a statement with one parameter, or none (key NULL). */
enum stauth_rc stauth_query_value(struct stauth_db *db, enum stauth_sql id,
	const int64_t *key, int64_t *ret_value, struct stauth_err *err);

/* Begins a write transaction on a connection that is open, whatever its
 * schema; verbs use stauth_db_begin (ready.h). */
enum stauth_rc stauth_db_begin_raw(
	struct stauth_db *db, struct stauth_err *err);
/* Commits if rc is OK, else rolls back; returns rc, or why the commit did
 * not work. What SQLite cannot tell to have happened is EUNKNOWN. */
enum stauth_rc stauth_db_end(
	struct stauth_db *db, enum stauth_rc rc, struct stauth_err *err);

#endif
