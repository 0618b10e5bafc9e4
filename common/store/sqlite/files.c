/* SPDX-License-Identifier: MIT */
/*
 * A database, its -wal and its -shm are one thing that only their names hold
 * together. An administrator may put another file in the database's place, by
 * mv or by cp (the right way is stauthctl restore), or remove a side file,
 * while processes have them open. MUSTs:
 *  1. Nobody answers from, or acknowledges a write to, files that are no longer
 *     the ones at the paths. A verb compares before it begins and, if it wrote,
 *     after the commit. A check compares the -shm in every round, the rest
 *     once a second: a -shm is what every writer shares with it, and who
 *     opens another database takes the old one away.
 *  2. Which database a file is: device, inode and time of birth, and from its
 *     header the journal mode, which is WAL only in a live one, and a random
 *     number that `init` gives it. So cp is seen too, which leaves the inode.
 *  3. A -wal of another database is put aside before SQLite can read it
 *     (wal_owner.c).
 *  4. One process at a time opens or closes the database, under a lock of
 *     its directory: both make or remove side files by their names.
 *  5. If a -wal was removed, those who still have it open write what is in it
 *     to the database, and only then may anybody continue. Nobody new opens a
 *     database in use whose side files are missing.
 *  6. Into a file that was overwritten nothing of the old -wal is written.
 *  7. No fault of the record, and nobody who holds the lock for ever, stops
 *     anybody: but for a -wal that has to be put aside.
 */
#include "store/sqlite/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/sqlite/wal_owner.h"

#include "base/banned.h"

#define PAUSE_MS     2
#define LOCK_WAIT_MS 200

/* Offsets in the header (sqlite.org/fileformat2.html). SQLite keeps the cache
 * size that a program suggests to others there; each of ours sets its own, so
 * the field is free to tell databases apart. */
#define HEADER_SIZE  100
#define HEADER_MODES 18
#define HEADER_ID    48
#define MODE_WAL     2

static void name_of(const struct stauth_db *db, const char *ending,
	char ret_path[PATH_MAX + 16])
{
	/* For each check; snprintf costs ten times as much. */
	size_t len = strlen(db->path);
	memcpy(ret_path, db->path, len);
	memcpy(ret_path + len, ending, strlen(ending) + 1);
}

void stauth_files_remove_sides(const char *path)
{
	static const char *const endings[] = {"-wal", "-shm", "-journal"};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		char name[PATH_MAX + 16];

		snprintf(name, sizeof(name), "%s%s", path, endings[i]);
		(void)unlink(name);
	}
}

/* --- 4: the lock */

enum stauth_rc stauth_files_lock_dir(const struct stauth_db *db,
	int64_t until_ms, int *ret_fd, struct stauth_err *err)
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
	enum stauth_rc rc =
		stauth_files_lock_dir(db, until_ms, &db->lock_fd, err);

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

/* --- 2: which file is it? */

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

static void identify_side(
	const struct stauth_db *db, const char *ending, char *ret_id)
{
	char path[PATH_MAX + 16];

	name_of(db, ending, path);
	identify(path, ret_id);
}

/* Of the file that is open, past SQLite's cache and the -wal. A descriptor of
 * our own would drop SQLite's locks when it is closed. */
static bool read_header(const struct stauth_db *db, uint8_t ret[HEADER_SIZE])
{
	sqlite3_file *file = NULL;

	return sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_FILE_POINTER,
		       &file) == SQLITE_OK &&
	       file != NULL && file->pMethods != NULL &&
	       file->pMethods->xRead(file, ret, HEADER_SIZE, 0) == SQLITE_OK;
}

