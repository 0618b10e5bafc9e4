/* SPDX-License-Identifier: MIT */
#ifndef GATE_STREAM_FRAMES_H
#define GATE_STREAM_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GATE_NO_BORDER SIZE_MAX

/*
 * Where in a stream of WebSocket frames (RFC 6455 §5) one is. It looks at
 * headers and counts payloads; it keeps and changes nothing. All zero is the
 * beginning.
 */
struct gate_frames {
	uint64_t left; /* bytes of a payload that are still to come */
	uint8_t head[14];
	uint8_t head_len; /* bytes of a header that came; 0: none began */
	bool is_masked;   /* the frames of this side are: a browser's */
	bool in_message;  /* more frames of this message are to come */
};

struct gate_frames_seen {
	/* How far the data go to the end of a message, all of them counted:
	 * there another one may be inserted. GATE_NO_BORDER: nowhere. */
	size_t border;
	size_t messages; /* text or binary, that began in the data */
};

/* Is this the end of a message, or the beginning? */
bool gate_frames_at_border(const struct gate_frames *frames);

/* Walks over the next len bytes, however they were cut. false: this is no
 * WebSocket. */
bool gate_frames_walk(struct gate_frames *frames, const uint8_t *data,
	size_t len, struct gate_frames_seen *ret_seen);

#endif
