/* SPDX-License-Identifier: MIT */
/*
 * A WebSocket from nginx to an app. MUSTs:
 *  1. Bytes pass as they came. A peer that does not speak WebSocket is cut
 *     off.
 *  2. No peer MUST be waited for without a limit, or make the relay keep more
 *     than one buffer a direction. A quiet WebSocket has no limit: its
 *     session has one.
 *  3. A text or binary message of the user is a use of the session; nothing
 *     else is.
 */
#include "stream/relay.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "stream/app.h"
#include "stream/end.h"
#include "stream/handshake.h"
#include "stream/session.h"

#include "base/banned.h"

#define HEAD_MS   5000  /* nginx sends its request in one write */
#define STALL_MS  60000 /* a peer that takes nothing */
#define READS_MAX 4     /* of one side, then the others have a turn */

#define CLOSE_RESTART 1012

uint64_t gate_relay_event_tag(
	const struct gate_stream *stream, enum gate_side side)
{
	uint64_t tag = gate_stream_tag(stream);
	return (tag & ~(uint64_t)UINT32_MAX) | (tag & UINT32_MAX) << 1 |
	       (uint64_t)side;
}

/* --- what epoll waits for */

static uint32_t events_of(const struct gate_stream *stream, enum gate_side side)
{
	bool is_user = side == GATE_SIDE_USER;
	const struct gate_pipe *out = is_user ? &stream->down : &stream->up;
	const struct gate_pipe *in = is_user ? &stream->up : &stream->down;
	uint32_t may_read =
		in->data == NULL && !in->is_over ? (uint32_t)EPOLLIN : 0;
	uint32_t must_send = out->data != NULL ? (uint32_t)EPOLLOUT : 0;
	switch (stream->phase) {
	case GATE_STREAM_HEAD:
		return is_user ? EPOLLIN : 0;
	case GATE_STREAM_CONNECT:
		return is_user ? 0 : EPOLLOUT;
	case GATE_STREAM_ANSWER:
		return is_user ? 0 : EPOLLIN | must_send;
	case GATE_STREAM_OPEN:
		return may_read | must_send;
	case GATE_STREAM_PLAIN:
	case GATE_STREAM_ENDING:
		return is_user ? must_send : may_read;
	case GATE_STREAM_HELD:
		return is_user ? must_send : 0;
	case GATE_STREAM_LAST:
		return !is_user ? 0 : must_send != 0 ? must_send : EPOLLIN;
	case GATE_STREAM_ASKED:
	case GATE_STREAM_DEAD:
		break;
	}
	return 0;
}

static bool watch(struct gate_relay *relay, struct gate_stream *stream,
	enum gate_side side)
{
	struct gate_peer *peer = &stream->peers[side];
	uint32_t events = peer->fd < 0 ? 0 : events_of(stream, side);
	if (peer->events == events) {
		return true;
	}
	/* Nothing to wait for: out of epoll, which would report a peer that
	 * hung up again and again. */
	int op = peer->events == 0 ? EPOLL_CTL_ADD
		 : events == 0     ? EPOLL_CTL_DEL
				   : EPOLL_CTL_MOD;
	struct epoll_event event = {.events = events,
		.data.u64 = gate_relay_event_tag(stream, side)};
	peer->events = events;
	return epoll_ctl(relay->epoll_fd, op, peer->fd, &event) == 0;
}

/* After all that happened to a connection. */
static void settle(struct gate_relay *relay, struct gate_stream *stream)
{
	bool is_done = (stream->up.is_over && stream->up.data == NULL) ||
		       (stream->down.is_over && stream->down.data == NULL);
	if ((stream->phase == GATE_STREAM_OPEN ||
		    stream->phase == GATE_STREAM_PLAIN) &&
		is_done) {
		gate_stream_die(stream);
	}
	if (stream->phase != GATE_STREAM_DEAD &&
		!(watch(relay, stream, GATE_SIDE_USER) &&
			watch(relay, stream, GATE_SIDE_APP))) {
		gate_stream_die(stream);
	}
	if (stream->phase == GATE_STREAM_DEAD) {
		relay->has_changed = true;
		gate_streams_remove(relay->streams, stream);
	}
}

