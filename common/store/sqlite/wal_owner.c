/* SPDX-License-Identifier: MIT */
/*
 * A file beside the database, -wal-owner, says which -wal belongs to which
 * database (files.c says what tells databases apart). MUSTs:
 *  1. Who opens the database makes the record true.
 *  2. A -wal that is recorded as another database's is put aside, as
 *     -wal.orphan: a database that was moved away may miss it.
 *  3. What nothing is recorded of belongs together: it may come from another
 *     program, or from a copy of the whole directory.
 *  4. No fault of the record stops anybody.
 */
#include "store/sqlite/wal_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

#define RECORD_MODE 0660
#define RECORD_SIZE (3 * STAUTH_FILE_ID_SIZE)

static void name_of(const struct stauth_db *db, const char *ending,
	char ret_path[PATH_MAX + 16])
{
	snprintf(ret_path, PATH_MAX + 16, "%s%s", db->path, ending);
}

/* "DATABASE NUMBER WAL\n" */
static void compose(
	const struct stauth_db *db, uint32_t id, char ret[RECORD_SIZE])
{
	snprintf(ret, RECORD_SIZE, "%s %08x %s\n", db->file_id,
		(unsigned int)id, db->wal_id);
}

static void read_record(const struct stauth_db *db, char ret[RECORD_SIZE])
{
	char path[PATH_MAX + 16];

	name_of(db, "-wal-owner", path);
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

	name_of(db, "-wal-owner", path);
	char fresh[PATH_MAX + 16];
	name_of(db, "-wal-owner.new", fresh);
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

bool stauth_wal_recorded_elsewhere(const struct stauth_db *db)
{
	char record[RECORD_SIZE];

	read_record(db, record);
	char own[RECORD_SIZE];
	compose(db, db->header_id, own);
	const char *of = strrchr(record, ' ');
	/* Nothing recorded of this -wal, or just this. */
	if (of == NULL || strcmp(of, strrchr(own, ' ')) != 0 ||
		strcmp(record, own) == 0) {
		return false;
	}
	/* Recorded before the database had its number. */
	compose(db, 0, own);
	return strcmp(record, own) != 0;
}

enum stauth_rc stauth_wal_put_aside(
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
	/* All of it is in the database. */
	if (lstat(orphan, &st) == 0 && st.st_size == 0) {
		(void)unlink(orphan);
	}
	return STAUTH_OK;
}

void stauth_wal_record_owner(const struct stauth_db *db)
{
	char want[RECORD_SIZE];

	compose(db, db->header_id, want);
	char record[RECORD_SIZE];
	read_record(db, record);
	if (db->wal_id[0] != '\0' && strcmp(record, want) != 0) {
		write_record(db, want);
	}
}
