/* SPDX-License-Identifier: MIT */
#ifndef GATE_CHECK_SERVE_H
#define GATE_CHECK_SERVE_H

#include "auth/check.h"
#include "auth/ctx.h"
#include "base/buf.h"
#include "check/assertions.h"
#include "check/conns.h"
#include "touch.h"
#include "worker.h"

/* What serving one request needs; the loop owns it and the connections. */
struct gate_serve {
	struct stauth_ctx ctx; /* with its check half */
	struct gate_assertions *assertions;
	struct gate_touch touch;
	struct stauth_buf reply;
	struct stauth_check_done done; /* of the check at hand */
	int64_t fault_logged_ms;
};

enum gate_served {
	GATE_SERVED_OPEN,    /* answered, the connection stays open */
	GATE_SERVED_CLOSED,  /* the descriptor is closed */
	GATE_SERVED_WAITING, /* the store's answer comes by reap */
};

/* false: out of memory; gate_serve_finish takes what there is. */
bool gate_serve_init(struct gate_serve *serve, const struct gate_worker *worker,
	struct stauth_check *check);
void gate_serve_finish(struct gate_serve *serve);

/* Reads and answers the request that waits on the connection. */
enum gate_served gate_serve_request(
	struct gate_serve *serve, struct gate_conn *conn);
/* Answers a connection that waited. Never WAITING. */
enum gate_served gate_serve_late(struct gate_serve *serve,
	struct gate_conn *conn, const struct stauth_check_done *done);

#endif
