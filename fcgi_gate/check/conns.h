/* SPDX-License-Identifier: MIT */
#ifndef GATE_CHECK_CONNS_H
#define GATE_CHECK_CONNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/params.h"
#include "fcgi_io.h"

#define GATE_CONNS_MAX 8192

/* One connection from nginx. */
struct gate_conn {
	int fd; /* -1: the place is free */
	uint32_t slot;
	uint32_t generation; /* moves when the place is given back, and with
			      * each answer that came by reap */
	bool waiting; /* a request is at hand, its answer comes by reap */
	struct gate_io *io;
	struct gate_check_params params; /* of the request at hand */
};

/* A fixed number of places. A tag names a place and who sits in it, so that
 * an event or an answer that comes too late finds nobody. */
struct gate_conns;

/* NULL: out of memory. */
struct gate_conns *gate_conns_new(void);
/* Closes what is open. */
void gate_conns_free(struct gate_conns *conns);

/* Takes fd over; NULL: every place is taken, or out of memory, and fd is the
 * caller's to close. */
struct gate_conn *gate_conns_add(struct gate_conns *conns, int fd);
/* Gives the place back; the descriptor is closed already. */
void gate_conns_remove(struct gate_conns *conns, struct gate_conn *conn);
uint64_t gate_conn_tag(const struct gate_conn *conn);
/* NULL: gone. */
struct gate_conn *gate_conns_find(struct gate_conns *conns, uint64_t tag);
bool gate_conns_full(const struct gate_conns *conns);

#endif
