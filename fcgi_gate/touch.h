/* SPDX-License-Identifier: MIT */
#ifndef GATE_TOUCH_H
#define GATE_TOUCH_H

#include <stdint.h>

#define GATE_TOUCH_RECENT 8192 /* sessions that are remembered */

/* Reports sessions in use to the touch worker (touch_worker.c), through a
 * pipe, when their last_seen_at is due to move: neither a check nor the relay
 * writes to the store. Zeroed memory is valid. */
struct gate_touch {
	int fd; /* non-blocking */
	int64_t due_s;
	/* Those that were reported, until the store has it. */
	struct gate_touch_recent {
		uint64_t bits; /* of the handle, which is random */
		int64_t at;
	} recent[GATE_TOUCH_RECENT];
};

/* idle_s: the idle limit, 0 none. */
void gate_touch_init(struct gate_touch *touch, int fd, int64_t idle_s);
/* If the pipe is full nothing is reported, and the next use of the session
 * tries again. */
void gate_touch_note(struct gate_touch *touch, const char *handle,
	int64_t last_seen_at, int64_t now_s);

#endif
