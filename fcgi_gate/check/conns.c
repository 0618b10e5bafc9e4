/* SPDX-License-Identifier: MIT */
#include "check/conns.h"

#include <unistd.h>

#include "base/banned.h"

#define PLACES (GATE_CONNS_MAX + GATE_OTHER_FDS)

void gate_conns_finish(struct gate_conns *conns)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct gate_conn *conn = &conns->places[i];
		/* With a request at hand the codec closes. */
		if (conn->open && !conn->waiting) {
			close(conn->fd);
		}
		gate_io_free(conn->io);
	}
}

struct gate_conn *gate_conns_add(struct gate_conns *conns, int fd)
{
	if (conns->open == GATE_CONNS_MAX || fd >= PLACES) {
		return NULL;
	}
	struct gate_conn *conn = &conns->places[fd];
	if (conn->io == NULL) {
		conn->io = gate_io_new();
	}
	if (conn->io == NULL) {
		return NULL;
	}
	conn->open = true;
	conn->fd = fd;
	conns->open++;
	return conn;
}

void gate_conns_remove(struct gate_conns *conns, struct gate_conn *conn)
{
	conn->open = false;
	conn->waiting = false;
	conn->generation++;
	conns->open--;
}

uint64_t gate_conn_tag(const struct gate_conn *conn)
{
	return (uint64_t)conn->generation << 32 | (uint32_t)conn->fd;
}

struct gate_conn *gate_conns_find(struct gate_conns *conns, uint64_t tag)
{
	uint32_t place = (uint32_t)tag;
	if (place >= PLACES) {
		return NULL;
	}
	struct gate_conn *conn = &conns->places[place];
	return conn->open && gate_conn_tag(conn) == tag ? conn : NULL;
}
