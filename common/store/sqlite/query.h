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
 * One run of one statement: start, bind in the order of the parameters, rows,
 * end. Verbs have this in a shorter form (verb.h); what looks at a database
 * before a verb may use it, and checks, need this one.
 */
struct stauth_query {
	struct stauth_db *db;
	sqlite3_stmt *stmt; /* NULL: could not be prepared */
	int bound;          /* parameters so far */
	int column;         /* columns read so far, of this row */
	int code;           /* the first failure, as SQLite says it */
	const char *bad;    /* the first column with an invalid value */
};

void stauth_query_start(
	struct stauth_query *query, struct stauth_db *db, enum stauth_sql id);
void stauth_bind_int(struct stauth_query *query, int64_t value);
void stauth_bind_text(struct stauth_query *query, const char *text);
void stauth_bind_hash(struct stauth_query *query, const uint8_t *hash);
/* Always after start. */
void stauth_query_end(struct stauth_query *query);
/* The next row; NOTFOUND when there is none (any more). */
enum stauth_rc stauth_query_row(
	struct stauth_query *query, struct stauth_err *err);
/* Was all that was read of this row as it must be? */
enum stauth_rc stauth_query_valid(
	struct stauth_query *query, struct stauth_err *err);
/* The same, and there is no second row. */
enum stauth_rc stauth_query_only(
	struct stauth_query *query, struct stauth_err *err);
/* EBROKEN: a row was found by a key that it has not. */
enum stauth_rc stauth_row_damaged(struct stauth_db *db, struct stauth_err *err);
/* One number, of a statement that is given one (or none: NULL). */
enum stauth_rc stauth_query_value(struct stauth_db *db, enum stauth_sql id,
	const int64_t *key, int64_t *ret_value, struct stauth_err *err);
/* Begins a write transaction on a connection that is open, whatever its
 * schema. */
enum stauth_rc stauth_db_begin_raw(
	struct stauth_db *db, struct stauth_err *err);
/* Commits if rc is OK, else rolls back; returns rc, or why the commit did
 * not work. What SQLite cannot tell to have happened is EUNKNOWN. */
enum stauth_rc stauth_db_end(
	struct stauth_db *db, enum stauth_rc rc, struct stauth_err *err);

/*
 * The next column of the row. What is of the wrong type, too long, holds a
 * NUL or is out of range reads as "", 0 or false and makes the row invalid:
 * EBROKEN, never cut.
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

#endif
