/* SPDX-License-Identifier: MIT */
/*
 * A line is "HANDLE APP COUNT OPENED_AT MESSAGE_AT", with - for visitors.
 *
 *  1. A reader MUST see a whole list: it is written beside and renamed.
 *  2. A reader MUST NOT believe what no relay can have written: it is shown
 *     to people.
 */
#include "auth/live.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"

#include "base/banned.h"

#define LIST_MAX  (8 * 1024 * 1024)
#define PATH_SIZE (PATH_MAX + 32)
#define MODE      0640
#define FIELDS    5

static void list_path(const struct stauth_config *config, const char *suffix,
	char out[PATH_SIZE])
{
	snprintf(out, PATH_SIZE, "%s/stream.list%s", config->run_dir, suffix);
}

static enum stauth_rc fail(
	struct stauth_err *err, const char *what, const char *path)
{
	return stauth_fail(err, STAUTH_EUNREACHABLE, "cannot %s %s: %s", what,
		path, strerror(errno));
}

/* --- write */

static bool write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t done = write(fd, data, len);
		if (done <= 0) {
			return false;
		}
		data += done;
		len -= (size_t)done;
	}
	return true;
}

enum stauth_rc stauth_live_write(const struct stauth_config *config,
	const struct stauth_live *list, size_t count, struct stauth_err *err)
{
	struct stauth_buf buf;
	stauth_buf_init(&buf, LIST_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct stauth_live *live = &list[i];
		stauth_buf_addf(&buf, "%s %s %d %lld %lld\n",
			live->handle[0] != '\0' ? live->handle : "-", live->app,
			live->count, (long long)live->opened_at,
			(long long)live->message_at);
	}
	char path[PATH_SIZE];
	list_path(config, "", path);
	char beside[PATH_SIZE];
	list_path(config, ".new", beside);
	int fd = open(beside,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, MODE);
	bool done = stauth_buf_ok(&buf) && fd >= 0 &&
		    write_all(fd, stauth_buf_str(&buf), buf.len) &&
		    rename(beside, path) == 0;
	enum stauth_rc rc = done ? STAUTH_OK : fail(err, "write", path);
	if (fd >= 0) {
		close(fd);
	}
	stauth_buf_finish(&buf);
	return rc;
}

/* --- read */

/* NUL terminated; free it. NULL: there is none, or it cannot be read, which
 * errno tells apart (0: there is none). */
static char *read_file(const char *path)
{
	errno = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		errno = errno == ENOENT ? 0 : errno;
		return NULL;
	}
	struct stat st;
	char *text = NULL;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
		st.st_size > LIST_MAX) {
		errno = EINVAL;
	} else if (stauth_wall_s() - st.st_mtime <= STAUTH_LIVE_OLD_S) {
		size_t size = (size_t)st.st_size;
		text = malloc(size + 1);
		ssize_t got = text == NULL ? -1 : read(fd, text, size);
		if (got >= 0) {
			text[got] = '\0';
		} else {
			free(text);
			text = NULL;
		}
	}
	close(fd);
	return text;
}

static bool read_line(char *line, struct stauth_live *ret_live)
{
	char *fields[FIELDS];
	char *rest = line;
	for (int i = 0; i < FIELDS; i++) {
		fields[i] = strsep(&rest, " ");
		if (fields[i] == NULL) {
			return false;
		}
	}
	if (strcmp(fields[0], "-") == 0) {
		fields[0] = fields[1] - 1; /* the NUL before it */
	}
	size_t handle_len = strlen(fields[0]);
	int64_t count;
	if (rest != NULL || handle_len > STAUTH_HANDLE_LEN ||
		strspn(fields[0], STAUTH_ALNUM "-_") != handle_len ||
		strlen(fields[1]) >= sizeof(ret_live->app) ||
		!stauth_parse_int(fields[2], 1, INT_MAX, &count) ||
		!stauth_parse_int(
			fields[3], 0, INT64_MAX, &ret_live->opened_at) ||
		!stauth_parse_int(
			fields[4], 0, INT64_MAX, &ret_live->message_at)) {
		return false;
	}
	for (const char *c = fields[1]; *c != '\0'; c++) {
		if (*c < '!' || *c > '~') {
			return false;
		}
	}
	ret_live->count = (int)count;
	snprintf(ret_live->handle, sizeof(ret_live->handle), "%s", fields[0]);
	snprintf(ret_live->app, sizeof(ret_live->app), "%s", fields[1]);
	return true;
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;
	for (; *text != '\0'; text++) {
		lines += *text == '\n';
	}
	return lines;
}

enum stauth_rc stauth_live_load(const struct stauth_config *config,
	struct stauth_live **ret_list, size_t *ret_count,
	struct stauth_err *err)
{
	char path[PATH_SIZE];
	list_path(config, "", path);
	char *text = read_file(path);
	if (text == NULL && errno != 0) {
		return fail(err, "read", path);
	}
	size_t lines = text == NULL ? 0 : count_lines(text);
	struct stauth_live *list = calloc(lines + 1, sizeof(*list));
	if (list == NULL) {
		free(text);
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	size_t count = 0;
	char *rest = text;
	while (count < lines && read_line(strsep(&rest, "\n"), &list[count])) {
		count++;
	}
	bool is_whole = count == lines && (rest == NULL || rest[0] == '\0');
	free(text);
	if (!is_whole) {
		free(list);
		return stauth_fail(err, STAUTH_EBROKEN,
			"%s is no list of the relay's", path);
	}
	*ret_list = list;
	*ret_count = count;
	return STAUTH_OK;
}

int stauth_live_count(
	const struct stauth_live *list, size_t count, const char *handle)
{
	int open = 0;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i].handle, handle) == 0) {
			open += list[i].count;
		}
	}
	return open;
}
