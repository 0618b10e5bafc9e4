/* SPDX-License-Identifier: MIT */
#ifndef PAMST_ASK_H
#define PAMST_ASK_H

#include "wire.h"

/* Longest a host waits: 20 s for a hashing slot, and some for the rest. */
#define PAMST_ASK_MS 30000

/*
 * Spawns the helper, hands it the question, waits for its answer. true: a
 * whole answer is in *ret_answer. false: none came (*ret_why, a static
 * string for the log, says at which step).
 *
 * Leaves nothing behind in the host: no zombie, no SIGCHLD, no descriptor, no
 * changed signal or mask; uses no memory but the stack.
 */
bool pamst_ask(const char *helper, const struct pamst_frame *question,
	struct pamst_frame *ret_answer, const char **ret_why);

#endif
