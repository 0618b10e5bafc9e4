/* SPDX-License-Identifier: MIT */
/*
 * Making or migrating the file. MUSTs:
 *  1. A file that is not ours is not written to, not by a byte: its header is
 *     read before SQLite may open it for writing.
 *  2. A new file exists empty, with the directory's owner and group and 0660,
 *     before SQLite opens it; -wal and -shm then get the same from SQLite.
 *     Who cannot give it that owner does not make it.
 *  3. Each step can be repeated, and be taken by two at once.
 */
#include "store/sqlite/provider.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/config.h"
#include "store/sqlite/fault.h"
#include "store/sqlite/files.h"
#include "store/sqlite/foreign.h"
#include "store/sqlite/open.h"
#include "store/sqlite/schema.h"

#include "base/banned.h"

#define FILE_MODE   0660
#define DIR_MODE    02770
#define INIT_MS     10000
#define HEADER_SIZE 100
#define ID_OFFSET   68

static enum stauth_rc cannot(const char *path, struct stauth_err *err)
{
	return stauth_fail(
		err, STAUTH_EUNREACHABLE, "%.130s: %s", path, strerror(errno));
}

/* Gives what was just made to whom the directory around it belongs. */
static int give_away(int fd, const struct stat *dir, mode_t mode)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		return -1;
	}
	if ((st.st_uid != dir->st_uid || st.st_gid != dir->st_gid) &&
		fchown(fd, dir->st_uid, dir->st_gid) != 0 &&
		st.st_gid != dir->st_gid &&
		fchown(fd, (uid_t)-1, dir->st_gid) != 0) {
		return -1;
	}
	return fchmod(fd, mode);
}

static enum stauth_rc make_dir(const char *dir, struct stauth_err *err)
{
	if (mkdir(dir, 0700) != 0) {
		return errno == EEXIST ? STAUTH_OK : cannot(dir, err);
	}
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int code = -1;
	if (fd >= 0 && fstatat(fd, "..", &st, 0) == 0) {
		code = give_away(fd, &st, DIR_MODE);
	}
	if (fd >= 0) {
		close(fd);
	}
	return code == 0 ? STAUTH_OK : cannot(dir, err);
}

static bool may_make(const char *path, const struct stat *dir)
{
	struct stat st;

	return geteuid() == 0 || dir->st_uid == geteuid() ||
	       lstat(path, &st) == 0;
}

/* The file is there afterwards, made now or before. *ret_fd reads it. */
static enum stauth_rc make_file(
	const char *path, int *ret_fd, struct stauth_err *err)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = '\0';
	struct stat st;
	if (stat(dir[0] != '\0' ? dir : "/", &st) != 0) {
		return cannot(dir, err);
	}
	if (!may_make(path, &st)) {
		return stauth_fail(err, STAUTH_EDENIED,
			"%.120s is not yours: run it as root", dir);
	}
	int fd = open(
		path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && give_away(fd, &st, FILE_MODE) != 0) {
		enum stauth_rc rc = cannot(path, err);

		close(fd);
		(void)unlink(path);
		return rc;
	}
	if (fd >= 0) {
		stauth_files_remove_sides(path);
	}
	if (fd < 0 && errno == EEXIST) {
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	}
	if (fd < 0) {
		return cannot(path, err);
	}
	*ret_fd = fd;
	return STAUTH_OK;
}

/* What the first bytes say: may SQLite open this for writing? */
static enum stauth_rc inspect(int fd, const char *path, struct stauth_err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		return stauth_fail(
			err, STAUTH_EBROKEN, "%.140s is no regular file", path);
	}
	unsigned char head[HEADER_SIZE];
	ssize_t n = pread(fd, head, sizeof(head), 0);
	if (n == 0) {
		return STAUTH_OK;
	}
	if (n != (ssize_t)sizeof(head) ||
		memcmp(head, "SQLite format 3", 16) != 0) {
		return stauth_fail(err, STAUTH_EBROKEN,
			"%.140s is no SQLite database", path);
	}
	uint32_t id = (uint32_t)head[ID_OFFSET] << 24 |
		      (uint32_t)head[ID_OFFSET + 1] << 16 |
		      (uint32_t)head[ID_OFFSET + 2] << 8 |
		      (uint32_t)head[ID_OFFSET + 3];
	return id == STAUTH_SCHEMA_ID ? STAUTH_OK
				      : stauth_foreign_judge(path, err);
}

