/* SPDX-License-Identifier: MIT */
#include <ctype.h>
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
#include "result.h"

#include "base/banned.h"

/*
 * The snippets as they are shipped, for another configuration. They MUST:
 *  1. be byte for byte those of nginx/ with the default RUN_DIR and cookie;
 *  2. never hold a byte of the configuration that nginx would read as
 *     anything but a letter of a path or of a cookie's name;
 *  3. be whole or the old ones: nginx may be reloaded at any moment.
 */
#define SHIPPED_RUN_DIR "/run/stauth/"
#define SHIPPED_COOKIE  "__Host-stauth"
#define TEXT_MAX        (256 * 1024)

static bool is_made_of(const char *text, const char *more)
{
	for (; *text; text++) {
		if (!isalnum((unsigned char)*text) && !strchr(more, *text)) {
			return false;
		}
	}
	return true;
}

static int check_values(const struct stauth_config *config)
{
	if (config->run_dir[0] != '/' || !is_made_of(config->run_dir, "/._-")) {
		return ctl_fail_with(EX_CONFIG,
			"%s: RUN_DIR: only letters, digits and / . _ - can "
			"stand in an nginx configuration",
			config->path);
	}
	if (!config->cookie_name[0] ||
		!is_made_of(config->cookie_name, "._-")) {
		return ctl_fail_with(EX_CONFIG,
			"%s: SESSION_TOKEN_NAME: only letters, digits and "
			". _ - can stand in an nginx configuration",
			config->path);
	}
	return EX_OK;
}

/* The cookie's name stands in regular expressions. */
static void add_cookie(struct stauth_buf *buf, const char *name)
{
	for (; *name; name++) {
		if (*name == '.') {
			stauth_buf_add(buf, "\\");
		}
		stauth_buf_add_len(buf, name, 1);
	}
}

static void add_run_dir(struct stauth_buf *buf, const char *dir)
{
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/') {
		len--;
	}
	stauth_buf_add_len(buf, dir, len);
	stauth_buf_add(buf, len > 1 ? "/" : "");
}

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static void render(struct stauth_buf *buf, const char *text,
	const struct stauth_config *config)
{
	while (*text) {
		if (starts_with(text, SHIPPED_RUN_DIR)) {
			add_run_dir(buf, config->run_dir);
			text += strlen(SHIPPED_RUN_DIR);
		} else if (starts_with(text, SHIPPED_COOKIE)) {
			add_cookie(buf, config->cookie_name);
			text += strlen(SHIPPED_COOKIE);
		} else {
			stauth_buf_add_len(buf, text++, 1);
		}
	}
}

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

		stauth_buf_init(&buf, TEXT_MAX);
		render(&buf, ctl_assets[i].data, ctl->config);
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
	int code = check_values(ctl->config);
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
