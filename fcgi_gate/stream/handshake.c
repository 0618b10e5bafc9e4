/* SPDX-License-Identifier: MIT */
/*
 * nginx's request. MUSTs:
 *  1. Only apps of APP_UPSTREAM are connected to.
 *  2. Without a session only what nginx marked as optional goes on, and then
 *     without questions; any other is sent to the log-in page.
 */
#include "stream/handshake.h"

#include <errno.h>
#include <unistd.h>

#include "stream/app.h"
#include "stream/end.h"
#include "stream/session.h"

#include "base/banned.h"

/* The whole head of nginx's request waits to go up. */
static void begin(struct gate_relay *relay, struct gate_stream *stream)
{
	struct gate_pipe *up = &stream->up;
	size_t len = up->end;
	int status = gate_head_read((char *)up->data, &len, &stream->head);
	if (status != 0) {
		gate_stream_refuse(stream, status,
			status == 400 ? "Bad Request" : "Service Unavailable");
		return;
	}
	up->end = len;
	stream->opened_at = relay->ctx.check->ops->now(relay->ctx.check);
	const struct gate_stream_head *head = &stream->head;
	stream->app = gate_upstreams_find(&relay->upstreams, head->app);
	if (stream->app == NULL && head->app[0] != '\0') {
		gate_relay_log_fault(relay,
			"an app that is not in APP_UPSTREAM was asked "
			"for");
		gate_stream_refuse(stream, 403, "Forbidden");
		return;
	}
	if (head->handle[0] == '\0' && !head->is_optional) {
		gate_stream_send_away(stream);
		return;
	}
	if (stream->app == NULL) {
		gate_relay_log_fault(relay, "APP_UPSTREAM is not set");
		gate_stream_refuse_fault(stream);
		return;
	}
	if (head->handle[0] == '\0') {
		gate_app_connect(stream);
		return;
	}
	gate_stream_enter(stream, GATE_STREAM_ASKED, GATE_STREAM_FAULT_MS);
	gate_session_ask(relay, stream);
}

void gate_handshake_read(struct gate_relay *relay, struct gate_stream *stream)
{
	struct gate_pipe *up = &stream->up;
	uint8_t *room = gate_pipe_room(up, 1);
	if (room == NULL) {
		gate_stream_refuse_fault(stream);
		return;
	}
	ssize_t got = read(stream->peers[GATE_SIDE_USER].fd, room,
		GATE_PIPE_SIZE - up->end);
	if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (got <= 0) {
		gate_stream_die(stream);
		return;
	}
	up->end += (size_t)got;
	size_t size = gate_head_size((const char *)up->data, up->end);
	if (size == 0 && up->end == GATE_PIPE_SIZE) {
		gate_stream_refuse(stream, 413, "Content Too Large");
	} else if (size != 0 && size != up->end) {
		gate_stream_refuse(stream, 400, "Bad Request"); /* a body */
	} else if (size != 0) {
		begin(relay, stream);
	}
}
