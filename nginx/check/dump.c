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

#define BLOCK_SIZE 65536

/* The last lines of what nginx said, without what a terminal would act on. */
#define REMARK_SIZE 150

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

static const char *find_nginx(void)
{
	static const char *const places[] = {
		"/usr/sbin/nginx",
		"/usr/bin/nginx",
		"/sbin/nginx",
		"/bin/nginx",
		"/usr/local/sbin/nginx",
		"/usr/local/bin/nginx",
		"/usr/local/nginx/sbin/nginx",
		"/opt/nginx/sbin/nginx",
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (access(places[i], X_OK) == 0) {
			return places[i];
		}
	}
	return NULL;
}

/* Both streams into one pipe: what nginx warns of comes before the first
 * file. Returns errno's value, as posix_spawn does. */
static int spawn_nginx(const char *path, int out, pid_t *ret_pid)
{
	char *argv[] = {(char[]){"nginx"}, (char[]){"-T"}, NULL};
	char *envp[] = {(char[]){"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
		(char[]){"LC_ALL=C"}, NULL};
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error) {
		return error;
	}
	error = posix_spawn_file_actions_addopen(
		&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!error) {
		error = posix_spawn_file_actions_adddup2(
			&actions, out, STDOUT_FILENO);
	}
	if (!error) {
		error = posix_spawn_file_actions_adddup2(
			&actions, out, STDERR_FILENO);
	}
	if (!error) {
		error = posix_spawn(ret_pid, path, &actions, NULL, argv, envp);
	}
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static bool ended_well(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return false;
		}
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static enum stauth_rc fail_run(
	const struct stauth_buf *buf, struct stauth_err *err)
{
	const char *text = stauth_buf_str(buf);
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '\n') {
		len--;
	}
	char remark[REMARK_SIZE];
	text += len > sizeof(remark) - 1 ? len - (sizeof(remark) - 1) : 0;
	snprintf(remark, sizeof(remark), "%s", text);
	for (char *at = remark; *at != '\0'; at++) {
		*at = *at >= 0x20 && *at < 0x7f ? *at : ' ';
	}
	if (geteuid() != 0 &&
		strstr(stauth_buf_str(buf), "ermission denied") != NULL) {
		return stauth_fail(err, STAUTH_EDENIED,
			"nginx -T needs root: try sudo stauthctl nginx check");
	}
	return stauth_fail(err, STAUTH_ECONFIG, "nginx -T failed: %s", remark);
}

enum stauth_rc nginx_dump_run(struct stauth_buf *buf, struct stauth_err *err)
{
	const char *path = find_nginx();

	if (path == NULL) {
		return stauth_fail(err, STAUTH_EUNREACHABLE,
			"no nginx found; use: nginx -T | stauthctl nginx check "
			"-");
	}
	int pipe_fd[2];
	if (pipe2(pipe_fd, O_CLOEXEC)) {
		return stauth_fail(
			err, STAUTH_EUNREACHABLE, "pipe: %s", strerror(errno));
	}
	pid_t pid = 0;
	int error = spawn_nginx(path, pipe_fd[1], &pid);
	close(pipe_fd[1]);
	if (error) {
		close(pipe_fd[0]);
		return stauth_fail(err, STAUTH_EUNREACHABLE, "%s: %s", path,
			strerror(error));
	}
	enum stauth_rc rc = nginx_dump_read(pipe_fd[0], buf, err);
	close(pipe_fd[0]);
	if (!ended_well(pid) && rc == STAUTH_OK) {
		return fail_run(buf, err);
	}
	return rc;
}
