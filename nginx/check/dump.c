/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"

#define BLOCK_SIZE 65536
#define NOT_RUN    127

static const char *const places[] = {
	"/usr/sbin/nginx",
	"/usr/bin/nginx",
	"/usr/local/sbin/nginx",
	"/usr/local/bin/nginx",
	"/usr/local/nginx/sbin/nginx",
	"/opt/nginx/sbin/nginx",
};

#define PLACE_COUNT (sizeof(places) / sizeof(places[0]))

enum stauth_rc nginx_dump_read(
	int fd, struct stauth_buf *buf, struct stauth_err *err)
{
	char block[BLOCK_SIZE];
	ssize_t count = 0;

	do {
		count = read(fd, block, sizeof(block));
		if (count < 0 && errno != EINTR) {
			return stauth_fail(err, STAUTH_EUNREACHABLE, "read: %s",
				strerror(errno));
		}
		stauth_buf_add_len(buf, block, count > 0 ? (size_t)count : 0);
		if (!stauth_buf_ok(buf)) {
			return stauth_fail(err, STAUTH_BADVALUE,
				"the configuration is too large");
		}
	} while (count != 0);
	return STAUTH_OK;
}

/* --- nginx -T */

/* The child. Both streams into one pipe: what nginx warns of comes before the
 * first file. */
static void exec_nginx(int out)
{
	char *const argv[] = {(char[]){"nginx"}, (char[]){"-T"}, NULL};
	char *const envp[] = {(char[]){"LC_ALL=C"}, NULL};
	int null = open("/dev/null", O_RDONLY);

	if (dup2(null, STDIN_FILENO) == STDIN_FILENO &&
		dup2(out, STDOUT_FILENO) == STDOUT_FILENO &&
		dup2(out, STDERR_FILENO) == STDERR_FILENO) {
		for (size_t i = 0; i < PLACE_COUNT; i++) {
			execve(places[i], argv, envp);
		}
	}
	_exit(NOT_RUN);
}

enum stauth_rc nginx_dump_run(struct stauth_buf *buf, struct stauth_err *err)
{
	int pipe_fd[2];

	if (pipe2(pipe_fd, O_CLOEXEC)) {
		return stauth_fail(
			err, STAUTH_EUNREACHABLE, "pipe: %s", strerror(errno));
	}
	pid_t pid = fork();
	if (pid == 0) {
		exec_nginx(pipe_fd[1]);
	}
	close(pipe_fd[1]);
	enum stauth_rc rc = nginx_dump_read(pipe_fd[0], buf, err);
	close(pipe_fd[0]);
	int status = NOT_RUN << 8;
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_RUN) {
		return stauth_fail(err, STAUTH_EUNREACHABLE,
			"nginx cannot be run; use: nginx -T | stauthctl nginx "
			"check -");
	}
	return rc == STAUTH_OK && status != 0
		       ? stauth_fail(err, STAUTH_ECONFIG, "nginx -T failed")
		       : rc;
}
