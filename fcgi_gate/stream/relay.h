/* SPDX-License-Identifier: MIT */
#ifndef GATE_STREAM_RELAY_H
#define GATE_STREAM_RELAY_H

#include "stream/context.h"

/* Of an epoll event: which connection, and which side of it. */
uint64_t gate_relay_event_tag(
	const struct gate_stream *stream, enum gate_side side);

/* A connection from nginx; fd is taken over. false: no place for it. */
bool gate_relay_accept(struct gate_relay *relay, int fd);
/* Something happened on one side. */
void gate_relay_event(struct gate_relay *relay, uint64_t event_tag);
/* An answer of the store that came by reap. */
void gate_relay_judge(
	struct gate_relay *relay, const struct stauth_check_done *done);
/* Twice a second: asks the store about every session, ends what is over time
 * and what could not be asked about for too long. */
void gate_relay_round(struct gate_relay *relay);
/* Ends all of them because the worker ends. */
void gate_relay_stop(struct gate_relay *relay);

#endif
