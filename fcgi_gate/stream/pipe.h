/* SPDX-License-Identifier: MIT */
#ifndef GATE_STREAM_PIPE_H
#define GATE_STREAM_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/frames.h"

/* Bytes that are read at once, and the most that waits in one direction. */
#define GATE_PIPE_SIZE 65536
/* Kept free behind them, for what the relay says itself at the end. */
#define GATE_PIPE_SPARE 512

/*
 * One direction of a connection. What the receiver does not take at once
 * waits here, and until it is gone nothing more is read: that is all the
 * flow control there is. While nothing waits no memory is held.
 */
struct gate_pipe {
	uint8_t *data; /* NULL: nothing waits */
	size_t start;  /* what is before was sent */
	size_t end;
	size_t border;    /* in data: the end of the last whole message */
	int64_t moved_ms; /* when it last went on; while something waits */
	bool is_over;     /* the sender will send no more */
	struct gate_frames frames;
};

void gate_pipe_finish(struct gate_pipe *pipe);

/* Room for len more bytes behind what waits, GATE_PIPE_SIZE and the spare in
 * all; NULL: out of memory, or there is not so much. */
uint8_t *gate_pipe_room(struct gate_pipe *pipe, size_t len);
/* Adds them; false as above. */
bool gate_pipe_add(struct gate_pipe *pipe, const void *data, size_t len);

/* Sends what waits, as much as fd takes. false: the receiver is gone. */
bool gate_pipe_flush(struct gate_pipe *pipe, int fd);
/* Sends data behind what waits; the rest waits. border as of gate_frames_seen.
 * false: the receiver is gone, or out of memory. */
bool gate_pipe_send(struct gate_pipe *pipe, int fd, const uint8_t *data,
	size_t len, size_t border);

/* Forgets what waits behind the last whole message, so that another one can
 * be added. false: one is under way. */
bool gate_pipe_cut(struct gate_pipe *pipe);

#endif
