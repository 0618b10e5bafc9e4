/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_FD_H
#define STAUTH_FD_H

#include <stdbool.h>
#include <stddef.h>

/* Opens what of 0, 1 and 2 is closed, so that no file of ours becomes one of
 * them and takes our messages. false: it cannot. */
bool stauth_stdio_guard(void);

/* Opens a regular file to read it; a pipe or a device may block, or never end.
 * -1, errno; EINVAL: it is something else. */
int stauth_open_regular(const char *path);

/* All of it, however often write(2) stops. -1, errno. */
int stauth_write_all(int fd, const void *data, size_t len);

#endif
