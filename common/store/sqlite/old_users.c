/* SPDX-License-Identifier: MIT */
/*
 * Reading a file of st-auth-simple. MUSTs:
 *  1. The file is opened read-only, and no link is followed.
 *  2. The name of the table comes from a configuration file, so it is a plain
 *     identifier, of a table that the file has with the three columns.
 *  3. auth_token is not read: an old token never signs anybody in.
 */
#include "store/sqlite/old_users.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ascii.h"
#include "store/sqlite/foreign.h"
#include "store/sqlite/open.h"

#include "base/banned.h"

#define TABLE_MAX 63

static bool is_identifier(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= TABLE_MAX &&
	       strspn(name, STAUTH_ALNUM "_") == len &&
	       !stauth_is_digit(name[0]);
}

static const char has_table[] =
	"SELECT 1 FROM sqlite_schema AS t WHERE t.type = 'table' "
	"AND lower(t.name) = lower(?1) AND 3 = "
	"(SELECT count(*) FROM pragma_table_info(t.name) AS c WHERE "
	"lower(c.name) IN ('username', 'password', 'su'))";

static enum stauth_rc must_have_table(sqlite3 *sql, const char *path,
	const char *table, struct stauth_err *err)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(sql, has_table, -1, &stmt, NULL);

	if (code == SQLITE_OK) {
		code = sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
	}
	if (code == SQLITE_OK) {
		code = sqlite3_step(stmt);
	}
	sqlite3_finalize(stmt);
	if (code == SQLITE_ROW) {
		return STAUTH_OK;
	}
	return stauth_fail(err, STAUTH_ECONFIG,
		"%.120s: there is no table %.40s of st-auth-simple in it", path,
		table);
}

/*
 * The one statement of the provider that is put together: a table cannot be
 * a bound value. The name has been through is_identifier and must_have_table.
 */
static int prepare_users(sqlite3 *sql, const char *table, sqlite3_stmt **stmt)
{
	char text[128];
	int len = snprintf(text, sizeof(text),
		"SELECT username, password, su FROM \"%s\"", table);

	if (len < 0 || (size_t)len >= sizeof(text)) {
		return SQLITE_TOOBIG;
	}
	return sqlite3_prepare_v2(sql, text, len, stmt, NULL);
}

typedef enum stauth_rc row_fn(
	const struct stauth_old_user *user, void *arg, struct stauth_err *err);

static enum stauth_rc give_row(
	sqlite3_stmt *stmt, row_fn *row, void *arg, struct stauth_err *err)
{
	const char *name = (const char *)sqlite3_column_text(stmt, 0);
	size_t name_len = (size_t)sqlite3_column_bytes(stmt, 0);
	const char *password = (const char *)sqlite3_column_text(stmt, 1);
	struct stauth_old_user user = {
		.username = name != NULL ? name : "",
		.username_len = name != NULL ? name_len : 0,
		.password = password != NULL ? password : "",
		.su = sqlite3_column_int64(stmt, 2) == 1,
	};

	return row(&user, arg, err);
}

static enum stauth_rc give_rows(sqlite3 *sql, const char *table, row_fn *row,
	void *arg, struct stauth_err *err)
{
	sqlite3_stmt *stmt = NULL;
	int code = prepare_users(sql, table, &stmt);

	if (code == SQLITE_OK) {
		code = sqlite3_step(stmt);
	}
	enum stauth_rc rc = STAUTH_OK;
	while (rc == STAUTH_OK && code == SQLITE_ROW) {
		rc = give_row(stmt, row, arg, err);
		code = sqlite3_step(stmt);
	}
	sqlite3_finalize(stmt);
	if (rc == STAUTH_OK && code != SQLITE_DONE) {
		rc = stauth_fail(
			err, STAUTH_EBROKEN, "%s", sqlite3_errstr(code));
	}
	return rc;
}

static enum stauth_rc resolve(
	const char *file, char ret_path[PATH_MAX], struct stauth_err *err)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(file, '/');
	const char *name = slash != NULL ? slash + 1 : file;
	int len = slash != NULL ? (int)(slash - file) : 0;

	if (slash == file) {
		snprintf(dir, sizeof(dir), "/");
	} else if (slash != NULL) {
		snprintf(dir, sizeof(dir), "%.*s", len, file);
	} else {
		snprintf(dir, sizeof(dir), ".");
	}
	return stauth_db_resolve(dir, name, ret_path, err);
}

enum stauth_rc stauth_sqlite_old_users(const char *file, const char *table,
	enum stauth_rc (*row)(const struct stauth_old_user *user, void *arg,
		struct stauth_err *err),
	void *arg, struct stauth_err *err)
{
	if (!is_identifier(table)) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"USERS_TABLE: not the name of a table");
	}
	char path[PATH_MAX];
	enum stauth_rc rc = resolve(file, path, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stat st;
	if (lstat(path, &st) != 0) {
		return stauth_fail(err, STAUTH_EUNREACHABLE, "%.130s: %s", path,
			strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return stauth_fail(
			err, STAUTH_ECONFIG, "%.140s is no regular file", path);
	}
	sqlite3 *sql = NULL;
	rc = stauth_foreign_open(path, &sql, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = must_have_table(sql, path, table, err);
	if (rc == STAUTH_OK) {
		rc = give_rows(sql, table, row, arg, err);
	}
	sqlite3_close_v2(sql);
	return rc;
}
