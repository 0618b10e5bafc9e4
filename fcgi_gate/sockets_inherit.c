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
#include "log.h"
#include "sockets.h"

#include "base/banned.h"

#define FIRST_FD 3
#define FDS_MAX  64

/* By its name, else by its path: "/run/stauth/check.sock" is check.
 * GATE_SOCKET_COUNT: neither says. */
static enum gate_socket_role find_role(
	const char *name, size_t name_len, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	int by_path = GATE_SOCKET_COUNT;
	for (int role = 0; role < GATE_SOCKET_COUNT; role++) {
		const char *own = gate_socket_name(role);
		size_t len = strlen(own);
		if (len == name_len && memcmp(own, name, len) == 0) {
			return role;
		}
		if (strncmp(own, base, len) == 0 &&
			strcmp(base + len, ".sock") == 0) {
			by_path = role;
		}
	}
	return by_path;
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

static int take(const struct stauth_config *config,
	struct gate_sockets *sockets, int fd, const char *name, size_t name_len)
{
	struct gate_socket taken = {.fd = fd};
	if (!is_listening(fd) ||
		!unix_path(fd, taken.path, sizeof(taken.path)) ||
		fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
		fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
		gate_log("LISTEN_FDS: descriptor %d is not a listening unix "
			 "stream socket",
			fd);
		return EX_CONFIG;
	}
	enum gate_socket_role role = find_role(name, name_len, taken.path);
	if (role == GATE_SOCKET_COUNT) {
		gate_log("LISTEN_FDS: descriptor %d (%.*s, %s) is none of "
			 "check, pages, stream",
			fd, (int)name_len, name, taken.path);
		return EX_CONFIG;
	}
	if (!gate_socket_wanted(config, role)) {
		/* Who connects is answered, not left waiting. */
		gate_log("warning: %s: APP_UPSTREAM is not set, so WebSockets "
			 "get 503",
			taken.path);
	}
	if (sockets->of[role].fd >= 0) {
		gate_log("LISTEN_FDS: two sockets for %s: %s, %s",
			gate_socket_name(role), sockets->of[role].path,
			taken.path);
		return EX_CONFIG;
	}
	sockets->of[role] = taken;
	return 0;
}

int gate_sockets_inherit(
	const struct stauth_config *config, struct gate_sockets *sockets)
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
		gate_log(
			"LISTEN_FDS=%s is not a number of sockets", count_text);
		return EX_CONFIG;
	}
	names = names == NULL ? "" : names;
	int status = 0;
	for (int i = 0; i < count && status == 0; i++) {
		size_t len = strcspn(names, ":");
		status = take(config, sockets, FIRST_FD + i, names, len);
		names += len + (names[len] == ':' ? 1 : 0);
	}
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	return status;
}
