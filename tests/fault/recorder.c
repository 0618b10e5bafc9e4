/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a gate and stauthctl: what they write below the directory
 * STAUTH_RECORD_UNDER, and when they make it durable, goes to the file
 * STAUTH_RECORD, so that a loss of power can be played afterwards. A record
 * follows what it tells: what stands there has happened. All processes map
 * the file: who closes all its descriptors still records, and who is killed
 * leaves an empty slot at most.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/banned.h"

#define DATA_MAX 4096
#define SLOTS    60000

enum kind {
	WROTE = 1,
	TRUNCATED = 2,
	SYNCED = 3,
	UNLINKED = 4,
	RENAMED = 5 /* data: the new name */
};

struct slot {
	_Atomic uint32_t kind; /* 0: killed before it was told */
	uint32_t size;
	int64_t at;
	char name[48]; /* "" is the directory itself */
	unsigned char data[DATA_MAX];
};

struct record {
	_Atomic uint64_t used;
	struct slot slots[SLOTS];
};

static const char *under;
static struct record *record;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("STAUTH_RECORD");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map;

	under = getenv("STAUTH_RECORD_UNDER");
	if (fd < 0) {
		return;
	}
	map = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE, MAP_SHARED,
		fd, 0);
	if (map != MAP_FAILED && under) {
		record = map;
	}
	(void)close(fd);
}

static void tell_slot(enum kind kind, const char *name, int64_t at,
	const void *data, size_t size)
{
	uint64_t place = atomic_fetch_add(&record->used, 1);
	struct slot *slot = &record->slots[place];

	if (place >= SLOTS) {
		return; /* the test sees it by the count */
	}
	slot->size = (uint32_t)size;
	slot->at = at;
	(void)snprintf(slot->name, sizeof(slot->name), "%s", name);
	if (data) {
		memcpy(slot->data, data, size);
	}
	slot->kind = kind;
}

static void tell_path(enum kind kind, const char *path, int64_t at,
	const void *data, size_t size)
{
	size_t prefix = strlen(under);
	size_t part;

	if (strncmp(path, under, prefix) != 0) {
		return;
	}
	path += prefix;
	path += *path == '/';
	do {
		part = size < DATA_MAX ? size : DATA_MAX;
		tell_slot(kind, path, at, data, part);
		data = data ? (const char *)data + part : NULL;
		at += (int64_t)part;
		size -= part;
	} while (size > 0);
}

static void tell(
	enum kind kind, int fd, int64_t at, const void *data, size_t size)
{
	char link[40];
	char path[512];
	ssize_t n;

	if (!record) {
		return;
	}
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n > 0) {
		path[n] = '\0';
		tell_path(kind, path, at, data, size);
	}
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
	ssize_t n = syscall(SYS_pwrite64, fd, data, size, at);

	if (n > 0) {
		tell(WROTE, fd, at, data, (size_t)n);
	}
	return n;
}

ssize_t write(int fd, const void *data, size_t size)
{
	ssize_t n = syscall(SYS_write, fd, data, size);

	if (n > 0 && fd > STDERR_FILENO) {
		tell(WROTE, fd, lseek(fd, 0, SEEK_CUR) - n, data, (size_t)n);
	}
	return n;
}

int ftruncate64(int fd, off64_t size)
{
	int rc = (int)syscall(SYS_ftruncate, fd, size);

	if (rc == 0) {
		tell(TRUNCATED, fd, size, NULL, 0);
	}
	return rc;
}

int fdatasync(int fd)
{
	int rc = (int)syscall(SYS_fdatasync, fd);

	if (rc == 0) {
		tell(SYNCED, fd, 0, NULL, 0);
	}
	return rc;
}

int fsync(int fd)
{
	int rc = (int)syscall(SYS_fsync, fd);

	if (rc == 0) {
		tell(SYNCED, fd, 0, NULL, 0);
	}
	return rc;
}

int unlink(const char *path)
{
	int rc = (int)syscall(SYS_unlink, path);

	if (rc == 0 && record) {
		tell_path(UNLINKED, path, 0, NULL, 0);
	}
	return rc;
}

int rename(const char *from, const char *to)
{
	int rc = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0U);
	const char *name = strrchr(to, '/');

	if (rc == 0 && record) {
		name = name ? name + 1 : to;
		tell_path(RENAMED, from, 0, name, strlen(name));
	}
	return rc;
}
