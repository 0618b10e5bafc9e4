/* SPDX-License-Identifier: MIT */
#include "stream/pipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

#include "base/banned.h"

void gate_pipe_finish(struct gate_pipe *pipe)
{
	free(pipe->data);
	pipe->data = NULL;
	pipe->start = 0;
	pipe->end = 0;
	pipe->border = GATE_NO_BORDER;
}

uint8_t *gate_pipe_room(struct gate_pipe *pipe, size_t len)
{
	if (pipe->data == NULL) {
		gate_pipe_finish(pipe);
		pipe->data = malloc(GATE_PIPE_SIZE + GATE_PIPE_SPARE);
		pipe->moved_ms = stauth_boot_ms();
	}
	if (pipe->data == NULL ||
		len > GATE_PIPE_SIZE + GATE_PIPE_SPARE - pipe->end) {
		return NULL;
	}
	return pipe->data + pipe->end;
}

bool gate_pipe_add(struct gate_pipe *pipe, const void *data, size_t len)
{
	uint8_t *room = gate_pipe_room(pipe, len);
	if (room == NULL) {
		return false;
	}
	memcpy(room, data, len);
	pipe->end += len;
	return true;
}

/* Bytes sent; -1: the receiver is gone. */
static ssize_t send_some(int fd, const uint8_t *data, size_t len)
{
	ssize_t sent;
	do {
		sent = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno == EAGAIN) {
		return 0;
	}
	return sent;
}

bool gate_pipe_flush(struct gate_pipe *pipe, int fd)
{
	if (pipe->data == NULL) {
		return true;
	}
	ssize_t sent = send_some(
		fd, pipe->data + pipe->start, pipe->end - pipe->start);
	if (sent < 0) {
		return false;
	}
	if (sent > 0) {
		pipe->start += (size_t)sent;
		pipe->moved_ms = stauth_boot_ms();
	}
	if (pipe->start == pipe->end) {
		gate_pipe_finish(pipe);
	}
	return true;
}

bool gate_pipe_send(struct gate_pipe *pipe, int fd, const uint8_t *data,
	size_t len, size_t border)
{
	ssize_t sent = 0;
	if (pipe->data == NULL) {
		sent = send_some(fd, data, len);
		if (sent < 0) {
			return false;
		}
		if ((size_t)sent == len) {
			return true;
		}
	}
	size_t before = pipe->data == NULL ? 0 : pipe->end;
	if (!gate_pipe_add(pipe, data + sent, len - (size_t)sent)) {
		return false;
	}
	if (border != GATE_NO_BORDER && border >= (size_t)sent) {
		pipe->border = before + border - (size_t)sent;
	}
	return true;
}

bool gate_pipe_cut(struct gate_pipe *pipe)
{
	if (pipe->data == NULL) {
		return gate_frames_at_border(&pipe->frames);
	}
	if (pipe->border == GATE_NO_BORDER || pipe->border < pipe->start) {
		return false;
	}
	pipe->end = pipe->border;
	return true;
}
