/* SPDX-License-Identifier: MIT */
/*
 * Preloaded: the process that accepts the next connection after the file
 * $STAUTH_HANG was made hangs for ever, as by a bug.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/banned.h"

/* <sys/socket.h> has it with a transparent union. */
int accept4(int fd, void *addr, void *len, int flags);

int accept4(int fd, void *addr, void *len, int flags)
{
	const char *file = getenv("STAUTH_HANG");
	int taken = (int)syscall(SYS_accept4, fd, addr, len, flags);
	if (taken >= 0 && file != NULL && unlink(file) == 0) {
		for (;;) {
			pause();
		}
	}
	return taken;
}