static uint32_t id_of(const uint8_t header[HEADER_SIZE])
{
	const uint8_t *at = header + HEADER_ID;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

static bool is_wal(const uint8_t header[HEADER_SIZE])
{
	return header[HEADER_MODES] == MODE_WAL &&
	       header[HEADER_MODES + 1] == MODE_WAL;
}

uint32_t stauth_files_id(const struct stauth_db *db)
{
	uint8_t header[HEADER_SIZE];

	return read_header(db, header) ? id_of(header) : 0;
}

int stauth_files_set_id(sqlite3 *sql, uint32_t id)
{
	while (id == 0) {
		sqlite3_randomness((int)sizeof(id), &id);
		id &= INT32_MAX;
	}
	char text[96];
	/* A number; a pragma takes no bound value. It is the size of this
	 * connection's cache as well: no memory has room for that. */
	snprintf(text, sizeof(text),
		"PRAGMA default_cache_size = %lu; PRAGMA cache_size = -2000",
		(unsigned long)id);
	return sqlite3_exec(sql, text, NULL, NULL, NULL);
}

bool stauth_files_same_index(const struct stauth_db *db)
{
	char path[PATH_MAX + 16];

	name_of(db, "-shm", path);
	struct stat st;
	return stat(path, &st) == 0 && st.st_ino == db->shm_ino &&
	       st.st_dev == db->shm_dev;
}

bool stauth_files_at_path(const struct stauth_db *db)
{
	char id[STAUTH_FILE_ID_SIZE];

	identify(db->path, id);
	return strcmp(id, db->file_id) == 0;
}

static bool same_header(const struct stauth_db *db)
{
	uint8_t header[HEADER_SIZE];

	return read_header(db, header) && is_wal(header) == db->wal &&
	       id_of(header) == db->header_id;
}

static bool same_wal(const struct stauth_db *db)
{
	char id[STAUTH_FILE_ID_SIZE];

	identify_side(db, "-wal", id);
	return strcmp(id, db->wal_id) == 0;
}

bool stauth_files_same(const struct stauth_db *db)
{
	if (!stauth_files_at_path(db) || !same_header(db)) {
		return false;
	}
	return !db->wal || (same_wal(db) && stauth_files_same_index(db));
}

/* --- 5: side files that are missing */

static bool is_there(const struct stauth_db *db, const char *ending)
{
	char path[PATH_MAX + 16];

	name_of(db, ending, path);
	struct stat st;
	return lstat(path, &st) == 0;
}

/* Who has a database in WAL mode open holds a shared lock on it. */
static bool is_in_use(const struct stauth_db *db)
{
	sqlite3_file *file = NULL;

	if (sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_FILE_POINTER,
		    &file) != SQLITE_OK ||
		file == NULL || file->pMethods == NULL) {
		return false;
	}
	int code = file->pMethods->xLock(file, SQLITE_LOCK_SHARED);
	if (code == SQLITE_OK) {
		code = file->pMethods->xLock(file, SQLITE_LOCK_EXCLUSIVE);
	}
	(void)file->pMethods->xUnlock(file, SQLITE_LOCK_NONE);
	return code == SQLITE_BUSY;
}

static enum stauth_rc check_sides(
	const struct stauth_db *db, struct stauth_err *err)
{
	uint8_t header[HEADER_SIZE];
	bool wal = is_there(db, "-wal");
	bool shm = is_there(db, "-shm");

	if ((wal && shm) || !read_header(db, header) || !is_wal(header)) {
		return STAUTH_OK;
	}
	if (wal) {
		/* Who had the -shm finds out, and everything is in here. */
		return STAUTH_OK;
	}
	if (!db->saved && is_in_use(db)) {
		return stauth_fail(err, STAUTH_EUNREACHABLE,
			"the -wal was removed under a process that has the "
			"database open; restart stauth, or see: fuser %.80s",
			db->path);
	}
	if (shm) {
		char path[PATH_MAX + 16];

		name_of(db, "-shm", path);
		(void)unlink(path);
	}
	return STAUTH_OK;
}

/* A live one is in WAL mode, whatever is recorded of its -wal. */
static bool wal_is_foreign(struct stauth_db *db)
{
	char path[PATH_MAX + 16];

	identify(db->path, db->file_id);
	identify_side(db, "-wal", db->wal_id);
	name_of(db, "-wal", path);
	uint8_t header[HEADER_SIZE];
	struct stat st;
	if (db->file_id[0] == '\0' || db->wal_id[0] == '\0' ||
		stat(path, &st) != 0 || !read_header(db, header)) {
		return false;
	}
	db->header_id = id_of(header);
	return (st.st_size > 0 && !is_wal(header)) ||
	       stauth_wal_recorded_elsewhere(db);
}