/* --- bytes */

static void note_use(struct gate_relay *relay, struct gate_stream *stream)
{
	int64_t now_s = relay->ctx.check->ops->now(relay->ctx.check);
	stream->message_at = now_s;
	if (stream->head.handle[0] != '\0') {
		gate_touch_note(&relay->touch, stream->head.handle,
			stream->last_seen_at, now_s);
	}
}

/* A chunk that came from one side goes to the other. */
static void pass(struct gate_relay *relay, struct gate_stream *stream,
	enum gate_side from, size_t len)
{
	bool is_up = from == GATE_SIDE_USER;
	struct gate_pipe *pipe = is_up ? &stream->up : &stream->down;
	int fd = stream->peers[is_up ? GATE_SIDE_APP : GATE_SIDE_USER].fd;
	struct gate_frames_seen seen = {.border = GATE_NO_BORDER};
	bool is_plain = stream->phase == GATE_STREAM_PLAIN;
	if (!is_plain &&
		!gate_frames_walk(&pipe->frames, relay->chunk, len, &seen)) {
		gate_stream_die(stream);
		return;
	}
	if (is_up && seen.messages > 0) {
		note_use(relay, stream);
	}
	bool is_last = stream->phase == GATE_STREAM_ENDING &&
		       seen.border != GATE_NO_BORDER;
	if (is_last) {
		len = seen.border;
	}
	if (!gate_pipe_send(pipe, fd, relay->chunk, len, seen.border)) {
		gate_stream_die(stream);
	} else if (is_last) {
		gate_stream_farewell(stream);
	}
}

static void pump(struct gate_relay *relay, struct gate_stream *stream,
	enum gate_side from)
{
	struct gate_pipe *pipe =
		from == GATE_SIDE_USER ? &stream->up : &stream->down;
	enum gate_stream_phase phase = stream->phase;
	for (int i = 0; i < READS_MAX && stream->phase == phase; i++) {
		if (pipe->data != NULL || pipe->is_over) {
			return;
		}
		ssize_t got = read(stream->peers[from].fd, relay->chunk,
			sizeof(relay->chunk));
		if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
			return;
		}
		if (got <= 0) {
			pipe->is_over = true;
			return;
		}
		pass(relay, stream, from, (size_t)got);
		if ((size_t)got < sizeof(relay->chunk)) {
			return;
		}
	}
}

/* The user takes, and then says, what nobody needs any more. */
static void run_last(struct gate_relay *relay, struct gate_stream *stream)
{
	int fd = stream->peers[GATE_SIDE_USER].fd;
	if (stream->down.data == NULL) {
		ssize_t got = read(fd, relay->chunk, sizeof(relay->chunk));
		if (got == 0 ||
			(got < 0 && errno != EAGAIN && errno != EINTR)) {
			gate_stream_die(stream);
		}
		return;
	}
	if (!gate_pipe_flush(&stream->down, fd)) {
		gate_stream_die(stream);
	} else if (stream->down.data == NULL) {
		(void)shutdown(fd, SHUT_WR);
	}
}

static void run_open(struct gate_relay *relay, struct gate_stream *stream,
	enum gate_side side)
{
	bool is_user = side == GATE_SIDE_USER;
	struct gate_pipe *out = is_user ? &stream->down : &stream->up;
	if (!gate_pipe_flush(out, stream->peers[side].fd)) {
		gate_stream_die(stream);
		return;
	}
	if ((events_of(stream, side) & EPOLLIN) != 0) {
		pump(relay, stream, side);
	}
	/* An app that went in the middle of its message. */
	if (stream->phase == GATE_STREAM_ENDING && stream->down.is_over) {
		gate_stream_die(stream);
	}
}

