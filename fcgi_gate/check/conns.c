/* SPDX-License-Identifier: MIT */
#include "check/conns.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/banned.h"

struct gate_conns {
	size_t used; /* places that ever were, the others are untouched */
	size_t free_count;
	uint32_t free_slots[GATE_CONNS_MAX];
	struct gate_conn places[GATE_CONNS_MAX];
};

struct gate_conns *gate_conns_new(void)
{
	return calloc(1, sizeof(struct gate_conns));
}

void gate_conns_free(struct gate_conns *conns)
{
	if (conns == NULL) {
		return;
	}
	for (size_t i = 0; i < conns->used; i++) {
		struct gate_conn *conn = &conns->places[i];
		/* With a request at hand the codec closes. */
		if (conn->fd >= 0 && !conn->waiting) {
			close(conn->fd);
		}
		gate_io_free(conn->io);
	}
	free(conns);
}

bool gate_conns_full(const struct gate_conns *conns)
{
	return conns->free_count == 0 && conns->used == GATE_CONNS_MAX;
}

static struct gate_conn *take_place(struct gate_conns *conns)
{
	if (conns->free_count > 0) {
		conns->free_count--;
		return &conns->places[conns->free_slots[conns->free_count]];
	}
	struct gate_io *io = gate_io_new();
	if (io == NULL) {
		return NULL;
	}
	struct gate_conn *conn = &conns->places[conns->used];
	*conn = (struct gate_conn){
		.fd = -1, .slot = (uint32_t)conns->used, .io = io};
	conns->used++;
	return conn;
}

struct gate_conn *gate_conns_add(struct gate_conns *conns, int fd)
{
	if (gate_conns_full(conns)) {
		return NULL;
	}
	struct gate_conn *conn = take_place(conns);
	if (conn == NULL) {
		return NULL;
	}
	conn->fd = fd;
	conn->waiting = false;
	return conn;
}

void gate_conns_remove(struct gate_conns *conns, struct gate_conn *conn)
{
	conn->fd = -1;
	conn->waiting = false;
	conn->generation++;
	conns->free_slots[conns->free_count++] = conn->slot;
}

uint64_t gate_conn_tag(const struct gate_conn *conn)
{
	return (uint64_t)conn->generation << 32 | conn->slot;
}

struct gate_conn *gate_conns_find(struct gate_conns *conns, uint64_t tag)
{
	uint32_t slot = (uint32_t)tag;
	if (slot >= conns->used) {
		return NULL;
	}
	struct gate_conn *conn = &conns->places[slot];
	return conn->fd >= 0 && gate_conn_tag(conn) == tag ? conn : NULL;
}
