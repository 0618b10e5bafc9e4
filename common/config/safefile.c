/* SPDX-License-Identifier: MIT */
/*
 * Reading a file that decides who is let in.
 *
 *  1. The directory MUST be resolved first (it may be a link), the last part
 *     of the path MUST NOT be a link.
 *  2. Opening MUST NOT block (a FIFO, a device), and what was opened MUST be
 *     a regular file with one name: the descriptor is judged, not the path.
 *  3. Its owner MUST be root, or for the gate and stauthctl the own user.
 *  4. Group and others MUST NOT write it; others MUST NOT read a secret.
 *  5. No directory above it MUST be writable by others, unless it is sticky
 *     and root's.
 *  6. A refusal MUST name the command that repairs it, whole: the path stands
 *     once and last, where a long one is not cut.
 */
#include "config/safefile.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"

#include "base/banned.h"

/* Splits path and resolves its directory: "/real/dir" and "file". */
static enum stauth_rc resolve(const char *path, char real_dir[PATH_MAX],
	const char **ret_file, struct stauth_err *err)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash != NULL ? (size_t)(slash - path) : 0;

	*ret_file = slash != NULL ? slash + 1 : path;
	char dir[PATH_MAX];
	if (len >= sizeof(dir)) {
		return stauth_fail(err, STAUTH_ECONFIG, "the path is too long");
	}
	snprintf(dir, sizeof(dir), "%.*s", (int)len, path);
	if (realpath(slash != NULL ? (len ? dir : "/") : ".", real_dir) ==
		NULL) {
		return stauth_fail(err,
			errno == ENOENT   ? STAUTH_NOTFOUND
			: errno == EACCES ? STAUTH_EDENIED
					  : STAUTH_ECONFIG,
			"%s: %s", path, strerror(errno));
	}
	return STAUTH_OK;
}

/* The directory and all above it. */
static enum stauth_rc check_directories(
	const char *real_dir, struct stauth_err *err)
{
	char dir[PATH_MAX];
	snprintf(dir, sizeof(dir), "%s", real_dir);
	for (;;) {
		struct stat st;
		if (stat(dir, &st) != 0) {
			return stauth_fail(err, STAUTH_ECONFIG, "%s: %s", dir,
				strerror(errno));
		}
		if ((st.st_mode & S_IWOTH) &&
			!((st.st_mode & S_ISVTX) && st.st_uid == 0)) {
			return stauth_fail(err, STAUTH_EUNSAFE,
				"a directory above the file is writable by "
				"others; run: chmod o-w %s",
				dir);
		}
		char *slash = strrchr(dir, '/');
		if (slash == NULL || dir[1] == '\0') {
			return STAUTH_OK;
		}
		slash[slash == dir] = '\0';
	}
}

static enum stauth_rc check_opened(const char *path, const struct stat *st,
	const struct stauth_file_rules *rules, struct stauth_err *err)
{
	if (!S_ISREG(st->st_mode)) {
		return stauth_fail(
			err, STAUTH_ECONFIG, "%s: not a regular file", path);
	}
	if (st->st_uid != 0 && (rules->reader == STAUTH_READER_HOST ||
				       st->st_uid != geteuid())) {
		return stauth_fail(err, STAUTH_EUNSAFE,
			"the file is owned by uid %lu; run: chown root %s",
			(unsigned long)st->st_uid, path);
	}
	if (st->st_mode & (S_IWGRP | S_IWOTH)) {
		return stauth_fail(err, STAUTH_EUNSAFE,
			"the file is writable by group or others; "
			"run: chmod go-w %s",
			path);
	}
	if (rules->secret && (st->st_mode & S_IROTH)) {
		return stauth_fail(err, STAUTH_EUNSAFE,
			"the file holds a secret and is readable by others; "
			"run: chmod o-rwx %s",
			path);
	}
	if (st->st_nlink > 1) {
		return stauth_fail(err, STAUTH_EUNSAFE,
			"the file has a second name (hard link), put a copy "
			"in its place: %s",
			path);
	}
	return STAUTH_OK;
}

static enum stauth_rc read_all(int fd, const char *path, size_t max,
	struct stauth_file *ret_file, struct stauth_err *err)
{
	char *data = malloc(max + 2);
	if (data == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	size_t len = 0;
	ssize_t n = 1;
	while (len <= max && n != 0) {
		n = read(fd, data + len, max + 1 - len);
		if (n < 0 && errno != EINTR) {
			break;
		}
		len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0 || len > max) {
		stauth_wipe(data, max + 2);
		free(data);
		return stauth_fail(err, STAUTH_ECONFIG, "%s: %s", path,
			n < 0 ? "cannot be read" : "too large");
	}
	data[len] = '\0';
	*ret_file = (struct stauth_file){data, len};
	return STAUTH_OK;
}

#define GROUP "stauth"

/* The service's files are its group's to read (CONTRACT 9). */
static enum stauth_rc denied(const char *path, struct stauth_err *err)
{
	const struct group *group = getgrnam(GROUP);
	struct stat st;

	if (group == NULL || stat(path, &st) != 0) {
		return stauth_fail(
			err, STAUTH_EDENIED, "%s: %s", path, strerror(EACCES));
	}
	if (st.st_gid == group->gr_gid && (st.st_mode & S_IRGRP)) {
		return stauth_fail(err, STAUTH_EDENIED,
			"%s: %s (it is for root and the group " GROUP ")", path,
			strerror(EACCES));
	}
	return stauth_fail(err, STAUTH_EDENIED,
		"the service may not read it; "
		"run: chgrp " GROUP " %s && chmod g+r %s",
		path, path);
}

static enum stauth_rc open_failed(
	const char *path, int code, struct stauth_err *err)
{
	if (code == ENOENT) {
		return stauth_fail(
			err, STAUTH_NOTFOUND, "%s does not exist", path);
	}
	if (code == ELOOP) {
		return stauth_fail(err, STAUTH_EUNSAFE,
			"%s: a symbolic link; name the file itself", path);
	}
	if (code == EACCES || code == EPERM) {
		return denied(path, err);
	}
	return stauth_fail(err, STAUTH_ECONFIG, "%s: %s", path, strerror(code));
}

static enum stauth_rc read_opened(int fd, const char *path,
	const struct stauth_file_rules *rules, struct stauth_file *ret_file,
	struct stauth_err *err)
{
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0) {
		return open_failed(path, errno, err);
	}
	enum stauth_rc rc = check_opened(path, &st, rules, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	return read_all(fd, path, rules->max, ret_file, err);
}

enum stauth_rc stauth_file_read_safely(const char *path,
	const struct stauth_file_rules *rules, struct stauth_file *ret_file,
	struct stauth_err *err)
{
	char dir[PATH_MAX];
	const char *name;
	enum stauth_rc rc = resolve(path, dir, &name, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = check_directories(dir, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = dir_fd < 0 ? -1
			    : openat(dir_fd, name,
				      O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
					      O_NOCTTY | O_CLOEXEC);
	rc = read_opened(fd, path, rules, ret_file, err);
	if (fd >= 0) {
		close(fd);
	}
	if (dir_fd >= 0) {
		close(dir_fd);
	}
	return rc;
}

void stauth_file_finish(struct stauth_file *file)
{
	if (file->data != NULL) {
		stauth_wipe(file->data, file->len);
	}
	free(file->data);
	*file = (struct stauth_file){0};
}
