/* SPDX-License-Identifier: MIT */
#include "rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "rights.h"

#include "base/banned.h"

void gate_wait_step(void)
{
	struct timespec nap = {.tv_nsec = GATE_WAIT_STEP_MS * 1000000L};
	nanosleep(&nap, NULL);
}

int gate_run_dir_make(const char *path)
{
	if (mkdir(path, 0755) == 0) {
		/* Whatever the umask said: nginx must get in. */
		if (chmod(path, 0755) != 0) {
			return gate_fail(
				EX_OSERR, "cannot set the mode of", path);
		}
		return 0;
	}
	if (errno != EEXIST) {
		return gate_fail_run_dir("cannot make RUN_DIR", path, path);
	}
	struct stat st;
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		gate_log("RUN_DIR %s is no directory", path);
		return EX_CONFIG;
	}
	return 0;
}

static void lock_path(const char *run_dir, char *out, size_t size)
{
	snprintf(out, size, "%s/gate.lock", run_dir);
}

int gate_run_dir_lock(const char *run_dir, int *ret_fd)
{
	char path[PATH_MAX + 16];
	lock_path(run_dir, path, sizeof(path));
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		return gate_fail_run_dir("cannot open", path, run_dir);
	}
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK || i == GATE_WAIT_STEPS) {
			gate_log("another gate runs in RUN_DIR %s", run_dir);
			close(fd);
			return EX_TEMPFAIL;
		}
		gate_wait_step();
	}
	*ret_fd = fd;
	return 0;
}

static bool is_file_of(int fd, const char *path)
{
	struct stat open_st;
	struct stat file_st;
	return fd >= 0 && fstat(fd, &open_st) == 0 &&
	       lstat(path, &file_st) == 0 && open_st.st_dev == file_st.st_dev &&
	       open_st.st_ino == file_st.st_ino;
}

int gate_run_dir_hold(const char *run_dir, int lock_fd)
{
	char path[PATH_MAX + 16];
	lock_path(run_dir, path, sizeof(path));
	if (is_file_of(lock_fd, path)) {
		return 0;
	}
	int fd = -1;
	int status = gate_run_dir_lock(run_dir, &fd);
	if (status != 0) {
		return status;
	}
	(void)dup3(fd, lock_fd, O_CLOEXEC);
	close(fd);
	return 0;
}
