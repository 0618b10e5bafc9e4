/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_VERB_H
#define STAUTH_SQLITE_VERB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"
#include "store/sqlite/query.h"

/*
 * A verb, in the shape that all of them have:
 *
 *	stauth_verb_write(db, err);
 *	RUN(db, STAUTH_SQL_..., BIND_INT(uid), BIND_TEXT(name));
 *	...
 *	return stauth_verb_commit(db, now_s);
 *
 * The connection remembers the first failure of the verb. From then on no
 * statement runs: there are no rows, and 0 rows change. So the steps need no
 * tests in between, and the end rolls back and returns what it was.
 */
/* Begins one that only reads: STAUTH_EUNREACHABLE, EBROKEN, ESCHEMA. */
void stauth_verb_read(struct stauth_db *db, struct stauth_err *err);
/* Begins one that writes, and its transaction. */
void stauth_verb_write(struct stauth_db *db, struct stauth_err *err);
/* The same for what ends something: it may use the reserve (reserve.h). */
void stauth_verb_write_ending(struct stauth_db *db, struct stauth_err *err);
/* A transaction of a verb that has begun and is in none. */
void stauth_verb_begin(struct stauth_db *db);
/* Fails, unless it has already; why: for err->msg, NULL says nothing. */
void stauth_verb_fail(struct stauth_db *db, enum stauth_rc rc, const char *why);
bool stauth_verb_ok(const struct stauth_db *db);
/* Ends one that read. */
enum stauth_rc stauth_verb_end(struct stauth_db *db);
/* Ends one that wrote; stauth_verb_commit (verbs.h) also sweeps. */
enum stauth_rc stauth_verb_commit_only(struct stauth_db *db);

/* What a statement is bound to, in the order of its parameters. Texts and
 * hashes are borrowed until it ends. */
enum stauth_value_kind {
	STAUTH_VALUE_END = 0,
	STAUTH_VALUE_INT,
	STAUTH_VALUE_TEXT,     /* NULL for NULL */
	STAUTH_VALUE_OPTIONAL, /* a text; NULL for "" */
	STAUTH_VALUE_HASH,     /* 32 bytes; NULL for NULL */
};
struct stauth_value {
	enum stauth_value_kind kind;
	int64_t number;
	const void *data;
};
#define BIND_INT(value)                                                        \
	{                                                                      \
		STAUTH_VALUE_INT, (value), NULL                                \
	}
#define BIND_TEXT(value)                                                       \
	{                                                                      \
		STAUTH_VALUE_TEXT, 0, (value)                                  \
	}
#define BIND_OPTIONAL(value)                                                   \
	{                                                                      \
		STAUTH_VALUE_OPTIONAL, 0, (value)                              \
	}
#define BIND_HASH(value)                                                       \
	{                                                                      \
		STAUTH_VALUE_HASH, 0, (value)                                  \
	}
#define BIND_ALL(...)                                                          \
	(const struct stauth_value[])                                          \
	{                                                                      \
		__VA_ARGS__,                                                   \
		{                                                              \
			STAUTH_VALUE_END, 0, NULL                              \
		}                                                              \
	}

extern const struct stauth_value stauth_no_values[];

/* Runs what returns no row; returns how many rows it changed. */
#define RUN(db, id, ...) stauth_run(db, id, BIND_ALL(__VA_ARGS__))
int stauth_run(struct stauth_db *db, enum stauth_sql id,
	const struct stauth_value *values);

#define START(query, db, id, ...)                                              \
	stauth_query_bind(query, db, id, BIND_ALL(__VA_ARGS__))
void stauth_query_bind(struct stauth_query *query, struct stauth_db *db,
	enum stauth_sql id, const struct stauth_value *values);

/* The next row; false when there is none (any more), or the verb failed: then
 * the statement has ended. One of which rows are left ends by
 * stauth_query_end. */
bool stauth_row(struct stauth_query *query);
/* The row that was read holds what it must, or the verb fails. */
bool stauth_row_valid(struct stauth_query *query);

typedef void stauth_read_fn(struct stauth_query *query, void *row);
/* Reads the one row there is, and ends: NOTFOUND; EBROKEN if there are two.
 * False: the verb failed, and *row is of no use. */
bool stauth_read_one(
	struct stauth_query *query, stauth_read_fn *read, void *row);
/* Whatever an index says, a row is handed out only for the key that it has:
 * same says whether it has it. Returns whether the verb has not failed. */
bool stauth_verb_found(struct stauth_db *db, bool same);
/* One number, of a statement that is given one (or none: NULL). */
int64_t stauth_read_value(
	struct stauth_db *db, enum stauth_sql id, const int64_t *key);
/* What a list is bound to, and read by: at most so many rows at once. */
size_t stauth_list_limit(size_t limit);
struct stauth_list {
	size_t limit;
	stauth_read_fn *read;
	size_t row_size;
};
/* Reads the rows of a list, and ends the verb. None is no row. */
enum stauth_rc stauth_read_list(struct stauth_query *query,
	const struct stauth_list *list, void *ret_rows, size_t *ret_count);

#endif
