/* SPDX-License-Identifier: MIT */
/*
 * Sockets that systemd hands in.
 *
 *  1. Only those that are meant for this process (LISTEN_PID) are taken.
 *  2. The role of a socket MUST come from its name in LISTEN_FDNAMES, else
 *     from the base name of its path; one without a role, or a second one for
 *     the same role, MUST end the start: a page socket that answers checks
 *     would be a hole.
 *  3. It MUST be a listening stream socket of the AF_UNIX family, because
 *     who may connect is decided by its mode.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/codec.h"
#include "listen.h"
#include "log.h"

#include "base/banned.h"

#define FIRST_FD 3
#define FDS_MAX  64

enum role {
	ROLE_UNKNOWN,
	ROLE_CHECK,
	ROLE_PAGES,
	ROLE_STREAM,
};

static enum role role_of(const char *name, size_t len)
{
	static const struct {
		const char *name;
		enum role role;
	} roles[] = {
		{"check", ROLE_CHECK},
		{"pages", ROLE_PAGES},
		{"stream", ROLE_STREAM},
	};
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strlen(roles[i].name) == len &&
			memcmp(roles[i].name, name, len) == 0) {
			return roles[i].role;
		}
	}
	return ROLE_UNKNOWN;
}

/* "/run/stauth/check.sock" is check. */
static enum role role_of_path(const char *path)
{
	static const char suffix[] = ".sock";
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	size_t len = strlen(base);
	size_t suffix_len = sizeof(suffix) - 1;
	if (len <= suffix_len || strcmp(base + len - suffix_len, suffix) != 0) {
		return ROLE_UNKNOWN;
	}
	return role_of(base, len - suffix_len);
}

static bool is_listening(int fd)
{
	int listens = 0;
	socklen_t len = sizeof(listens);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0) {
		return false;
	}
	int type = 0;
	len = sizeof(type);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0) {
		return false;
	}
	return listens && type == SOCK_STREAM;
}

/* The path goes to out; an abstract name is shown with an @. */
static bool unix_path(int fd, char *out, size_t size)
{
	struct sockaddr_un addr = {.sun_family = AF_UNSPEC};
	socklen_t len = sizeof(addr);
	if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0 ||
		addr.sun_family != AF_UNIX || len > sizeof(addr)) {
		return false;
	}
	size_t path_len = len - offsetof(struct sockaddr_un, sun_path);
	if (path_len >= size) {
		return false;
	}
	memcpy(out, addr.sun_path, path_len);
	out[path_len] = '\0';
	if (path_len > 0 && out[0] == '\0') {
		out[0] = '@';
	}
	return true;
}

static bool own_fd(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	       fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static void remember_file(struct gate_socket *sock)
{
	struct stat st;
	if (lstat(sock->path, &st) == 0) {
		sock->dev = st.st_dev;
		sock->ino = st.st_ino;
	}
}

static int place(struct gate_socket *to, const struct gate_socket *from)
{
	if (to->fd >= 0) {
		gate_log("LISTEN_FDS: two sockets for one role: %s, %s",
			to->path, from->path);
		return EX_CONFIG;
	}
	*to = *from;
	return 0;
}

static int take(
	struct gate_sockets *sockets, int fd, const char *name, size_t name_len)
{
	struct gate_socket taken = {.fd = fd};
	if (!is_listening(fd) ||
		!unix_path(fd, taken.path, sizeof(taken.path)) || !own_fd(fd)) {
		gate_log("LISTEN_FDS: descriptor %d is no listening unix "
			 "stream socket",
			fd);
		return EX_CONFIG;
	}
	remember_file(&taken);
	enum role role = role_of(name, name_len);
	if (role == ROLE_UNKNOWN) {
		role = role_of_path(taken.path);
	}
	switch (role) {
	case ROLE_CHECK:
		return place(&sockets->check, &taken);
	case ROLE_PAGES:
		return place(&sockets->pages, &taken);
	case ROLE_STREAM:
		gate_log("%s is not served: this build has no relay",
			taken.path);
		close(fd);
		return 0;
	case ROLE_UNKNOWN:
		break;
	}
	gate_log("LISTEN_FDS: descriptor %d (%.*s, %s) is for none of check, "
		 "pages, stream",
		fd, (int)name_len, name, taken.path);
	return EX_CONFIG;
}

static int take_all(struct gate_sockets *sockets, int count, const char *names)
{
	for (int i = 0; i < count; i++) {
		size_t len = strcspn(names, ":");
		int status = take(sockets, FIRST_FD + i, names, len);
		if (status != 0) {
			return status;
		}
		names += len + (names[len] == ':' ? 1 : 0);
	}
	return 0;
}

int gate_sockets_inherit(struct gate_sockets *sockets)
{
	const char *pid_text = getenv("LISTEN_PID");
	const char *count_text = getenv("LISTEN_FDS");
	const char *names = getenv("LISTEN_FDNAMES");
	int64_t pid;
	if (pid_text == NULL || count_text == NULL ||
		!stauth_parse_int(pid_text, 1, INT32_MAX, &pid) ||
		pid != getpid()) {
		return 0;
	}
	int64_t count;
	if (!stauth_parse_int(count_text, 0, FDS_MAX, &count)) {
		gate_log("LISTEN_FDS=%s is no number of sockets", count_text);
		return EX_CONFIG;
	}
	int status = take_all(sockets, (int)count, names == NULL ? "" : names);
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	return status;
}
