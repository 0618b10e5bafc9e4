/* SPDX-License-Identifier: MIT */
/*
 * How a connection ends that its peers do not end. MUSTs:
 *  1. From that moment on nothing of the user reaches the app.
 *  2. The relay speaks between two messages of the app, never within one.
 *  3. It is over within ENDING_MS, HOLD_MS and LAST_MS, whatever the browser
 *     does.
 *  4. A page that is being left, for its log-out has just ended the session,
 *     must not be loaded again: it has HOLD_MS to be gone. Nothing passes
 *     then.
 */
#include "stream/end.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#include "base/banned.h"

#define ENDING_MS 500
#define HOLD_MS   400 /* to the next round, so 500 */
#define LAST_MS   1000

#define CLOSE_SESSION 4401

/* ForwardMsg.auth_redirect with an empty URL: the page loads itself again. */
static const uint8_t reload_frame[] = {0x82, 0x03, 0xc2, 0x01, 0x00};

const struct gate_farewell gate_session_over = {CLOSE_SESSION, true};

void gate_stream_enter(struct gate_stream *stream, enum gate_stream_phase phase,
	int64_t limit_ms)
{
	stream->phase = phase;
	stream->deadline_ms = limit_ms == 0 ? 0 : stauth_boot_ms() + limit_ms;
}

void gate_stream_die(struct gate_stream *stream)
{
	stream->phase = GATE_STREAM_DEAD;
}

static void leave_app(struct gate_stream *stream)
{
	struct gate_peer *app = &stream->peers[GATE_SIDE_APP];
	if (app->fd >= 0) {
		close(app->fd); /* epoll forgets it, too */
	}
	*app = (struct gate_peer){.fd = -1};
	gate_pipe_finish(&stream->up);
}

/* What waits goes to the user, and that is all. */
static void send_last(struct gate_stream *stream)
{
	leave_app(stream);
	gate_stream_enter(stream, GATE_STREAM_LAST, LAST_MS);
	int fd = stream->peers[GATE_SIDE_USER].fd;
	if (!gate_pipe_flush(&stream->down, fd)) {
		gate_stream_die(stream);
	} else if (stream->down.data == NULL) {
		(void)shutdown(fd, SHUT_WR);
	}
}

void gate_stream_refuse(
	struct gate_stream *stream, int status, const char *reason)
{
	char text[128];
	int len = snprintf(text, sizeof(text),
		"HTTP/1.1 %d %s\r\nContent-Length: 0\r\n"
		"Connection: close\r\n\r\n",
		status, reason);
	gate_pipe_finish(&stream->down);
	if (!gate_pipe_add(&stream->down, text, (size_t)len)) {
		gate_stream_die(stream);
		return;
	}
	send_last(stream);
}

void gate_stream_refuse_fault(struct gate_stream *stream)
{
	gate_stream_refuse(stream, 503, "Service Unavailable");
}

/* Behind a whole message. */
void gate_stream_farewell(struct gate_stream *stream)
{
	const struct gate_farewell *farewell = &stream->farewell;
	int64_t hold_ms = stream->farewell_ms - stauth_boot_ms();
	if (hold_ms > 0) {
		leave_app(stream);
		gate_stream_enter(stream, GATE_STREAM_HELD, hold_ms);
		return;
	}
	const uint8_t close_frame[] = {0x88, 0x02,
		(uint8_t)(farewell->code >> 8), (uint8_t)farewell->code};
	if ((farewell->must_reload &&
		    !gate_pipe_add(&stream->down, reload_frame,
			    sizeof(reload_frame))) ||
		!gate_pipe_add(
			&stream->down, close_frame, sizeof(close_frame))) {
		gate_stream_die(stream);
		return;
	}
	send_last(stream);
}

/* A handshake is answered before the browser is sent away. */
void gate_stream_send_away(struct gate_stream *stream)
{
	char text[256];
	size_t len = gate_head_switch(
		stream->head.accept, stream->head.protocol, text, sizeof(text));
	gate_pipe_finish(&stream->down);
	if (len == 0 || !gate_pipe_add(&stream->down, text, len)) {
		gate_stream_die(stream);
		return;
	}
	stream->farewell = gate_session_over;
	gate_stream_farewell(stream);
}

void gate_stream_end(
	struct gate_stream *stream, const struct gate_farewell *farewell)
{
	stream->farewell = *farewell;
	stream->farewell_ms =
		farewell->must_reload ? stauth_boot_ms() + HOLD_MS : 0;
	/* From here on nothing of the user reaches the app. */
	gate_pipe_finish(&stream->up);
	if (gate_pipe_cut(&stream->down)) {
		gate_stream_farewell(stream);
		return;
	}
	gate_stream_enter(stream, GATE_STREAM_ENDING, ENDING_MS);
}
