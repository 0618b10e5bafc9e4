/* SPDX-License-Identifier: MIT */
#ifndef GATE_CHECK_CONNS_H
#define GATE_CHECK_CONNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/params.h"
#include "fcgi_io.h"

#define GATE_CONNS_MAX 8192
/* What else a worker has open: the store, its pipe, epoll. */
#define GATE_OTHER_FDS 64

/* One connection from nginx; its place is the number of its descriptor. */
struct gate_conn {
	bool open;
	bool waiting; /* a request is at hand, its answer comes by reap */
	int fd;
	uint32_t generation; /* moves when the connection closes, and with each
			      * answer that came by reap */
	struct gate_io *io;
	struct gate_check_params params; /* of the request at hand */
};

/* A tag names a descriptor and a generation, so that an event or an answer
 * that comes too late finds nobody. Zeroed memory is valid. */
struct gate_conns {
	size_t open;
	struct gate_conn places[GATE_CONNS_MAX + GATE_OTHER_FDS];
};

/* Closes what is open. */
void gate_conns_finish(struct gate_conns *conns);
/* Takes fd over; NULL: there are GATE_CONNS_MAX, or out of memory, and fd is
 * the caller's to close. */
struct gate_conn *gate_conns_add(struct gate_conns *conns, int fd);
/* Gives the place back; the descriptor is closed already. */
void gate_conns_remove(struct gate_conns *conns, struct gate_conn *conn);
uint64_t gate_conn_tag(const struct gate_conn *conn);
/* NULL: gone. */
struct gate_conn *gate_conns_find(struct gate_conns *conns, uint64_t tag);

#endif