static enum stauth_rc make_and_inspect(
	struct stauth_db *db, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_db_resolve(db->dir, db->name, db->path, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	int fd = -1;
	rc = make_file(db->path, &fd, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = inspect(fd, db->path, err);
	close(fd);
	return rc;
}

/* Reads the one text that a pragma answers with. */
static int text_of(void *arg, int columns, char **values, char **names)
{
	char *out = arg;

	(void)names;
	if (columns > 0 && values[0] != NULL) {
		snprintf(out, 64, "%s", values[0]);
	}
	return 0;
}

static enum stauth_rc ask_pragma(struct stauth_db *db, const char *sql,
	const char *want, struct stauth_err *err)
{
	char answer[64] = "";
	int code = sqlite3_exec(db->sql, sql, text_of, answer, NULL);

	if (code != SQLITE_OK) {
		return stauth_db_fault(db, code, err);
	}
	if (strcmp(answer, want) != 0) {
		return stauth_fail(err, STAUTH_EBROKEN, "%s says \"%s\": %.80s",
			sql, answer, db->path);
	}
	return STAUTH_OK;
}

/* Changing the mode does not ask the busy handler in every case. */
static enum stauth_rc use_wal(struct stauth_db *db, struct stauth_err *err)
{
	struct timespec pause = {0, 20 * 1000000};
	enum stauth_rc rc;

	do {
		rc = ask_pragma(db, "PRAGMA journal_mode = WAL", "wal", err);
		if (rc != STAUTH_EUNREACHABLE) {
			break;
		}
		nanosleep(&pause, NULL);
	} while (stauth_boot_ms() < db->deadline_ms);
	return rc;
}

/* The header has it once it is checkpointed; until then it has none. */
static enum stauth_rc give_id(struct stauth_db *db, struct stauth_err *err)
{
	db->wal = true;
	if (stauth_files_id(db) != 0) {
		return STAUTH_OK;
	}
	int code = stauth_files_set_id(db->sql, 0);
	if (code != SQLITE_OK) {
		return stauth_db_fault(db, code, err);
	}
	(void)sqlite3_wal_checkpoint_v2(
		db->sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return STAUTH_OK;
}

static enum stauth_rc check_pages(struct stauth_db *db, struct stauth_err *err)
{
	return ask_pragma(db, "PRAGMA quick_check(1)", "ok", err);
}

/* Who makes the file clears away what an earlier one left beside it, and must
 * not take that from another who is at work. */
static enum stauth_rc make_locked(struct stauth_db *db, struct stauth_err *err)
{
	int lock_fd = -1;
	enum stauth_rc rc =
		stauth_files_lock_dir(db, db->deadline_ms, &lock_fd, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = make_and_inspect(db, err);
	close(lock_fd);
	return rc;
}

static enum stauth_rc make_ready(struct stauth_db *db, struct stauth_err *err)
{
	static enum stauth_rc (*const steps[])(
		struct stauth_db * db, struct stauth_err * err) = {
		make_locked,
		stauth_db_connect,
		stauth_schema_migrate,
		use_wal,
		check_pages,
		give_id,
		stauth_files_opened,
	};
	enum stauth_rc rc = make_dir(db->dir, err);

	db->deadline_ms = stauth_boot_ms() + INIT_MS;
	for (size_t i = 0;
		rc == STAUTH_OK && i < sizeof(steps) / sizeof(steps[0]); i++) {
		rc = steps[i](db, err);
	}
	return rc;
}

enum stauth_rc stauth_sqlite_init(
	const struct stauth_config *config, struct stauth_err *err)
{
	struct stauth_db *db = calloc(1, sizeof(*db));

	if (db == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	enum stauth_rc rc = stauth_db_setup(db, config->sqlite_db_path,
		config->sqlite_db, STAUTH_ROLE_ADMIN, err);
	if (rc == STAUTH_OK) {
		rc = make_ready(db, err);
	}
	stauth_db_close(db);
	free(db);
	return rc;
}
