/* SPDX-License-Identifier: MIT */
/*
 * Preloaded: what getrandom() does is what the file STAUTH_RANDOM_SWITCH says.
 *
 *   (no file, or empty)  what the kernel does
 *   fail                 ENOSYS, nothing written
 *   after N              N more calls of this process, then as fail
 *   short                a byte a call
 *   interrupt            EINTR every second time, and half of what was asked
 *
 * What was handed out goes to the file STAUTH_RANDOM_RECORD, if set: a line
 * "PID HEX" a call, in one write.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/banned.h"

#define RECORDED_MAX 256

static char *switch_path;
static char *record_path;

/* The helper empties its environment. */
__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("STAUTH_RANDOM_SWITCH");

	switch_path = path ? strdup(path) : NULL;
	path = getenv("STAUTH_RANDOM_RECORD");
	record_path = path ? strdup(path) : NULL;
}

static void read_switch(char *word, size_t size)
{
	int fd = switch_path ? open(switch_path, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t n = fd < 0 ? 0 : read(fd, word, size - 1);

	word[n > 0 ? n : 0] = '\0';
	if (fd >= 0) {
		(void)close(fd);
	}
}

static void record(const unsigned char *data, size_t len)
{
	char line[2 * RECORDED_MAX + 32];
	int used = snprintf(line, sizeof(line), "%d ", (int)getpid());
	int fd = record_path
			 ? open(record_path, O_WRONLY | O_APPEND | O_CLOEXEC)
			 : -1;

	if (fd < 0) {
		return;
	}
	for (size_t i = 0; i < len && i < RECORDED_MAX; i++) {
		used += snprintf(line + used, sizeof(line) - (size_t)used,
			"%02x", data[i]);
	}
	line[used++] = '\n';
	if (write(fd, line, (size_t)used) != used) {
		abort(); /* the test would look at half of it */
	}
	(void)close(fd);
}

/* The calls since the switch was set to this word. */
static unsigned long calls_of(const char *word)
{
	static char last[32];
	static unsigned long calls;

	if (strcmp(word, last) != 0) {
		(void)snprintf(last, sizeof(last), "%s", word);
		calls = 0;
	}
	return calls++;
}

ssize_t getrandom(void *data, size_t len, unsigned int flags)
{
	int entry_errno = errno;
	char word[32];
	unsigned long calls;
	ssize_t n;

	read_switch(word, sizeof(word));
	calls = calls_of(word);
	if (strcmp(word, "fail") == 0 ||
		(strncmp(word, "after ", 6) == 0 &&
			calls >= strtoul(word + 6, NULL, 10))) {
		errno = ENOSYS;
		return -1;
	}
	if (strcmp(word, "interrupt") == 0) {
		if (calls % 2 == 0) {
			errno = EINTR;
			return -1;
		}
		len = (len + 1) / 2;
	}
	if (strcmp(word, "short") == 0 && len > 1) {
		len = 1;
	}
	errno = entry_errno;
	n = syscall(SYS_getrandom, data, len, flags);
	if (n > 0) {
		record(data, (size_t)n);
	}
	return n;
}
