/* SPDX-License-Identifier: MIT */
/*
 * Room on the disk for what must not fail when the disk is full: that
 * somebody logs out, is logged out or is disabled. MUSTs:
 *  1. A file beside the database holds the room while nobody needs it.
 *  2. What adds to the database is refused while that file is missing and
 *     there is no room to make it again.
 *  3. What takes away gets the room, by removing the file, when hardly any
 *     other is left.
 *  4. Whatever else is wrong with the file stops nothing: the write itself
 *     then tells what is wrong.
 */
#include "store/sqlite/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/banned.h"

#define RESERVE_SIZE (1024 * 1024)
/* A few transactions, and what bringing them home needs. */
#define SCARCE (256 * 1024)

static void path_of(const struct stauth_db *db, char out[PATH_MAX + 8])
{
	snprintf(out, PATH_MAX + 8, "%s-reserve", db->path);
}

/* Its length alone tells: it gets one when it has the room, not before. */
static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size == RESERVE_SIZE;
}

/* An errno, or 0. */
static int make(const char *path)
{
	if (unlink(path) != 0 && errno != ENOENT) {
		return errno;
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		return errno;
	}
	int code = posix_fallocate(fd, 0, RESERVE_SIZE);
	if (code != 0) {
		(void)unlink(path);
	}
	close(fd);
	return code;
}

enum stauth_rc stauth_reserve_keep(
	const struct stauth_db *db, struct stauth_err *err)
{
	/* The helper of PAM runs within the limits of anybody's shell. */
	if (db->role == STAUTH_ROLE_PAM) {
		return STAUTH_OK;
	}
	char path[PATH_MAX + 8];
	path_of(db, path);
	if (is_there(path)) {
		return STAUTH_OK;
	}
	int code = make(path);
	if (code == ENOSPC || code == EDQUOT) {
		return stauth_fail(err, STAUTH_EUNREACHABLE,
			"the disk is full: %.140s", db->path);
	}
	return STAUTH_OK;
}

void stauth_reserve_spend(const struct stauth_db *db)
{
	char path[PATH_MAX + 8];
	struct statvfs disk;

	if (statvfs(db->path, &disk) != 0 ||
		disk.f_bavail > SCARCE / disk.f_frsize) {
		return;
	}
	path_of(db, path);
	(void)unlink(path);
}
