/* SPDX-License-Identifier: MIT */
#include "nomem.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* glibc's own, under the names it keeps for this. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);

static long calls;
static long fail_at;
static bool fail_after;
static long failures;
static long live;

void nomem_arm(long n, bool lasting)
{
	calls = 0;
	failures = 0;
	fail_after = lasting;
	fail_at = n;
}

long nomem_disarm(void)
{
	fail_at = 0;
	return failures;
}

long nomem_live(void)
{
	return live;
}

static bool must_fail(void)
{
	calls++;
	if (fail_at == 0 ||
		(calls != fail_at && !(fail_after && calls > fail_at))) {
		return false;
	}
	failures++;
	errno = ENOMEM;
	return true;
}

static void *counted(void *block)
{
	live += block != NULL;
	return block;
}

void *malloc(size_t size)
{
	return must_fail() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return must_fail() ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *old, size_t size)
{
	if (!old) {
		return malloc(size);
	}
	if (size == 0) {
		free(old);
		return NULL;
	}
	return must_fail() ? NULL : __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
	return must_fail() ? NULL : counted(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **ret_block, size_t alignment, size_t size)
{
	void *block = memalign(alignment, size);

	if (!block) {
		return ENOMEM;
	}
	*ret_block = block;
	return 0;
}

void free(void *block)
{
	live -= block != NULL;
	__libc_free(block);
}
