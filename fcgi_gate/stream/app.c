/* SPDX-License-Identifier: MIT */
/* The app's side of a handshake: its addresses are tried in turn, and what it
 * answers decides what the connection becomes. */
#include "stream/app.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stream/end.h"

#include "base/banned.h"

#define CONNECT_MS  5000  /* to one address */
#define ANSWER_MS   60000 /* an app may be busy */
#define ANSWER_HEAD 16384

void gate_app_connect(struct gate_stream *stream)
{
	const struct gate_upstream *app = stream->app;
	errno = EHOSTUNREACH;
	int fd = -1;
	while (fd < 0 && stream->address < app->address_count) {
		fd = gate_upstream_connect(app, stream->address);
		stream->address += fd < 0 ? 1 : 0;
	}
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
			gate_stream_refuse_fault(stream);
			return;
		}
		gate_stream_refuse(stream, 502, "Bad Gateway");
		return;
	}
	stream->peers[GATE_SIDE_APP].fd = fd;
	gate_stream_enter(stream, GATE_STREAM_CONNECT, CONNECT_MS);
}

void gate_app_try_next(struct gate_stream *stream)
{
	struct gate_peer *app = &stream->peers[GATE_SIDE_APP];
	close(app->fd);
	*app = (struct gate_peer){.fd = -1};
	stream->address++;
	gate_app_connect(stream);
}

void gate_app_connected(struct gate_stream *stream)
{
	struct gate_peer *app = &stream->peers[GATE_SIDE_APP];
	int error = 0;
	socklen_t len = sizeof(error);
	if (getsockopt(app->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 ||
		error != 0) {
		gate_app_try_next(stream);
		return;
	}
	gate_stream_enter(stream, GATE_STREAM_ANSWER, ANSWER_MS);
	if (!gate_pipe_flush(&stream->up, app->fd)) {
		gate_stream_refuse(stream, 502, "Bad Gateway");
	}
}

/* What came behind the head of the answer are frames. */
static bool open_frames(struct gate_stream *stream, size_t head_size)
{
	struct gate_pipe *down = &stream->down;
	struct gate_frames_seen seen;
	if (!gate_frames_walk(&down->frames, down->data + head_size,
		    down->end - head_size, &seen)) {
		return false;
	}
	if (seen.border != GATE_NO_BORDER) {
		down->border = head_size + seen.border;
	}
	return true;
}

void gate_app_answer(struct gate_stream *stream)
{
	struct gate_pipe *down = &stream->down;
	uint8_t *room = gate_pipe_room(down, ANSWER_HEAD - down->end);
	ssize_t got = room == NULL ? -1
				   : read(stream->peers[GATE_SIDE_APP].fd, room,
					     ANSWER_HEAD - down->end);
	if (room != NULL && got < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (got <= 0) {
		gate_stream_refuse(stream, 502, "Bad Gateway");
		return;
	}
	down->end += (size_t)got;
	size_t size = gate_head_size((const char *)down->data, down->end);
	if (size == 0) {
		if (down->end == ANSWER_HEAD) {
			gate_stream_refuse(stream, 502, "Bad Gateway");
		}
		return;
	}
	if (gate_head_status((const char *)down->data, size) != 101) {
		gate_stream_enter(stream, GATE_STREAM_PLAIN, ANSWER_MS);
	} else if (open_frames(stream, size)) {
		gate_stream_enter(stream, GATE_STREAM_OPEN, 0);
	} else {
		gate_stream_refuse(stream, 502, "Bad Gateway");
		return;
	}
	if (!gate_pipe_flush(down, stream->peers[GATE_SIDE_USER].fd)) {
		gate_stream_die(stream);
	}
}
