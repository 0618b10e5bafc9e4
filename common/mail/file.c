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

#include "base/fd.h"
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

/* Opens the directory above and names the last part of the path. */
static int open_above(const char *path, const char **ret_name)
{
	char above[PATH_MAX];
	const char *slash = strrchr(path, '/');

	snprintf(above, sizeof(above), "%.*s", (int)(slash - path), path);
	*ret_name = slash + 1;
	return open(above[0] ? above : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/*
 * Makes the directory if it is missing, and opens it. Root's `mail test` must
 * not make what the service cannot write: a new one belongs to whom the one
 * above belongs to. By descriptor, and root through no link: who owns the
 * directory above could put one where root is about to change an owner.
 */
static int make_dir(const char *path)
{
	const char *name;
	int above = open_above(path, &name);
	if (above < 0) {
		return -1;
	}
	bool made = mkdirat(above, name, 0700) == 0;
	int fd = -1;
	if (made || errno == EEXIST) {
		fd = openat(above, name,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC |
				(made || geteuid() == 0 ? O_NOFOLLOW : 0));
	}
	struct stat st;
	if (fd >= 0 && made && geteuid() == 0 &&
		(fstat(above, &st) != 0 ||
			fchown(fd, st.st_uid, st.st_gid) != 0)) {
		int code = errno;
		close(fd);
		errno = code;
		fd = -1;
	}
	int code = errno;
	close(above);
	errno = code;
	return fd;
}

static enum stauth_rc open_dir(const char *path, int *ret_fd,
	struct stat *ret_st, struct stauth_err *err)
{
	int fd = make_dir(path);
	if (fd < 0) {
		return fail_errno(err, "cannot open or make it");
	}
	if (fstat(fd, ret_st) != 0 || (ret_st->st_mode & S_IWOTH)) {
		close(fd);
		return stauth_fail(err, STAUTH_ECONFIG,
			"MAIL_DIR is writable by others; run: chmod o-w %.120s",
			path);
	}
	*ret_fd = fd;
	return STAUTH_OK;
}

static int write_synced(
	int fd, const struct stauth_buf *text, const struct stat *owner)
{
	if (geteuid() == 0 && fchown(fd, owner->st_uid, owner->st_gid) != 0) {
		return -1;
	}
	if (stauth_write_all(fd, text->data, text->len) != 0) {
		return -1;
	}
	return fsync(fd);
}

/* NAME.eml is there as a whole or not at all, also after a crash. */
static enum stauth_rc put(int dir, const struct stat *owner, const char *name,
	const struct stauth_buf *text, struct stauth_err *err)
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
	if (write_synced(fd, text, owner) != 0 ||
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
	const struct stauth_mail_message *mail, int64_t *ret_retry_after_s,
	struct stauth_err *err)
{
	struct file_mailer *file = (struct file_mailer *)mailer;
	struct stauth_buf text;
	enum stauth_rc rc = stauth_mime_format(mail, &text, err);

	*ret_retry_after_s = 0;
	if (rc != STAUTH_OK) {
		return rc;
	}
	char name[NAME_MAX - 16];
	snprintf(name, sizeof(name), "%.*s.eml",
		(int)strcspn(mail->message_id, "@"), mail->message_id);
	struct stat st;
	int dir = -1;
	rc = open_dir(file->dir, &dir, &st, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = put(dir, &st, name, &text, err);
	close(dir);
out:
	stauth_mime_finish(&text);
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
