/* SPDX-License-Identifier: MIT */
/*
 * Writing a copy of the database. MUSTs:
 *  1. The copy is made by SQLite's backup API: what it holds was true at one
 *     instant, whatever the gate writes at that time.
 *  2. The file is new, and 0600 before anything is in it: it holds hashes.
 *  3. It is one file: nothing beside it is needed to read it.
 *  4. Half a copy MUST NOT stay behind.
 *  5. It holds no mail: the PINs and links in the outbox are in clear. Nor
 *     does it hold sessions, known devices, PINs or links: who puts it in
 *     the database's place by hand revives none.
 *  6. Copied over the database by hand, it must be distinguishable, and not
 *     wait for a lock: it has a number of its own (files.c) and is in WAL mode.
 */
#include "store/sqlite/provider.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "store/sqlite/copy.h"
#include "store/sqlite/files.h"
#include "store/sqlite/open.h"
#include "store/sqlite/ready.h"

#include "base/banned.h"

enum stauth_rc stauth_copy_path(
	const char *file, char ret_path[PATH_MAX], struct stauth_err *err)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(file, '/');
	size_t len = slash != NULL ? (size_t)(slash - file) + 1 : 0;

	if (len >= sizeof(dir)) {
		return stauth_fail(
			err, STAUTH_BADVALUE, "the path is too long");
	}
	memcpy(dir, len > 0 ? file : "./", len > 0 ? len : 2);
	dir[len > 0 ? len : 2] = '\0';
	if (stauth_db_resolve(dir, file + len, ret_path, err) != STAUTH_OK) {
		return stauth_copy_refused(file, errno, err);
	}
	return STAUTH_OK;
}

enum stauth_rc stauth_copy_refused(
	const char *file, int code, struct stauth_err *err)
{
	return stauth_fail(err,
		code == EACCES || code == EPERM ? STAUTH_EDENIED
						: STAUTH_BADVALUE,
		"%.120s: %s", file, strerror(code));
}

static enum stauth_rc make_file(const char *path, struct stauth_err *err)
{
	int fd = open(
		path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool made = fd >= 0 && fchmod(fd, 0600) == 0;
	enum stauth_rc rc = errno == EEXIST                     ? STAUTH_EXISTS
			    : errno == EACCES || errno == EPERM ? STAUTH_EDENIED
			    : errno == ENOENT || errno == ENOTDIR
				    ? STAUTH_BADVALUE
				    : STAUTH_EUNREACHABLE;
	if (!made) {
		rc = stauth_fail(err, rc, "%.120s: %s", path, strerror(errno));
	}
	if (fd >= 0) {
		close(fd);
	}
	return made ? STAUTH_OK : rc;
}

static int fill(sqlite3 *from, const char *path)
{
	sqlite3 *to = NULL;
	int code = sqlite3_open_v2(path, &to,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW |
			SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
		NULL);
	if (code == SQLITE_OK) {
		sqlite3_backup *copy =
			sqlite3_backup_init(to, "main", from, "main");
		if (copy != NULL) {
			(void)sqlite3_backup_step(copy, -1);
			code = sqlite3_backup_finish(copy);
		} else {
			code = sqlite3_errcode(to);
		}
	}
	if (code == SQLITE_OK) {
		code = sqlite3_exec(to,
			"PRAGMA secure_delete = ON;"
			"PRAGMA journal_mode = DELETE;"
			"PRAGMA cache_size = -2000; PRAGMA journal_mode = OFF;"
			"DELETE FROM outbox; DELETE FROM sessions;"
			"DELETE FROM devices; DELETE FROM pins;"
			"DELETE FROM resets; DELETE FROM invites;",
			NULL, NULL, NULL);
	}
	if (code == SQLITE_OK) {
		code = stauth_files_set_id(to, 0);
	}
	if (code == SQLITE_OK) {
		code = sqlite3_exec(to,
			"PRAGMA journal_mode = DELETE;"
			"PRAGMA journal_mode = WAL;",
			NULL, NULL, NULL);
	}
	sqlite3_close_v2(to);
	return code;
}

static enum stauth_rc write_copy(
	struct stauth_db *live, const char *path, struct stauth_err *err)
{
	enum stauth_rc rc = make_file(path, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	int code = fill(live->sql, path);
	if (code == SQLITE_OK) {
		return STAUTH_OK;
	}
	(void)unlink(path);
	stauth_files_remove_sides(path);
	return stauth_fail(err, STAUTH_EUNREACHABLE, "%s (SQLite %d): %.100s",
		sqlite3_errstr(code), code, path);
}

enum stauth_rc stauth_sqlite_backup(const struct stauth_config *config,
	const char *file, struct stauth_err *err)
{
	struct stauth_db *live = calloc(1, sizeof(*live));

	if (live == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	enum stauth_rc rc = stauth_db_setup(live, config->sqlite_db_path,
		config->sqlite_db, STAUTH_ROLE_ADMIN, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	char path[PATH_MAX];
	rc = stauth_copy_path(file, path, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = stauth_db_ready(live, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = write_copy(live, path, err);
out:
	stauth_db_close(live);
	free(live);
	return rc;
}
