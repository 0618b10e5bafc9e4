/* SPDX-License-Identifier: MIT */
#include "nginx/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"

#define BLOCK_SIZE 65536
#define RUN_MAX_MS 60000

void ctl_source_finish(struct ctl_source *source)
{
	free(source->text);
	source->text = NULL;
	source->len = 0;
}

/* One read more: its count, 0 at the end, -1 with error or too_large set. */
static ssize_t read_more(int fd, size_t max, struct ctl_source *source)
{
	ssize_t count = 0;
	char *more = realloc(source->text, source->len + BLOCK_SIZE);

	if (!more) {
		source->error = ENOMEM;
		return -1;
	}
	source->text = more;
	do {
		count = read(fd, more + source->len, BLOCK_SIZE);
	} while (count < 0 && errno == EINTR);
	if (count < 0) {
		source->error = errno;
		return -1;
	}
	source->len += (size_t)count;
	if (source->len > max) {
		source->too_large = true;
		return -1;
	}
	return count;
}

bool ctl_source_fd(int fd, size_t max, struct ctl_source *source)
{
	ssize_t count = 0;

	*source = (struct ctl_source){0};
	do {
		count = read_more(fd, max, source);
	} while (count > 0);
	if (count < 0) {
		ctl_source_finish(source);
	}
	return count == 0;
}

bool ctl_source_file(const char *path, size_t max, struct ctl_source *source)
{
	struct stat about;
	bool done = false;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	*source = (struct ctl_source){0};
	if (fd < 0 || fstat(fd, &about)) {
		source->error = errno;
	} else if (!S_ISREG(about.st_mode)) {
		source->error = S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
	} else {
		done = ctl_source_fd(fd, max, source);
	}
	if (fd >= 0) {
		close(fd);
	}
	return done;
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

struct pipes {
	int out[2];
	int err[2];
};

static bool make_pipes(struct pipes *pipes)
{
	if (pipe2(pipes->out, O_CLOEXEC)) {
		return false;
	}
	if (pipe2(pipes->err, O_CLOEXEC)) {
		close(pipes->out[0]);
		close(pipes->out[1]);
		return false;
	}
	return true;
}

/* errno's value, as posix_spawn has it. */
static int spawn_nginx(
	const char *path, const struct pipes *pipes, pid_t *ret_pid)
{
	char name[] = "nginx";
	char option[] = "-T";
	char places[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char locale[] = "LC_ALL=C";
	char *argv[] = {name, option, NULL};
	char *envp[] = {places, locale, NULL};
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error) {
		return error;
	}
	error = posix_spawn_file_actions_addopen(
		&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	error = error ? error
		      : posix_spawn_file_actions_adddup2(
				&actions, pipes->out[1], STDOUT_FILENO);
	error = error ? error
		      : posix_spawn_file_actions_adddup2(
				&actions, pipes->err[1], STDERR_FILENO);
	error = error ? error
		      : posix_spawn(ret_pid, path, &actions, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Both pipes to their ends. False: too much, too long, or an error. */
static bool read_both(struct pipes *pipes, size_t max,
	struct ctl_source *source, struct ctl_source *remarks)
{
	struct pollfd fds[2] = {{.fd = pipes->out[0], .events = POLLIN},
		{.fd = pipes->err[0], .events = POLLIN}};
	struct ctl_source *into[2] = {source, remarks};
	int64_t end_ms = now_ms() + RUN_MAX_MS;

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		int64_t left_ms = end_ms - now_ms();

		if (left_ms <= 0) {
			source->error = ETIMEDOUT;
			return false;
		}
		if (poll(fds, 2, (int)left_ms) < 0) {
			if (errno == EINTR) {
				continue;
			}
			source->error = errno;
			return false;
		}
		for (size_t i = 0; i < 2; i++) {
			ssize_t count = 1;

			if (fds[i].fd >= 0 && fds[i].revents) {
				count = read_more(fds[i].fd, max, into[i]);
			}
			if (count < 0) {
				return false;
			}
			fds[i].fd = count == 0 ? -1 : fds[i].fd;
		}
	}
	return true;
}

static bool wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return false;
		}
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The last line that matters, without what a terminal would act on. */
static void take_remark(
	const struct ctl_source *remarks, struct ctl_nginx_run *run)
{
	const char *text = remarks->text ? remarks->text : "";
	size_t len = remarks->len;
	size_t from = len > CTL_REMARK_SIZE - 1 ? len - CTL_REMARK_SIZE + 1 : 0;
	size_t out = 0;

	for (size_t i = from; i < len; i++) {
		unsigned char byte = (unsigned char)text[i];
		bool plain = byte == '\n' || (byte >= 0x20 && byte < 0x7f);

		run->remark[out++] = plain ? (char)byte : '?';
	}
	while (out && run->remark[out - 1] == '\n') {
		out--;
	}
	run->remark[out] = '\0';
	run->denied = strstr(run->remark, "ermission denied") != NULL;
}

bool ctl_source_nginx(
	size_t max, struct ctl_source *source, struct ctl_nginx_run *run)
{
	const char *path = find_nginx();
	struct ctl_source remarks = {0};
	struct pipes pipes;
	pid_t pid = 0;
	bool whole = false;

	*source = (struct ctl_source){0};
	*run = (struct ctl_nginx_run){.found = path != NULL};
	if (!path || !make_pipes(&pipes)) {
		source->error = path ? errno : ENOENT;
		return false;
	}
	source->error = spawn_nginx(path, &pipes, &pid);
	close(pipes.out[1]);
	close(pipes.err[1]);
	if (!source->error) {
		whole = read_both(&pipes, max, source, &remarks);
		if (!whole) {
			kill(pid, SIGKILL);
		}
		run->done = wait_for(pid) && whole;
	}
	close(pipes.out[0]);
	close(pipes.err[0]);
	take_remark(&remarks, run);
	ctl_source_finish(&remarks);
	if (!run->done) {
		ctl_source_finish(source);
	}
	return run->done;
}
