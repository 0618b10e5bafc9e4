/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "ctl.h"
#include "embedded.h"
#include "nginx/snippets.h"
#include "result.h"

#include "base/banned.h"

/* Each file is whole or the old one: nginx may be reloaded at any moment. */

static int fail_errno(const char *path)
{
	bool denied = errno == EACCES || errno == EPERM || errno == EROFS;

	return ctl_fail_with(denied ? EX_NOPERM : EX_CANTCREAT, "%s: %s", path,
		strerror(errno));
}

static bool write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t done = write(fd, data, len);

		if (done < 0 && errno != EINTR) {
			return false;
		}
		if (done > 0) {
			data += done;
			len -= (size_t)done;
		}
	}
	return fchmod(fd, 0644) == 0 && fsync(fd) == 0;
}

/* Beside its place, then moved onto it. */
static int put_file(int dir_fd, const char *dir, const char *name,
	const struct stauth_buf *buf)
{
	char temporary[NAME_MAX];
	int fd = -1;
	bool done = false;

	snprintf(temporary, sizeof(temporary), ".%s.%ld", name, (long)getpid());
	fd = openat(dir_fd, temporary,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		return fail_errno(dir);
	}
	done = write_all(fd, buf->data, buf->len);
	done = close(fd) == 0 && done;
	if (!done || renameat(dir_fd, temporary, dir_fd, name)) {
		int code = fail_errno(dir);

		unlinkat(dir_fd, temporary, 0);
		return code;
	}
	return EX_OK;
}

static int write_snippets(const struct ctl *ctl, int dir_fd, const char *dir)
{
	int code = EX_OK;

	for (size_t i = 0; code == EX_OK && ctl_assets[i].name; i++) {
		struct stauth_buf buf;

		stauth_buf_init(&buf, CTL_SNIPPET_MAX);
		ctl_snippets_render(&buf, ctl_assets[i].data, ctl->config);
		code = stauth_buf_ok(&buf)
			       ? put_file(dir_fd, dir, ctl_assets[i].name, &buf)
			       : ctl_fail_with(EX_TEMPFAIL, "out of memory");
		stauth_buf_finish(&buf);
		if (code == EX_OK) {
			ctl_info(
				ctl, "written: %s/%s", dir, ctl_assets[i].name);
		}
	}
	return code;
}

int ctl_nginx_snippets(struct ctl *ctl)
{
	const char *dir = ctl->operands[0];
	int code = ctl_snippets_fit(ctl->config);
	int dir_fd = -1;

	if (code != EX_OK) {
		return code;
	}
	if (mkdir(dir, 0755) && errno != EEXIST) {
		return fail_errno(dir);
	}
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0) {
		return fail_errno(dir);
	}
	code = write_snippets(ctl, dir_fd, dir);
	close(dir_fd);
	return code;
}
