/* SPDX-License-Identifier: MIT */
/*
 * Opening a connection. MUSTs:
 *  1. No link is followed in the last component, none is left unresolved in
 *     the directory; the file is a regular one; it is never created here.
 *  2. The waiting for locks is set before the first statement.
 *  3. Nothing that the file itself says is executed: no trigger, no view, no
 *     extension, no function of the schema that is not harmless.
 *  4. What acknowledges is on disk (synchronous=FULL); only touches need not
 *     be.
 *  5. The check reads only.
 *  6. A -wal or -shm that was made while the file was read-only has that mode
 *     too, and keeps it: it gets the file's present one, or nobody could
 *     write again when the file can be written.
 */
#include "store/sqlite/open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/sqlite/fault.h"
#include "store/sqlite/files.h"
#include "store/sqlite/reserve.h"

#include "base/banned.h"

#define LENGTH_MAX     (1024 * 1024)
#define LOCK_WAIT_MAX  20
#define LOCK_WAIT_STEP 4

/* One thread uses a connection, so it needs no mutex; counting memory costs
 * 3 % of a check. Both are refused once SQLite runs: then they are set. */
static void configure_process(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

enum stauth_rc stauth_db_setup(struct stauth_db *db, const char *dir,
	const char *name, enum stauth_store_role role, struct stauth_err *err)
{
	size_t dir_len = strlen(dir);
	size_t name_len = strlen(name);

	memset(db, 0, sizeof(*db));
	configure_process();
	if (name_len == 0 || strchr(name, '/') != NULL ||
		strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		name_len >= sizeof(db->name) || dir_len >= sizeof(db->dir)) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"SQLITE_DB: not the name of a file");
	}
	memcpy(db->dir, dir, dir_len + 1);
	memcpy(db->name, name, name_len + 1);
	db->role = role;
	/* Spread over the processes: even those that write only once take
	 * their turn at sweeping. */
	sqlite3_randomness((int)sizeof(db->writes), &db->writes);
	return STAUTH_OK;
}

void stauth_db_close(struct stauth_db *db)
{
	for (size_t i = 0; i < STAUTH_SQL_COUNT; i++) {
		sqlite3_finalize(db->stmts[i]);
		db->stmts[i] = NULL;
	}
	stauth_files_close(db);
	db->must_reopen = false;
}

enum stauth_rc stauth_db_resolve(const char *dir, const char *name,
	char ret_path[PATH_MAX], struct stauth_err *err)
{
	char *real = realpath(dir, NULL);

	if (real == NULL && errno == ENOENT) {
		return stauth_fail(err, STAUTH_EUNREACHABLE,
			"run stauthctl init: there is no %.140s", dir);
	}
	if (real == NULL) {
		return stauth_fail(err, STAUTH_EUNREACHABLE, "%.120s: %s", dir,
			strerror(errno));
	}
	int len = snprintf(ret_path, PATH_MAX, "%s/%s", real, name);
	free(real);
	if (len < 0 || len >= PATH_MAX) {
		return stauth_fail(err, STAUTH_ECONFIG, "the path is too long");
	}
	return STAUTH_OK;
}

/* The default handler knows no deadline over several statements. */
static int wait_for_lock(void *arg, int tries)
{
	const struct stauth_db *db = arg;
	int64_t left_ms = db->deadline_ms - stauth_boot_ms();
	int64_t wait_ms = 1 + tries / LOCK_WAIT_STEP;
	struct timespec ts = {0, 0};

	if (left_ms <= 0) {
		return 0;
	}
	wait_ms = wait_ms < LOCK_WAIT_MAX ? wait_ms : LOCK_WAIT_MAX;
	wait_ms = wait_ms < left_ms ? wait_ms : left_ms;
	ts.tv_nsec = (long)wait_ms * 1000000;
	nanosleep(&ts, NULL);
	return 1;
}

