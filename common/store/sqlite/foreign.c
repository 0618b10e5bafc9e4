/* SPDX-License-Identifier: MIT */
#include "store/sqlite/foreign.h"

#include <stdbool.h>
#include <stddef.h>

#include "store/sqlite/open.h"

#include "base/banned.h"

#define BUSY_MS 2000

enum stauth_rc stauth_foreign_open(
	const char *path, sqlite3 **ret_sql, struct stauth_err *err)
{
	sqlite3 *sql = NULL;
	int code = sqlite3_open_v2(path, &sql,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW |
			SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
		NULL);

	if (code == SQLITE_OK) {
		code = sqlite3_busy_timeout(sql, BUSY_MS);
	}
	if (code == SQLITE_OK) {
		code = stauth_db_harden(sql);
	}
	if (code == SQLITE_OK) {
		/* Opening reads nothing yet. */
		code = sqlite3_exec(sql, "SELECT count(*) FROM sqlite_schema",
			NULL, NULL, NULL);
	}
	if (code == SQLITE_OK) {
		*ret_sql = sql;
		return STAUTH_OK;
	}
	sqlite3_close_v2(sql);
	code &= 0xff;
	return stauth_fail(err,
		code == SQLITE_NOTADB || code == SQLITE_CORRUPT
			? STAUTH_ECONFIG
			: STAUTH_EUNREACHABLE,
		"%.140s: %s", path, sqlite3_errstr(code));
}

/* Does this statement give a row? */
static enum stauth_rc any_row(
	sqlite3 *sql, const char *text, bool *ret_any, struct stauth_err *err)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(sql, text, -1, &stmt, NULL);

	if (code == SQLITE_OK) {
		code = sqlite3_step(stmt);
	}
	sqlite3_finalize(stmt);
	if (code != SQLITE_ROW && code != SQLITE_DONE) {
		return stauth_fail(
			err, STAUTH_EBROKEN, "%s", sqlite3_errstr(code));
	}
	*ret_any = code == SQLITE_ROW;
	return STAUTH_OK;
}

static const char has_users[] =
	"SELECT 1 FROM sqlite_schema AS t WHERE t.type = 'table' AND 3 = "
	"(SELECT count(*) FROM pragma_table_info(t.name) AS c WHERE "
	"lower(c.name) IN ('username', 'password', 'su')) LIMIT 1";

enum stauth_rc stauth_foreign_judge(const char *path, struct stauth_err *err)
{
	sqlite3 *sql = NULL;
	enum stauth_rc rc = stauth_foreign_open(path, &sql, err);

	if (rc == STAUTH_ECONFIG) {
		return stauth_fail(err, STAUTH_EBROKEN,
			"%.140s is no SQLite database", path);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	bool tables = false;
	rc = any_row(sql, "SELECT 1 FROM sqlite_schema LIMIT 1", &tables, err);
	bool users = false;
	if (rc == STAUTH_OK) {
		rc = any_row(sql, has_users, &users, err);
	}
	sqlite3_close_v2(sql);
	if (rc == STAUTH_OK && users) {
		rc = stauth_fail(err, STAUTH_EXISTS,
			"%.100s was made by st-auth-simple: import it", path);
	} else if (rc == STAUTH_OK && tables) {
		rc = stauth_fail(err, STAUTH_EBROKEN,
			"%.140s is a database of something else", path);
	}
	return rc;
}
