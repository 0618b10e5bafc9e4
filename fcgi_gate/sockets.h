/* SPDX-License-Identifier: MIT */
#ifndef GATE_SOCKETS_H
#define GATE_SOCKETS_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "config/config.h"

/* What a socket is for. */
enum gate_socket_role {
	GATE_SOCKET_CHECK,
	GATE_SOCKET_PAGES,
	GATE_SOCKET_STREAM,
	GATE_SOCKET_COUNT,
};

/* One listening socket: made in RUN_DIR, or handed in. */
struct gate_socket {
	int fd; /* -1: none; non-blocking, close-on-exec */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	bool made; /* by us: removed at the end, if it still is this file */
	dev_t dev;
	ino_t ino;
};

struct gate_sockets {
	struct gate_socket of[GATE_SOCKET_COUNT];
	int lock_fd; /* of RUN_DIR/gate.lock; -1: all were handed in */
};

/* "check", "pages", "stream": the base name of the path, and the name in
 * LISTEN_FDNAMES. */
const char *gate_socket_name(enum gate_socket_role role);
/* Does this configuration ask for a socket of this role? */
bool gate_socket_wanted(
	const struct stauth_config *config, enum gate_socket_role role);

/*
 * Takes what systemd hands in (LISTEN_FDS) and makes the rest in RUN_DIR.
 * Returns 0, or the exit status after a line in the log: 73 another file is
 * in the way, 75 another gate lives there, 77 and 78 as everywhere.
 */
int gate_sockets_open(
	const struct stauth_config *config, struct gate_sockets *ret_sockets);
/* Closes, and removes the files that open made. */
void gate_sockets_close(struct gate_sockets *sockets);
/* In a child: closes all but this one (GATE_SOCKET_COUNT: all), and leaves
 * the files alone. Returns its descriptor, or -1. */
int gate_sockets_keep(struct gate_sockets *sockets, enum gate_socket_role role);

/* sockets_inherit.c, for gate_sockets_open: the part for systemd. */
int gate_sockets_inherit(
	const struct stauth_config *config, struct gate_sockets *sockets);

#endif
