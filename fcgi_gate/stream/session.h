/* SPDX-License-Identifier: MIT */
#ifndef GATE_STREAM_SESSION_H
#define GATE_STREAM_SESSION_H

#include "stream/context.h"

/* Is it one whose session the store is asked about? */
bool gate_session_is_watched(const struct gate_stream *stream);
/* Asks, and does what follows from an answer that came at once. */
void gate_session_ask(struct gate_relay *relay, struct gate_stream *stream);
/* Does what follows from an answer. */
void gate_session_judge(struct gate_relay *relay, struct gate_stream *stream,
	enum stauth_rc rc, const struct stauth_check_done *done);
/* There is no answer: too long? */
void gate_session_fault(struct gate_stream *stream);

/* One line in ten seconds. */
void gate_relay_log_fault(struct gate_relay *relay, const char *why);

#endif
