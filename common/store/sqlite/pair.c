/* SPDX-License-Identifier: MIT */
/*
 * A database and its -wal and -shm are one thing that only their names hold
 * together. Whoever puts another file in the database's place (the right way
 * is stauthctl restore) leaves them beside it, and SQLite would read, and in
 * the end write, the old pages into the new file. MUSTs:
 *  1. A file beside the database, -pair, says which -wal belongs to which
 *     database, by what no two files share. Who opens the database makes it
 *     true.
 *  2. A -wal that belongs to another database than the one at the path is
 *     put aside before SQLite can read it. It is kept, as -wal.orphan: a
 *     database that was moved away may miss it.
 *  3. What nothing is recorded of belongs together: it may come from another
 *     program, or from a copy of the whole directory.
 *  4. One process at a time opens or closes the database, under a lock of
 *     its directory: both make or remove a -wal by its name.
 *  5. If another file comes between looking and opening, or before closing,
 *     nothing is written or removed at closing.
 *  6. No fault of the record, and nobody who holds the lock for ever, stops
 *     anybody: but for a -wal that has to be put aside.
 */
#include "store/sqlite/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#include "base/banned.h"

#define PAUSE_MS     2
#define LOCK_WAIT_MS 200
#define RECORD_MODE  0660
#define RECORD_SIZE  (2 * STAUTH_FILE_ID_SIZE + 2)

static void name_of(const struct stauth_db *db, const char *ending,
	char ret_path[PATH_MAX + 16])
{
	snprintf(ret_path, PATH_MAX + 16, "%s%s", db->path, ending);
}

void stauth_db_remove_leftovers(const char *path)
{
	static const char *const endings[] = {"-wal", "-shm", "-journal"};
	char name[PATH_MAX + 16];

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, endings[i]);
		(void)unlink(name);
	}
}

enum stauth_rc stauth_db_lock_dir(const struct stauth_db *db, int64_t until_ms,
	int *ret_fd, struct stauth_err *err)
{
	struct timespec pause = {0, PAUSE_MS * 1000000};
	int fd = open(db->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		return stauth_fail(err, STAUTH_EUNREACHABLE, "%.130s: %s",
			db->dir, strerror(errno));
	}
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		bool held = errno == EWOULDBLOCK || errno == EINTR;
		const char *why = held ? "another process makes files there"
				       : strerror(errno);

		if (!held || stauth_boot_ms() >= until_ms) {
			close(fd);
			return stauth_fail(err, STAUTH_EUNREACHABLE,
				"%.120s: %s", db->dir, why);
		}
		nanosleep(&pause, NULL);
	}
	*ret_fd = fd;
	return STAUTH_OK;
}

static enum stauth_rc lock(
	struct stauth_db *db, int64_t until_ms, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_db_lock_dir(db, until_ms, &db->lock_fd, err);

	db->locked = rc == STAUTH_OK;
	return rc;
}

static void unlock(struct stauth_db *db)
{
	if (db->locked) {
		close(db->lock_fd);
	}
	db->locked = false;
}

/* What no two files share: where a number is used again, the time of birth
 * differs. (Zero where the file system keeps none.) Empty: no such file. */
static void identify(const char *path, char ret_id[STAUTH_FILE_ID_SIZE])
{
	ret_id[0] = '\0';
	struct statx st;
	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW,
		    STATX_TYPE | STATX_INO | STATX_BTIME, &st) != 0 ||
		!S_ISREG(st.stx_mode)) {
		return;
	}
	if (!(st.stx_mask & STATX_BTIME)) {
		memset(&st.stx_btime, 0, sizeof(st.stx_btime));
	}
	snprintf(ret_id, STAUTH_FILE_ID_SIZE, "%x:%x:%llx:%llx.%x",
		st.stx_dev_major, st.stx_dev_minor,
		(unsigned long long)st.stx_ino,
		(unsigned long long)st.stx_btime.tv_sec, st.stx_btime.tv_nsec);
}

/* "DATABASE WAL\n" */
static void compose(const char *file, const char *wal, char ret[RECORD_SIZE])
{
	snprintf(ret, RECORD_SIZE, "%s %s\n", file, wal);
}

static void read_record(const struct stauth_db *db, char ret[RECORD_SIZE])
{
	char path[PATH_MAX + 16];

	name_of(db, "-pair", path);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t len = -1;
	if (fd >= 0) {
		len = read(fd, ret, RECORD_SIZE - 1);
		close(fd);
	}
	ret[len > 0 ? len : 0] = '\0';
}

