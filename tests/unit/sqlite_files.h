/* SPDX-License-Identifier: MIT */
/* What the tests of the SQLite provider do to the file behind its back. */
#ifndef STAUTH_TEST_SQLITE_FILES_H
#define STAUTH_TEST_SQLITE_FILES_H

#include <fcntl.h>
#include <time.h>

#include <sqlite3.h>

#include "../contract/fixture.h"

static inline void path_of(
	const struct fixture *fix, const char *suffix, char out[256])
{
	(void)snprintf(out, 256, "%s/stauth.db%s", fix->dir, suffix);
}

static inline void pause_ms(long ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

	(void)nanosleep(&ts, NULL);
}

/* A connection like that of any other program. */
static inline sqlite3 *raw_open(const struct fixture *fix)
{
	char path[256];
	sqlite3 *sql = NULL;

	path_of(fix, "", path);
	assert_int_equal(
		sqlite3_open_v2(path, &sql,
			SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
		SQLITE_OK);
	return sql;
}

static inline void raw_exec(sqlite3 *sql, const char *text)
{
	char *why = NULL;

	if (sqlite3_exec(sql, text, NULL, NULL, &why) != SQLITE_OK) {
		print_error("%s: %s\n", text, why ? why : "?");
		sqlite3_free(why);
		fail();
	}
}

/* Opens, runs, closes. */
static inline void raw(const struct fixture *fix, const char *text)
{
	sqlite3 *sql = raw_open(fix);

	raw_exec(sql, text);
	assert_int_equal(sqlite3_close(sql), SQLITE_OK);
}

static inline int64_t raw_number(const struct fixture *fix, const char *text)
{
	sqlite3 *sql = raw_open(fix);
	sqlite3_stmt *stmt = NULL;
	int64_t value;

	assert_int_equal(
		sqlite3_prepare_v2(sql, text, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	value = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	assert_int_equal(sqlite3_close(sql), SQLITE_OK);
	return value;
}

/* The whole file; free it. */
static inline unsigned char *read_file(const char *path, size_t *ret_len)
{
	struct stat st;
	unsigned char *data;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	data = malloc((size_t)st.st_size + 1);
	assert_non_null(data);
	assert_int_equal(read(fd, data, (size_t)st.st_size), st.st_size);
	(void)close(fd);
	*ret_len = (size_t)st.st_size;
	return data;
}

/* In place: the inode stays. */
static inline void write_file(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0660);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	(void)close(fd);
}

/* The database as one closed file; the stores are opened again. */
static inline unsigned char *image_of(struct fixture *fix, size_t *ret_len)
{
	char path[256];
	unsigned char *image;

	close_stores(fix);
	raw(fix, "PRAGMA wal_checkpoint(TRUNCATE)");
	path_of(fix, "", path);
	image = read_file(path, ret_len);
	open_stores(fix);
	return image;
}

/* A session that lives until the tests are long over. */
static inline struct stauth_account add_live_session(
	struct fixture *fix, const char *name, int number)
{
	struct stauth_account account = add_user(fix, name);
	struct stauth_login_commit login = a_login(&account, number);

	login.session.expires_at = INT64_C(9999999999);
	/* Before any present: NOW may be in its future. */
	assert_rc(commit_at(fix, &login, NOW / 2), STAUTH_OK);
	return account;
}

static inline enum stauth_rc find_user(struct fixture *fix, const char *name)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account account;

	return fix->accounts->ops->user_by_name(
		fix->accounts, name, &account, &err);
}

static inline enum stauth_rc write_audit(struct fixture *fix)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_audit_row row;

	memset(&row, 0, sizeof(row));
	(void)snprintf(row.event, sizeof(row.event), "login.wrong");
	return fix->state->ops->audit_add(fix->state, &row, NOW, &err);
}

static inline enum stauth_health health_of(struct fixture *fix)
{
	struct stauth_err err = {STAUTH_OK, ""};

	return fix->state->ops->health(fix->state, &err);
}

/* A directory and a configuration, but no file yet. */
static inline int begin_empty(void **state)
{
	struct fixture *fix = calloc(1, sizeof(*fix));

	assert_non_null(fix);
	*state = fix;
	make_config(fix, STAUTH_STORAGE_SQLITE);
	return 0;
}

/* As st-auth-simple makes it. */
#define OLD_TABLE                                                              \
	"CREATE TABLE USERS (id INTEGER PRIMARY KEY, username UNIQUE "         \
	"ON CONFLICT REPLACE, password, su INTEGER, auth_token TEXT, "         \
	"expires_at TEXT);"

/* Longer than an opening is put off, and than a file is not looked at. */
#define RETRY_MS 120
#define LOOK_MS  1100

static inline void assert_served(struct fixture *fix)
{
	assert_rc(find_user(fix, "alice"), STAUTH_OK);
	assert_rc(write_audit(fix), STAUTH_OK);
	assert_int_equal(verdict_of(fix, 1), STAUTH_ALLOW);
	assert_int_equal(verdict_of(fix, 2), STAUTH_DENY);
	assert_int_equal(health_of(fix), STAUTH_HEALTH_OK);
}

#endif
