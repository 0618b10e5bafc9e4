/* SPDX-License-Identifier: MIT */
/*
 * Preloaded: memory is short. The file STAUTH_SHORTAGE holds a number (32
 * bits, as the machine writes them): one request in so many is refused, by
 * chance; 0: none. All processes map it, so that it holds at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/banned.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static const volatile uint32_t *one_in;
static uint64_t state;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("STAUTH_SHORTAGE");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map;

	if (fd < 0) {
		return;
	}
	map = mmap(NULL, sizeof(*one_in), PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED) {
		one_in = map;
	}
	(void)close(fd);
}

static int refused(void)
{
	uint32_t chance = one_in ? *one_in : 0;

	if (chance == 0) {
		return 0;
	}
	if (state == 0) {
		state = (uint64_t)getpid();
	}
	state = state * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	if ((state >> 33) % chance != 0) {
		return 0;
	}
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return refused() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return refused() ? NULL : __libc_realloc(old, size);
}