/* Whole or not at all, for who reads it without a lock. */
static void write_record(const struct stauth_db *db, const char *record)
{
	char path[PATH_MAX + 16];
	size_t len = strlen(record);

	name_of(db, "-pair", path);
	char fresh[PATH_MAX + 16];
	name_of(db, "-pair.new", fresh);
	(void)unlink(fresh);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		return;
	}
	struct stat dir;
	if (geteuid() == 0 && stat(db->dir, &dir) == 0) {
		(void)fchown(fd, dir.st_uid, dir.st_gid);
	}
	bool whole = fchmod(fd, RECORD_MODE) == 0 &&
		     write(fd, record, len) == (ssize_t)len;
	close(fd);
	if (!whole || rename(fresh, path) != 0) {
		(void)unlink(fresh);
	}
}

/* Is the -wal recorded as that of another database? */
static bool is_foreign(struct stauth_db *db)
{
	char path[PATH_MAX + 16];

	identify(db->path, db->file_id);
	name_of(db, "-wal", path);
	char wal[STAUTH_FILE_ID_SIZE];
	identify(path, wal);
	char record[RECORD_SIZE];
	read_record(db, record);
	const char *of = strchr(record, ' ');
	if (db->file_id[0] == '\0' || wal[0] == '\0' || of == NULL) {
		return false;
	}
	return strncmp(of + 1, wal, strlen(wal)) == 0 &&
	       of[1 + strlen(wal)] == '\n' &&
	       ((size_t)(of - record) != strlen(db->file_id) ||
		       strncmp(record, db->file_id, (size_t)(of - record)) !=
			       0);
}

static enum stauth_rc put_aside(
	const struct stauth_db *db, struct stauth_err *err)
{
	char wal[PATH_MAX + 16];

	name_of(db, "-wal", wal);
	char shm[PATH_MAX + 16];
	name_of(db, "-shm", shm);
	char orphan[PATH_MAX + 16];
	name_of(db, "-wal.orphan", orphan);
	if (rename(wal, orphan) != 0 || (unlink(shm) != 0 && errno != ENOENT)) {
		return stauth_fail(err, STAUTH_EUNREACHABLE,
			"%.120s is of another database: %s", wal,
			strerror(errno));
	}
	struct stat st;
	/* All of it was brought home. */
	if (lstat(orphan, &st) == 0 && st.st_size == 0) {
		(void)unlink(orphan);
	}
	return STAUTH_OK;
}

enum stauth_rc stauth_pair_part(struct stauth_db *db, struct stauth_err *err)
{
	int64_t until_ms = stauth_boot_ms() + LOCK_WAIT_MS;

	if (is_foreign(db) || until_ms > db->deadline_ms) {
		until_ms = db->deadline_ms;
	}
	enum stauth_rc rc = lock(db, until_ms, err);
	/* Looked at again: somebody else may have put it aside meanwhile. */
	if (!is_foreign(db)) {
		return STAUTH_OK;
	}
	return rc == STAUTH_OK ? put_aside(db, err) : rc;
}

bool stauth_pair_still(const struct stauth_db *db)
{
	char file[STAUTH_FILE_ID_SIZE];

	identify(db->path, file);
	return strcmp(file, db->file_id) == 0;
}

/* Also if another file has come: this -wal was there before it. */
static void record_pair(const struct stauth_db *db)
{
	char path[PATH_MAX + 16];

	name_of(db, "-wal", path);
	char wal[STAUTH_FILE_ID_SIZE];
	identify(path, wal);
	char want[RECORD_SIZE];
	compose(db->file_id, wal, want);
	char record[RECORD_SIZE];
	read_record(db, record);
	if (wal[0] != '\0' && strcmp(record, want) != 0) {
		write_record(db, want);
	}
}

enum stauth_rc stauth_pair_join(struct stauth_db *db, struct stauth_err *err)
{
	if (db->locked) {
		record_pair(db);
	}
	enum stauth_rc rc = STAUTH_OK;
	if (stauth_pair_still(db)) {
		(void)sqlite3_db_config(
			db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	} else {
		rc = stauth_fail(err, STAUTH_EUNREACHABLE,
			"%.130s was replaced while it was opened", db->path);
	}
	unlock(db);
	return rc;
}

void stauth_pair_close(struct stauth_db *db)
{
	struct stauth_err ignored;

	if (db->sql != NULL && db->file_id[0] != '\0' && !db->locked) {
		(void)lock(db, stauth_boot_ms() + LOCK_WAIT_MS, &ignored);
	}
	if (db->sql != NULL && !(db->locked && stauth_pair_still(db))) {
		(void)sqlite3_db_config(
			db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	}
	sqlite3_close_v2(db->sql);
	db->sql = NULL;
	unlock(db);
}

void stauth_pair_abandon(struct stauth_db *db)
{
	(void)sqlite3_wal_checkpoint_v2(
		db->sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	stauth_db_close(db);
}
