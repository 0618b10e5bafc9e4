/* SPDX-License-Identifier: MIT */
#ifndef GATE_STREAM_END_H
#define GATE_STREAM_END_H

#include "stream/conns.h"

/* The session is over: the browser goes to the log-in page. */
extern const struct gate_farewell gate_session_over;

/* limit_ms: how long the phase may last; 0 no limit. */
void gate_stream_enter(struct gate_stream *stream, enum gate_stream_phase phase,
	int64_t limit_ms);
void gate_stream_die(struct gate_stream *stream);
/* Answers the handshake with an HTTP status. */
void gate_stream_refuse(
	struct gate_stream *stream, int status, const char *reason);
void gate_stream_refuse_fault(struct gate_stream *stream); /* 503 */
/* Answers the handshake with 101, and sends the browser to the log-in page. */
void gate_stream_send_away(struct gate_stream *stream);
/* Ends an open WebSocket, now or behind the message that is under way. */
void gate_stream_end(
	struct gate_stream *stream, const struct gate_farewell *farewell);
/* Behind a whole message: says what gate_stream_end was told. */
void gate_stream_farewell(struct gate_stream *stream);

#endif
