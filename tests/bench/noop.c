/* SPDX-License-Identifier: MIT */
/*
 * The same codec and epoll as a check worker, and nothing behind: answers 204
 * to everything, or the answer in a file. What the check costs is measured
 * against it.
 *
 *	noop SOCKET [ANSWER-FILE]
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fcgi_io.h"

#include "base/banned.h"

#define REPLY_MAX 16384

static int listen_at(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
		listen(fd, 1024) != 0) {
		return -1;
	}
	return fd;
}

static void watch(int epoll_fd, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	(void)epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static char reply[REPLY_MAX] =
	"Status: 204 No Content\r\nX-Auth-User: noop\r\n\r\n";
static size_t reply_len;

static int read_reply(const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file) {
		return -1;
	}
	memset(reply, 0, sizeof(reply));
	(void)fread(reply, 1, sizeof(reply) - 1, file);
	return fclose(file);
}

static void answer(struct gate_io *io, int fd)
{
	if (gate_io_begin(io, fd)) {
		(void)gate_io_write(io, reply, reply_len);
		(void)gate_io_finish(io);
	}
}

int main(int argc, char **argv)
{
	int listen_fd = argc >= 2 ? listen_at(argv[1]) : -1;
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	struct gate_io *io = gate_io_init() ? gate_io_new() : NULL;

	if (listen_fd < 0 || epoll_fd < 0 || !io ||
		(argc == 3 && read_reply(argv[2]) != 0)) {
		(void)fprintf(stderr, "usage: noop SOCKET [ANSWER-FILE]\n");
		return 64;
	}
	reply_len = strlen(reply);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
	watch(epoll_fd, listen_fd);
	for (;;) {
		struct epoll_event events[64];
		int count = epoll_wait(epoll_fd, events, 64, -1);

		for (int i = 0; i < count; i++) {
			int fd = events[i].data.fd;

			if (fd == listen_fd) {
				watch(epoll_fd,
					accept4(fd, NULL, NULL, SOCK_CLOEXEC));
			} else {
				answer(io, fd);
			}
		}
	}
}