void gate_relay_event(struct gate_relay *relay, uint64_t event_tag)
{
	enum gate_side side = event_tag & 1 ? GATE_SIDE_APP : GATE_SIDE_USER;
	uint64_t tag = (event_tag & ~(uint64_t)UINT32_MAX) |
		       (event_tag & UINT32_MAX) >> 1;
	struct gate_stream *stream = gate_streams_find(relay->streams, tag);
	if (stream == NULL || stream->peers[side].events == 0) {
		return;
	}
	switch (stream->phase) {
	case GATE_STREAM_HEAD:
		gate_handshake_read(relay, stream);
		break;
	case GATE_STREAM_CONNECT:
		gate_app_connected(stream);
		break;
	case GATE_STREAM_ANSWER:
		if (!gate_pipe_flush(
			    &stream->up, stream->peers[GATE_SIDE_APP].fd)) {
			gate_stream_refuse(stream, 502, "Bad Gateway");
			break;
		}
		gate_app_answer(stream);
		relay->has_changed = true;
		break;
	case GATE_STREAM_OPEN:
	case GATE_STREAM_PLAIN:
	case GATE_STREAM_ENDING:
		run_open(relay, stream, side);
		break;
	case GATE_STREAM_HELD:
		if (!gate_pipe_flush(
			    &stream->down, stream->peers[GATE_SIDE_USER].fd)) {
			gate_stream_die(stream);
		}
		break;
	case GATE_STREAM_LAST:
		run_last(relay, stream);
		break;
	case GATE_STREAM_ASKED:
	case GATE_STREAM_DEAD:
		break;
	}
	settle(relay, stream);
}

bool gate_relay_accept(struct gate_relay *relay, int fd)
{
	struct gate_stream *stream = gate_streams_add(relay->streams, fd);
	if (stream == NULL) {
		return false;
	}
	gate_stream_enter(stream, GATE_STREAM_HEAD, HEAD_MS);
	settle(relay, stream);
	return true;
}

void gate_relay_judge(
	struct gate_relay *relay, const struct stauth_check_done *done)
{
	struct gate_stream *stream =
		gate_streams_find(relay->streams, done->tag);
	if (stream == NULL || !stream->is_asked) {
		return;
	}
	stream->is_asked = false;
	if (gate_session_is_watched(stream)) {
		gate_session_judge(relay, stream, STAUTH_OK, done);
		settle(relay, stream);
	}
}

/* --- the clock */

static bool is_stalled(const struct gate_pipe *pipe, int64_t now_ms)
{
	return pipe->data != NULL && now_ms - pipe->moved_ms >= STALL_MS;
}

static void on_late(struct gate_stream *stream)
{
	switch (stream->phase) {
	case GATE_STREAM_CONNECT:
		gate_app_try_next(stream);
		return;
	case GATE_STREAM_ANSWER:
		gate_stream_refuse(stream, 504, "Gateway Timeout");
		return;
	case GATE_STREAM_ASKED:
		gate_stream_refuse_fault(stream);
		return;
	case GATE_STREAM_HELD:
		gate_stream_farewell(stream);
		return;
	default:
		gate_stream_die(stream);
	}
}

void gate_relay_round(struct gate_relay *relay)
{
	struct gate_streams *streams = relay->streams;
	int64_t now_ms = stauth_boot_ms();
	for (size_t i = 0; i < streams->used; i++) {
		struct gate_stream *stream = streams->places[i];
		if (stream == NULL) {
			continue;
		}
		if (stream->deadline_ms != 0 && now_ms >= stream->deadline_ms) {
			on_late(stream);
		} else if (stream->phase > GATE_STREAM_ANSWER &&
			   (is_stalled(&stream->up, now_ms) ||
				   is_stalled(&stream->down, now_ms))) {
			gate_stream_die(stream);
		} else if (!gate_session_is_watched(stream)) {
			continue;
		} else if (!stream->is_asked) {
			gate_session_ask(relay, stream);
		} else if (stream->phase != GATE_STREAM_ASKED) {
			gate_session_fault(stream);
		}
		settle(relay, stream);
	}
}

void gate_relay_stop(struct gate_relay *relay)
{
	static const struct gate_farewell farewell = {CLOSE_RESTART, false};
	for (size_t i = 0; i < relay->streams->used; i++) {
		struct gate_stream *stream = relay->streams->places[i];
		if (stream == NULL) {
			continue;
		}
		if (stream->phase == GATE_STREAM_OPEN) {
			gate_stream_end(stream, &farewell);
		} else if (stream->phase < GATE_STREAM_OPEN) {
			gate_stream_refuse_fault(stream);
		}
		settle(relay, stream);
	}
}
