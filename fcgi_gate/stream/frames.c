/* SPDX-License-Identifier: MIT */
#include "stream/frames.h"

#include "base/banned.h"

#define FIN      0x80
#define OPCODE   0x0f
#define MASK     0x80
#define LENGTH   0x7f
#define LENGTH16 126
#define LENGTH64 127

#define OP_CONTINUATION 0
#define OP_BINARY       2
#define OP_CLOSE        8
#define OP_PONG         10
#define CONTROL_MAX     125

bool gate_frames_at_border(const struct gate_frames *frames)
{
	return frames->left == 0 && frames->head_len == 0 &&
	       !frames->in_message;
}

/* Bytes of the length behind the first two. */
static uint8_t length_size(const struct gate_frames *frames)
{
	switch (frames->head[1] & LENGTH) {
	case LENGTH16:
		return 2;
	case LENGTH64:
		return 8;
	default:
		return 0;
	}
}

static uint8_t head_size(const struct gate_frames *frames)
{
	if (frames->head_len < 2) {
		return 2;
	}
	return (uint8_t)(2 + length_size(frames) +
			 (frames->head[1] & MASK ? 4 : 0));
}

static uint64_t length_of(const struct gate_frames *frames)
{
	uint8_t size = length_size(frames);
	if (size == 0) {
		return frames->head[1] & LENGTH;
	}
	uint64_t length = 0;
	for (uint8_t i = 0; i < size; i++) {
		length = length << 8 | frames->head[2 + i];
	}
	return length;
}

/* The header is whole. */
static bool begin_frame(
	struct gate_frames *frames, struct gate_frames_seen *seen)
{
	uint8_t opcode = frames->head[0] & OPCODE;
	bool is_last = (frames->head[0] & FIN) != 0;
	uint64_t length = length_of(frames);
	if (((frames->head[1] & MASK) != 0) != frames->is_masked ||
		length > INT64_MAX) {
		return false;
	}
	if (opcode >= OP_CLOSE) {
		if (opcode > OP_PONG || !is_last || length > CONTROL_MAX) {
			return false;
		}
	} else if (opcode == OP_CONTINUATION) {
		if (!frames->in_message) {
			return false;
		}
		frames->in_message = !is_last;
	} else {
		if (opcode > OP_BINARY || frames->in_message) {
			return false;
		}
		frames->in_message = !is_last;
		seen->messages++;
	}
	frames->left = length;
	frames->head_len = 0;
	return true;
}

bool gate_frames_walk(struct gate_frames *frames, const uint8_t *data,
	size_t len, struct gate_frames_seen *ret_seen)
{
	*ret_seen = (struct gate_frames_seen){.border = GATE_NO_BORDER};
	if (gate_frames_at_border(frames)) {
		ret_seen->border = 0;
	}
	size_t at = 0;
	while (at < len) {
		if (frames->left > 0) {
			size_t step = len - at;
			if (step > frames->left) {
				step = (size_t)frames->left;
			}
			frames->left -= step;
			at += step;
		} else {
			frames->head[frames->head_len++] = data[at++];
			if (frames->head_len == head_size(frames) &&
				!begin_frame(frames, ret_seen)) {
				return false;
			}
		}
		if (gate_frames_at_border(frames)) {
			ret_seen->border = at;
		}
	}
	return true;
}
