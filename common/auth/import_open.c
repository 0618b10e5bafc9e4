/* SPDX-License-Identifier: MIT */
#include "auth/import.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

/* Neither a pipe nor a device may hang us, nor be read only once. */
enum stauth_rc stauth_import_open(
	const char *path, int *ret_fd, struct stauth_err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		return stauth_fail(err,
			errno == EACCES ? STAUTH_EDENIED : STAUTH_EUNREACHABLE,
			"%.120s: %s", path, strerror(errno));
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return stauth_fail(err, STAUTH_BADVALUE,
			"%.120s: not a regular file", path);
	}
	*ret_fd = fd;
	return STAUTH_OK;
}
