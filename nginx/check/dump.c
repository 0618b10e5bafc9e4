/* SPDX-License-Identifier: MIT */
#include "dump.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf.h"

#include "base/banned.h"

#define BLOCK_SIZE  65536
#define REMARK_SIZE 150

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

/* Both streams into one pipe: what nginx warns of comes before the first
 * file. Returns errno's value, as posix_spawn does. */
static int spawn_nginx(int out, pid_t *ret_pid)
{
	char *argv[] = {(char[]){"nginx"}, (char[]){"-T"}, NULL};
	char *envp[] = {(char[]){"LC_ALL=C"}, NULL};
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error) {
		return error;
	}
	if (posix_spawn_file_actions_addopen(
		    &actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) ||
		posix_spawn_file_actions_adddup2(
			&actions, out, STDOUT_FILENO) ||
		posix_spawn_file_actions_adddup2(
			&actions, out, STDERR_FILENO)) {
		error = ENOMEM;
	}
	for (size_t i = 0; !error && i < PLACE_COUNT; i++) {
		error = posix_spawn(
			ret_pid, places[i], &actions, NULL, argv, envp);
		if (error != ENOENT) {
			break;
		}
		error = i + 1 < PLACE_COUNT ? 0 : error;
	}
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* What nginx said last, without what a terminal would act on. */
static enum stauth_rc fail_run(
	const struct stauth_buf *buf, struct stauth_err *err)
{
	const char *text = stauth_buf_str(buf);
	size_t len = strlen(text);

	if (geteuid() != 0 && strstr(text, "ermission denied") != NULL) {
		return stauth_fail(err, STAUTH_EDENIED,
			"nginx -T needs root; try: sudo stauthctl nginx check");
	}
	char remark[REMARK_SIZE];
	snprintf(remark, sizeof(remark), "%s",
		text + (len > REMARK_SIZE - 1 ? len - REMARK_SIZE + 1 : 0));
	for (char *at = remark; *at != '\0'; at++) {
		*at = *at >= 0x20 && *at < 0x7f ? *at : ' ';
	}
	return stauth_fail(err, STAUTH_ECONFIG, "nginx -T failed: %s", remark);
}

enum stauth_rc nginx_dump_run(struct stauth_buf *buf, struct stauth_err *err)
{
	int pipe_fd[2];

	if (pipe2(pipe_fd, O_CLOEXEC)) {
		return stauth_fail(
			err, STAUTH_EUNREACHABLE, "pipe: %s", strerror(errno));
	}
	pid_t pid = 0;
	int error = spawn_nginx(pipe_fd[1], &pid);
	close(pipe_fd[1]);
	if (error) {
		close(pipe_fd[0]);
		return stauth_fail(err, STAUTH_EUNREACHABLE,
			"nginx: %s; use: nginx -T | stauthctl nginx check -",
			strerror(error));
	}
	enum stauth_rc rc = nginx_dump_read(pipe_fd[0], buf, err);
	close(pipe_fd[0]);
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	return rc == STAUTH_OK && status != 0 ? fail_run(buf, err) : rc;
}
