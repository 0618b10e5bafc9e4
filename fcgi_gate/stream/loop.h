/* SPDX-License-Identifier: MIT */
#ifndef GATE_STREAM_LOOP_H
#define GATE_STREAM_LOOP_H

#include "auth/check.h"
#include "worker.h"

/* Serves with this check half until *worker->stop; for tests as well. */
int gate_stream_serve(
	const struct gate_worker *worker, struct stauth_check *check);

#endif
