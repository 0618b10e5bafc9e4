/* SPDX-License-Identifier: MIT */
#include "import_sources.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"

#include "base/banned.h"

#define BOM     "\xef\xbb\xbf"
#define BOM_LEN 3

struct lines {
	int fd;
	ctl_line_fn *each;
	void *arg;
	size_t number; /* of the line that begins at data */
	size_t len;    /* bytes of it that are there, and what follows it */
	bool ended;
	char data[CTL_LINE_MAX + 3]; /* a line, CR, LF, NUL */
};

enum stauth_rc ctl_read_some(int fd, void *data, size_t size, size_t *ret_len,
	struct stauth_err *err)
{
	ssize_t n;

	do {
		n = read(fd, data, size);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		return stauth_fail(err, STAUTH_EUNREACHABLE, "read error: %s",
			strerror(errno));
	}
	*ret_len = (size_t)n;
	return STAUTH_OK;
}

static enum stauth_rc one(
	struct lines *lines, char *line, size_t len, struct stauth_err *err)
{
	if (len > 0 && line[len - 1] == '\r') {
		len--;
	}
	if (memchr(line, '\0', len) != NULL) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"%zu: NUL byte; not a text file", lines->number);
	}
	if (len > CTL_LINE_MAX) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"%zu: line longer than %d bytes", lines->number,
			CTL_LINE_MAX);
	}
	line[len] = '\0';
	if (lines->number == 1 && len >= BOM_LEN &&
		memcmp(line, BOM, BOM_LEN) == 0) {
		line += BOM_LEN;
		len -= BOM_LEN;
	}
	return lines->each(line, len, lines->number, lines->arg, err);
}

/* The lines that are whole by now; what is left moves to the front. */
static enum stauth_rc whole_lines(struct lines *lines, struct stauth_err *err)
{
	char *at = lines->data;
	char *end = lines->data + lines->len;
	char *feed;
	enum stauth_rc rc = STAUTH_OK;

	while (rc == STAUTH_OK && at < end) {
		feed = memchr(at, '\n', (size_t)(end - at));
		if (feed == NULL && !lines->ended) {
			break;
		}
		rc = one(lines, at, (size_t)((feed != NULL ? feed : end) - at),
			err);
		lines->number++;
		at = feed != NULL ? feed + 1 : end;
	}
	lines->len = (size_t)(end - at);
	memmove(lines->data, at, lines->len);
	return rc;
}

static enum stauth_rc read_all(struct lines *lines, struct stauth_err *err)
{
	enum stauth_rc rc = STAUTH_OK;
	size_t n = 0;

	while (rc == STAUTH_OK && !lines->ended) {
		size_t room = sizeof(lines->data) - 1 - lines->len;

		if (room == 0) {
			return stauth_fail(err, STAUTH_BADVALUE,
				"%zu: line longer than %d bytes", lines->number,
				CTL_LINE_MAX);
		}
		rc = ctl_read_some(
			lines->fd, lines->data + lines->len, room, &n, err);
		if (rc == STAUTH_OK) {
			lines->ended = n == 0;
			lines->len += n;
			rc = whole_lines(lines, err);
		}
	}
	return rc;
}

enum stauth_rc ctl_lines_read(
	int fd, ctl_line_fn *each, void *arg, struct stauth_err *err)
{
	struct lines *lines = calloc(1, sizeof(*lines));

	if (lines == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	lines->fd = fd;
	lines->each = each;
	lines->arg = arg;
	lines->number = 1;
	enum stauth_rc rc = lseek(fd, 0, SEEK_SET) == 0
				    ? read_all(lines, err)
				    : stauth_fail(err, STAUTH_EUNREACHABLE,
					      "%s", strerror(errno));
	stauth_wipe(lines, sizeof(*lines));
	free(lines);
	return rc;
}
