/* SPDX-License-Identifier: MIT */
#include "mail/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "mail/mime.h"

#include "base/banned.h"

struct file_mailer {
	struct stauth_mailer base;
	const char *dir; /* of the configuration */
};

static enum stauth_rc fail_errno(struct stauth_err *err, const char *what)
{
	enum stauth_rc rc = STAUTH_EUNREACHABLE;

	if (errno == EACCES || errno == EPERM || errno == EROFS) {
		rc = STAUTH_EDENIED;
	} else if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) {
		rc = STAUTH_ECONFIG;
	}
	return stauth_fail(err, rc, "MAIL_DIR: %s: %s", what, strerror(errno));
}

/* Root's `mail test` must not make what the service cannot write: a new
 * directory belongs to whom the one above belongs to. */
static int make_dir(const char *path)
{
	if (mkdir(path, 0700) != 0) {
		return errno == EEXIST ? 0 : -1;
	}
	char above[PATH_MAX];
	snprintf(above, sizeof(above), "%s", path);
	char *slash = strrchr(above, '/');
	if (geteuid() != 0 || slash == NULL || slash == above) {
		return 0;
	}
	*slash = '\0';
	struct stat st;
	if (stat(above, &st) != 0) {
		return -1;
	}
	return chown(path, st.st_uid, st.st_gid);
}

static enum stauth_rc open_dir(const char *path, int *ret_fd,
	struct stat *ret_st, struct stauth_err *err)
{
	if (make_dir(path) != 0) {
		return fail_errno(err, "cannot make it");
	}
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return fail_errno(err, "cannot open it");
	}
	if (fstat(fd, ret_st) != 0 || (ret_st->st_mode & S_IWOTH)) {
		close(fd);
		return stauth_fail(err, STAUTH_ECONFIG,
			"MAIL_DIR may be written by everybody: chmod o-w "
			"%.120s",
			path);
	}
	*ret_fd = fd;
	return STAUTH_OK;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR) {
			return -1;
		}
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int write_synced(
	int fd, const struct stauth_buf *wire, const struct stat *owner)
{
	if (geteuid() == 0 && fchown(fd, owner->st_uid, owner->st_gid) != 0) {
		return -1;
	}
	if (write_all(fd, wire->data, wire->len) != 0) {
		return -1;
	}
	return fsync(fd);
}

/* Whoever sees NAME.eml sees all of it, also after a crash. */
static enum stauth_rc put(int dir, const struct stat *owner, const char *name,
	const struct stauth_buf *wire, struct stauth_err *err)
{
	char temp[NAME_MAX + 1];
	int n = snprintf(temp, sizeof(temp), ".%s.%ld", name, (long)getpid());

	if (n < 0 || (size_t)n >= sizeof(temp)) {
		return stauth_fail(
			err, STAUTH_BADVALUE, "the Message-ID is too long");
	}
	(void)unlinkat(dir, temp, 0);
	int fd = openat(dir, temp,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		return fail_errno(err, "cannot make a file");
	}
	if (write_synced(fd, wire, owner) != 0 ||
		renameat(dir, temp, dir, name) != 0) {
		enum stauth_rc rc = fail_errno(err, "cannot write a file");

		close(fd);
		(void)unlinkat(dir, temp, 0);
		return rc;
	}
	close(fd);
	if (fsync(dir) != 0) {
		return stauth_fail(
			err, STAUTH_EUNKNOWN, "MAIL_DIR: %s", strerror(errno));
	}
	return STAUTH_OK;
}

static enum stauth_rc file_send(struct stauth_mailer *mailer,
	const struct stauth_mail_message *letter, int64_t *ret_retry_after_s,
	struct stauth_err *err)
{
	struct file_mailer *file = (struct file_mailer *)mailer;
	struct stauth_buf wire;
	enum stauth_rc rc = stauth_mail_format(letter, &wire, err);

	*ret_retry_after_s = 0;
	if (rc != STAUTH_OK) {
		return rc;
	}
	char name[NAME_MAX - 16];
	snprintf(name, sizeof(name), "%.*s.eml",
		(int)strcspn(letter->message_id, "@"), letter->message_id);
	struct stat st;
	int dir = -1;
	rc = open_dir(file->dir, &dir, &st, err);
	if (rc == STAUTH_OK) {
		rc = put(dir, &st, name, &wire, err);
		close(dir);
	}
	stauth_mail_format_finish(&wire);
	return rc;
}

static void file_close(struct stauth_mailer *mailer)
{
	free(mailer);
}

static const struct stauth_mailer_ops file_ops = {
	.name = "FILE",
	.send = file_send,
	.close = file_close,
};

enum stauth_rc stauth_file_mailer_open(const struct stauth_config *config,
	struct stauth_mailer **ret_mailer, struct stauth_err *err)
{
	struct file_mailer *file = calloc(1, sizeof(*file));

	if (file == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	file->base.ops = &file_ops;
	file->dir = config->mail_dir;
	*ret_mailer = &file->base;
	return STAUTH_OK;
}