static const struct {
	int option;
	int value;
} switches[] = {
	{SQLITE_DBCONFIG_DEFENSIVE, 1},
	{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
	{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
	{SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
	{SQLITE_DBCONFIG_ENABLE_VIEW, 0},
	{SQLITE_DBCONFIG_ENABLE_FKEY, 1},
	{SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
	/* "name" never becomes a string because there is no such column. */
	{SQLITE_DBCONFIG_DQS_DML, 0},
	{SQLITE_DBCONFIG_DQS_DDL, 0},
};

int stauth_db_harden(sqlite3 *sql)
{
	int code = SQLITE_OK;

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		if (code == SQLITE_OK) {
			code = sqlite3_db_config(sql, switches[i].option,
				switches[i].value, NULL);
		}
	}
	(void)sqlite3_extended_result_codes(sql, 1);
	(void)sqlite3_limit(sql, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
	(void)sqlite3_limit(sql, SQLITE_LIMIT_SQL_LENGTH, LENGTH_MAX);
	(void)sqlite3_limit(sql, SQLITE_LIMIT_ATTACHED, 0);
	if (code == SQLITE_OK) {
		code = sqlite3_exec(sql,
			"PRAGMA trusted_schema = OFF;"
			"PRAGMA cell_size_check = ON;"
			"PRAGMA mmap_size = 0;"
			"PRAGMA journal_size_limit = 1048576;"
			"PRAGMA temp_store = MEMORY;",
			NULL, NULL, NULL);
	}
	return code;
}

static const char *role_pragmas(enum stauth_store_role role)
{
	switch (role) {
	case STAUTH_ROLE_CHECK:
		/* The pages above the leaves: rows that are asked for again
		 * are kept elsewhere (recent.h). */
		return "PRAGMA query_only = ON; PRAGMA cache_size = -800;";
	case STAUTH_ROLE_TOUCH:
		return "PRAGMA synchronous = NORMAL;"
		       "PRAGMA secure_delete = ON; PRAGMA cache_size = -400;";
	case STAUTH_ROLE_PAGE:
	case STAUTH_ROLE_PAM:
	case STAUTH_ROLE_ADMIN:
		break;
	}
	return "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
	       "PRAGMA secure_delete = ON; PRAGMA cache_size = -2000;";
}

static int see_mode(void *arg, int columns, char **values, char **names)
{
	bool *wal = arg;

	(void)names;
	*wal = columns > 0 && values[0] != NULL &&
	       strcmp(values[0], "wal") == 0;
	return 0;
}

bool stauth_db_use_wal(struct stauth_db *db)
{
	const char *sql = db->role == STAUTH_ROLE_CHECK
				  ? "PRAGMA journal_mode"
				  : "PRAGMA journal_mode = WAL";
	bool wal = false;

	(void)sqlite3_exec(db->sql, sql, see_mode, &wal, NULL);
	/* The first read after the change makes the side files. */
	return wal && sqlite3_exec(db->sql, "PRAGMA user_version", NULL, NULL,
			      NULL) == SQLITE_OK;
}

/*
 * As root this happens in a directory of the service's user, who may put a
 * link there at any moment: what is looked at is what is changed. Only closing
 * an O_PATH descriptor leaves the locks alone that this process holds on the
 * same file; a mode is changed by its name in /proc.
 */
static void fix_side_mode(
	const struct stauth_db *db, const char *suffix, const struct stat *file)
{
	char path[PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s%s", db->path, suffix);
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		return;
	}
	struct stat st;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
		(st.st_mode & 0777) != (file->st_mode & 0777) &&
		(st.st_uid == geteuid() || geteuid() == 0)) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		(void)fchmodat(AT_FDCWD, path, file->st_mode & 0777, 0);
	}
	close(fd);
}

static enum stauth_rc look_at_file(struct stauth_db *db, struct stauth_err *err)
{
	struct stat st;

	if (lstat(db->path, &st) != 0) {
		if (errno == ENOENT) {
			return stauth_fail(err, STAUTH_EUNREACHABLE,
				"run stauthctl init: there is no %.140s",
				db->path);
		}
		(void)stauth_fail(err, STAUTH_EUNREACHABLE, "%.120s: %s",
			db->path, strerror(errno));
		stauth_db_explain(db->path, err);
		return STAUTH_EUNREACHABLE;
	}
	if (!S_ISREG(st.st_mode)) {
		return stauth_fail(err, STAUTH_EBROKEN,
			"%.140s is no regular file", db->path);
	}
	fix_side_mode(db, "-wal", &st);
	fix_side_mode(db, "-shm", &st);
	return STAUTH_OK;
}

enum stauth_rc stauth_db_connect(struct stauth_db *db, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_db_resolve(db->dir, db->name, db->path, err);

	if (rc == STAUTH_OK) {
		rc = look_at_file(db, err);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	/* Opening makes side files, which need room too. */
	stauth_reserve_spend(db);
	db->opened++;
	int code = sqlite3_open_v2(db->path, &db->sql,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW |
			SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
		NULL);
	if (code == SQLITE_OK) {
		code = sqlite3_db_config(
			db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	}
	/* Nothing was read yet. */
	if (code == SQLITE_OK) {
		rc = stauth_files_before(db, err);
		if (rc != STAUTH_OK) {
			stauth_db_close(db);
			return rc;
		}
	}
	if (code == SQLITE_OK) {
		code = sqlite3_busy_handler(db->sql, wait_for_lock, db);
	}
	if (code == SQLITE_OK) {
		code = stauth_db_harden(db->sql);
	}
	if (code == SQLITE_OK) {
		code = sqlite3_exec(
			db->sql, role_pragmas(db->role), NULL, NULL, NULL);
	}
	if (code != SQLITE_OK) {
		rc = stauth_db_fault(db, code, err);
		stauth_db_close(db);
	}
	return rc;
}
