/* SPDX-License-Identifier: MIT */
#ifndef PAMST_SPAWN_H
#define PAMST_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct pamst_helper {
	pid_t pid; /* of the process above the helper */
	int fd;    /* the helper's socket */
};

/*
 * Starts the helper at path; whatever still runs at deadline_ms (boot time)
 * is killed. pamst_spawn_end reaps it. false: not started.
 *
 * Leaves nothing behind in the host: no zombie, no SIGCHLD, no descriptor, no
 * changed signal or mask; uses no memory but the stack.
 */
bool pamst_spawn(
	const char *path, int64_t deadline_ms, struct pamst_helper *ret_helper);
void pamst_spawn_end(struct pamst_helper *helper);

#endif
