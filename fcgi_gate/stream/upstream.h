/* SPDX-License-Identifier: MIT */
#ifndef GATE_STREAM_UPSTREAM_H
#define GATE_STREAM_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define GATE_ADDRESSES_MAX 4 /* of one app */

/* An app that the relay may connect to. */
struct gate_upstream {
	char *name;           /* as APP_UPSTREAM and X-Stauth-App have it */
	size_t address_count; /* 0: its name was not found */
	struct sockaddr_storage addresses[GATE_ADDRESSES_MAX];
	socklen_t sizes[GATE_ADDRESSES_MAX];
};

struct gate_upstreams {
	struct gate_upstream *list;
	size_t count;
};

/* Reads APP_UPSTREAM and looks the names up, once: like nginx, the relay asks
 * again when it is started again. false: out of memory. */
bool gate_upstreams_init(
	struct gate_upstreams *ret_upstreams, const char *app_upstream);
void gate_upstreams_finish(struct gate_upstreams *upstreams);

/* "" is the first. NULL: the relay may not go there. */
const struct gate_upstream *gate_upstreams_find(
	const struct gate_upstreams *upstreams, const char *name);

/* Begins a connection to the i-th address; -1 with errno. */
int gate_upstream_connect(const struct gate_upstream *upstream, size_t i);

#endif
