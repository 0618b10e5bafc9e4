/* SPDX-License-Identifier: MIT */
#ifndef GATE_STREAM_APP_H
#define GATE_STREAM_APP_H

#include "stream/conns.h"

/* Begins the connection to the app, at the address whose turn it is. */
void gate_app_connect(struct gate_stream *stream);
/* That one did not answer in time. */
void gate_app_try_next(struct gate_stream *stream);
/* It is there, or refused. */
void gate_app_connected(struct gate_stream *stream);
/* The app sent a part of the head of its answer. */
void gate_app_answer(struct gate_stream *stream);

#endif
