/* SPDX-License-Identifier: MIT */
/*
 * The codec of FastCGI, and the only file that knows libfcgi.
 *
 *  1. Sockets are accepted here or by the check loop, never by libfcgi: its
 *     own accept waits up to two seconds for a silent peer. It gets the
 *     descriptor, and -1 to listen on, so that its retry fails at once.
 *  2. An answer MUST begin with "Status: ": nginx takes any other for 200,
 *     and auth_request then lets the request in. One that never began is 503.
 *  3. A request on a kept connection MUST be read to its end, and what has a
 *     body there closes its connection: bytes left over would be read as the
 *     next request.
 *  4. Page requests close their connection: a kept one would hold a worker.
 */
#include "fcgi_io.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "base/banned.h"

#define ROLE_RESPONDER 1
#define NO_FD_WAIT_MS  100 /* after EMFILE and its like */
#define PAGE_PEER_S    5   /* nginx has the whole request before it connects */

static const char status_prefix[] = "Status: ";
static const char no_answer[] = "Status: 503 Service Unavailable\r\n\r\n";

struct gate_io {
	FCGX_Request req;
	bool in_request;
	bool answer_begun;
};

bool gate_io_init(void)
{
	/* Read by FCGX_Init: a close never waits for the peer's. */
	if (setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "0", 1) != 0) {
		return false;
	}
	return FCGX_Init() == 0;
}

struct gate_io *gate_io_new(void)
{
	struct gate_io *io = calloc(1, sizeof(*io));
	if (io == NULL) {
		return NULL;
	}
	if (FCGX_InitRequest(&io->req, -1, FCGI_FAIL_ACCEPT_ON_INTR) != 0) {
		free(io);
		return NULL;
	}
	return io;
}

void gate_io_free(struct gate_io *io)
{
	if (io == NULL) {
		return;
	}
	FCGX_Free(&io->req, io->req.ipcFd >= 0);
	free(io);
}

/* Reads the parameters; false, and the descriptor is closed, without them. */
static bool read_request(struct gate_io *io, int fd)
{
	io->answer_begun = false;
	io->req.ipcFd = fd;
	/* FCGX_Accept_r ends the previous request first: 1 keeps it from
	 * closing this descriptor with it. */
	io->req.keepConnection = 1;
	if (FCGX_Accept_r(&io->req) < 0) {
		io->req.ipcFd = -1;
		return false;
	}
	if (io->req.role != ROLE_RESPONDER) {
		FCGX_Free(&io->req, 1);
		return false;
	}
	io->in_request = true;
	return true;
}

static void limit_peer(int fd, time_t seconds)
{
	struct timeval wait = {.tv_sec = seconds};
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
}

/* SIGTERM is let in here only, so that it interrupts no request, and none
 * comes between the caller's look at its stop flag and the wait. */
static bool wait_for_peer(int listen_fd, int64_t wait_ms)
{
	struct pollfd pfd = {.fd = listen_fd, .events = POLLIN};
	const struct timespec wait = {.tv_sec = (time_t)(wait_ms / 1000),
		.tv_nsec = (long)(wait_ms % 1000) * 1000000L};
	sigset_t mask;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	sigdelset(&mask, SIGTERM);
	return ppoll(&pfd, 1, &wait, &mask) > 0;
}

/* Lets a SIGTERM in that is pending; its handler sets the stop flag. ppoll
 * does not where there is something to do at once. */
static void let_stop_in(void)
{
	sigset_t pending;
	if (sigpending(&pending) != 0 || !sigismember(&pending, SIGTERM)) {
		return;
	}
	sigset_t term;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigset_t held;
	sigprocmask(SIG_UNBLOCK, &term, &held);
	sigprocmask(SIG_SETMASK, &held, NULL);
}

static int accept_one(
	int listen_fd, int64_t wait_ms, const volatile sig_atomic_t *stop)
{
	if (!wait_for_peer(listen_fd, wait_ms)) {
		return -1;
	}
	/* Who comes now is the others'. */
	let_stop_in();
	if (*stop) {
		return -1;
	}
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0 && errno != EAGAIN && errno != EINTR &&
		errno != ECONNABORTED) {
		struct timespec nap = {.tv_nsec = NO_FD_WAIT_MS * 1000000L};
		nanosleep(&nap, NULL);
	}
	return fd;
}

/* nginx gave up, or its client did, while the connection was queued: nobody
 * would read the answer, and a hash for it would keep others waiting. */
static bool is_peer_gone(int fd)
{
	struct pollfd pfd = {.fd = fd};
	return poll(&pfd, 1, 0) > 0 && (pfd.revents & POLLHUP) != 0;
}

bool gate_io_accept(struct gate_io *io, int listen_fd, int64_t wait_ms,
	const volatile sig_atomic_t *stop)
{
	int fd = accept_one(listen_fd, wait_ms, stop);
	if (fd < 0) {
		return false;
	}
	if (is_peer_gone(fd)) {
		close(fd);
		return false;
	}
	limit_peer(fd, PAGE_PEER_S);
	if (!read_request(io, fd)) {
		return false;
	}
	io->req.keepConnection = 0;
	return true;
}

bool gate_io_begin(struct gate_io *io, int fd)
{
	if (!read_request(io, fd)) {
		return false;
	}
	if (FCGX_GetChar(io->req.in) != EOF) {
		io->req.keepConnection = 0;
	}
	return true;
}

bool gate_io_finish(struct gate_io *io)
{
	if (!io->in_request) {
		return false;
	}
	if (!io->answer_begun) {
		(void)FCGX_PutStr(
			no_answer, sizeof(no_answer) - 1, io->req.out);
	}
	FCGX_Finish_r(&io->req);
	bool open = io->req.ipcFd >= 0;
	io->req.ipcFd = -1;
	io->req.detached = 0;
	io->in_request = false;
	return open;
}

const char *gate_io_param(
	const struct gate_io *io, const char *name, size_t nth)
{
	size_t len = strlen(name);
	const char *entry;
	for (size_t i = 0; (entry = gate_io_entry(io, i)) != NULL; i++) {
		if (strncmp(entry, name, len) != 0 || entry[len] != '=') {
			continue;
		}
		if (nth == 0) {
			return entry + len + 1;
		}
		nth--;
	}
	return NULL;
}

const char *gate_io_entry(const struct gate_io *io, size_t i)
{
	if (!io->in_request) {
		return NULL;
	}
	/* libfcgi puts its own FCGI_ROLE first. */
	return io->req.envp[0] == NULL ? NULL : io->req.envp[i + 1];
}

size_t gate_io_read(struct gate_io *io, void *data, size_t size)
{
	if (!io->in_request || size == 0) {
		return 0;
	}
	int want = size > 65536 ? 65536 : (int)size;
	int got = FCGX_GetStr(data, want, io->req.in);
	return got > 0 ? (size_t)got : 0;
}

static bool begins_with_status(const char *data, size_t len)
{
	size_t prefix = sizeof(status_prefix) - 1;
	return len >= prefix && memcmp(data, status_prefix, prefix) == 0;
}

bool gate_io_write(struct gate_io *io, const void *data, size_t len)
{
	if (!io->in_request ||
		(!io->answer_begun && !begins_with_status(data, len))) {
		return false;
	}
	io->answer_begun = true;
	const char *rest = data;
	while (len > 0) {
		int part = len > 65536 ? 65536 : (int)len;
		if (FCGX_PutStr(rest, part, io->req.out) != part) {
			return false;
		}
		rest += part;
		len -= (size_t)part;
	}
	return true;
}