/* Files are identified by their paths; is the one at the path that which is
 * open? */
static bool has_moved(const struct stauth_db *db)
{
	int moved = 0;

	return sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_HAS_MOVED,
		       &moved) != SQLITE_OK ||
	       moved != 0;
}

static enum stauth_rc before(struct stauth_db *db, struct stauth_err *err)
{
	int64_t until_ms = stauth_boot_ms() + LOCK_WAIT_MS;

	if (wal_is_foreign(db) || until_ms > db->deadline_ms) {
		until_ms = db->deadline_ms;
	}
	enum stauth_rc rc = lock(db, until_ms, err);
	/* Again: somebody else may have put it aside since. */
	bool foreign = wal_is_foreign(db);
	if (has_moved(db)) {
		return stauth_fail(err, STAUTH_EUNREACHABLE,
			"%.130s was replaced while it was opened", db->path);
	}
	if (!foreign) {
		return check_sides(db, err);
	}
	return rc == STAUTH_OK ? stauth_wal_put_aside(db, err) : rc;
}

enum stauth_rc stauth_files_before(struct stauth_db *db, struct stauth_err *err)
{
	const struct timespec pause = {0, PAUSE_MS * 1000000};
	enum stauth_rc rc = before(db, err);

	/* Who has the -wal may just be writing it, or who opens the database
	 * making one. */
	while (rc == STAUTH_EUNREACHABLE && !has_moved(db) &&
		stauth_boot_ms() < db->deadline_ms) {
		unlock(db);
		nanosleep(&pause, NULL);
		rc = before(db, err);
	}
	return rc;
}

/* --- after opening, and at the end */

/* Also if another file has come: this -wal was there before it. */
static void remember(struct stauth_db *db)
{
	db->header_id = stauth_files_id(db);
	identify_side(db, "-wal", db->wal_id);
	char path[PATH_MAX + 16];
	name_of(db, "-shm", path);
	struct stat st = {0};
	if (stat(path, &st) != 0) {
		memset(&st, 0, sizeof(st));
	}
	db->shm_ino = st.st_ino;
	db->shm_dev = st.st_dev;
	db->remembered = true;
	db->saved = false;
}

enum stauth_rc stauth_files_opened(struct stauth_db *db, struct stauth_err *err)
{
	remember(db);
	if (db->locked) {
		stauth_wal_record_owner(db);
	}
	enum stauth_rc rc = STAUTH_OK;
	if (stauth_files_same(db)) {
		(void)sqlite3_db_config(
			db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	} else {
		rc = stauth_fail(err, STAUTH_EUNREACHABLE,
			"%.130s was replaced while it was opened", db->path);
	}
	unlock(db);
	return rc;
}

/* MUST 5 and 6. What a -wal that is no longer at its path holds goes into the
 * database that it belongs to, wherever that is now. */
static void save_wal(struct stauth_db *db)
{
	bool moved = !stauth_files_at_path(db);

	if (!db->wal || !same_header(db) || (!moved && same_wal(db))) {
		return;
	}
	int code = sqlite3_wal_checkpoint_v2(
		db->sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	db->saved = code == SQLITE_OK && !moved;
	if (db->saved && stauth_files_same_index(db)) {
		char path[PATH_MAX + 16];

		/* It is the index of nothing now. */
		name_of(db, "-shm", path);
		(void)unlink(path);
	}
}

void stauth_files_close(struct stauth_db *db)
{
	struct stauth_err ignored;

	if (db->sql != NULL && db->file_id[0] != '\0' && !db->locked) {
		(void)lock(db, stauth_boot_ms() + LOCK_WAIT_MS, &ignored);
	}
	if (db->sql != NULL && !(db->locked && stauth_files_same(db))) {
		(void)sqlite3_db_config(
			db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		save_wal(db);
	}
	sqlite3_close_v2(db->sql);
	db->sql = NULL;
	db->wal = false;
	db->remembered = false;
	unlock(db);
}
