/* SPDX-License-Identifier: MIT */
#ifndef GATE_STREAM_CONTEXT_H
#define GATE_STREAM_CONTEXT_H

#include "auth/check.h"
#include "auth/ctx.h"
#include "stream/conns.h"
#include "touch.h"

/* How long an open WebSocket goes on when the store cannot be asked. */
#define GATE_STREAM_FAULT_MS 5000

/* What serving the connections needs; the loop owns it. */
struct gate_relay {
	struct stauth_ctx ctx; /* with its check half */
	struct gate_upstreams upstreams;
	struct gate_streams *streams;
	struct gate_touch touch;
	struct stauth_check_done done;
	int epoll_fd;
	bool has_changed; /* which are open; for the list */
	int64_t fault_logged_ms;
	uint8_t chunk[GATE_PIPE_SIZE];
};

#endif
