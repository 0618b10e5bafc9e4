/* SPDX-License-Identifier: MIT */
#ifndef GATE_LISTEN_H
#define GATE_LISTEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "config/config.h"

/* One listening socket: ours by path, or handed in. */
struct gate_socket {
	int fd; /* -1: none yet; non-blocking, close-on-exec */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	bool made; /* by us: removed at the end, if it still is this file */
	bool told; /* that it is not this file any more */
	dev_t dev;
	ino_t ino;
};

struct gate_sockets {
	struct gate_socket check;
	struct gate_socket pages;
	int lock_fd;           /* of RUN_DIR; -1: all sockets were handed in */
	int64_t mend_again_ms; /* after a try that failed */
};

/*
 * Takes what systemd hands in (LISTEN_FDS) and makes the rest in RUN_DIR.
 * Returns 0, or the exit status after a line in the log: 73 something else is
 * in the way, 75 another gate lives there, 77 and 78 as everywhere.
 */
int gate_sockets_open(
	const struct stauth_config *config, struct gate_sockets *ret_sockets);
/* Closes, and removes the files that open made. */
void gate_sockets_close(struct gate_sockets *sockets);

/*
 * Looks whether the sockets' files are still there as they were, and puts
 * right what can be put right of those that open made: nginx finds a socket
 * by its file. true: one was made anew, and who listens on the old one hears
 * nobody any more. What fails is told, and tried again a minute later.
 */
bool gate_sockets_mend(
	const struct stauth_config *config, struct gate_sockets *sockets);

/* The part for systemd; 0 or an exit status. */
int gate_sockets_inherit(struct gate_sockets *sockets);

#endif
