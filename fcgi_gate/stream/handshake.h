/* SPDX-License-Identifier: MIT */
#ifndef GATE_STREAM_HANDSHAKE_H
#define GATE_STREAM_HANDSHAKE_H

#include "stream/context.h"

/* nginx sent a part of the head of its request. */
void gate_handshake_read(struct gate_relay *relay, struct gate_stream *stream);

#endif
