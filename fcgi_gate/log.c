/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"

#include "base/banned.h"

#define TEXT_SIZE 1000

static const char prefix[] = "fcgi_gate: ";

static size_t escape(const char *text, char *out)
{
	size_t len = 0;
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;
		if (byte >= 0x20 && byte != 0x7f) {
			out[len++] = *text;
			continue;
		}
		out[len++] = '\\';
		out[len++] = 'x';
		stauth_hex_digits(byte, out + len);
		len += 2;
	}
	return len;
}

/* A journal that is stuck must not hold up a request. */
static bool is_writable(void)
{
	struct pollfd pfd = {.fd = STDERR_FILENO, .events = POLLOUT};
	return poll(&pfd, 1, 0) > 0;
}

void gate_log(const char *fmt, ...)
{
	static unsigned long lost; /* lines of this process */
	if (!is_writable()) {
		lost++;
		return;
	}
	if (lost > 0) {
		unsigned long before = lost;
		lost = 0;
		gate_log("warning: %lu lines of the log were lost", before);
	}
	va_list args;
	va_start(args, fmt);
	char text[TEXT_SIZE];
	int made = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (made < 0) {
		return;
	}
	char line[sizeof(prefix) + 4 * TEXT_SIZE];
	_Static_assert(sizeof(line) <= PIPE_BUF, "a line is one write");
	size_t len = sizeof(prefix) - 1;
	memcpy(line, prefix, len);
	len += escape(text, line + len);
	line[len++] = '\n';
	/* There is nowhere left to report that the log is gone. */
	if (write(STDERR_FILENO, line, len) < 0) {
		return;
	}
}

int gate_fail(int status, const char *what, const char *path)
{
	int saved = errno;
	gate_log("%s %s: %s", what, path, strerror(saved));
	if (saved == EACCES || saved == EPERM || saved == EROFS) {
		return EX_NOPERM;
	}
	return status;
}
