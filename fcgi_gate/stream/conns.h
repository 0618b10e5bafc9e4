/* SPDX-License-Identifier: MIT */
#ifndef GATE_STREAM_CONNS_H
#define GATE_STREAM_CONNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/head.h"
#include "stream/pipe.h"
#include "stream/upstream.h"

#define GATE_STREAMS_MAX 16384

enum gate_stream_phase {
	GATE_STREAM_HEAD,    /* nginx's request is read */
	GATE_STREAM_ASKED,   /* the store is asked about the session */
	GATE_STREAM_CONNECT, /* to the app */
	GATE_STREAM_ANSWER,  /* the head of the app's answer is read */
	GATE_STREAM_OPEN,    /* frames pass both ways */
	GATE_STREAM_PLAIN,   /* the app's answer is no WebSocket: it passes */
	GATE_STREAM_ENDING,  /* the message that the app began is let out */
	GATE_STREAM_HELD,    /* nothing passes; the farewell waits */
	GATE_STREAM_LAST,    /* the last bytes go to the user */
	GATE_STREAM_DEAD,    /* to be removed */
};

/* The two peers of a connection; the user's is nginx. */
enum gate_side {
	GATE_SIDE_USER,
	GATE_SIDE_APP
};

struct gate_peer {
	int fd;          /* -1: none */
	uint32_t events; /* that epoll waits for; 0: it is not in there */
};

/* How a WebSocket ends when it is not its peers who end it. */
struct gate_farewell {
	uint16_t code;    /* of the close frame */
	bool must_reload; /* Streamlit's page first, which leads to the log-in
			   */
};

struct gate_stream {
	uint32_t slot;
	uint32_t generation;
	enum gate_stream_phase phase;
	struct gate_peer peers[2];
	struct gate_pipe up;   /* from the user to the app */
	struct gate_pipe down; /* from the app to the user */
	int64_t deadline_ms;   /* 0: none */
	struct gate_stream_head head;
	const struct gate_upstream *app;
	size_t address;       /* of the app, that is tried */
	bool is_asked;        /* an answer of the store is to come */
	int64_t stood_ms;     /* when the session was last known to stand */
	int64_t last_seen_at; /* of the session, then */
	int64_t opened_at;
	int64_t message_at;            /* the user's last; 0 none */
	struct gate_farewell farewell; /* while ENDING and HELD */
	int64_t farewell_ms;           /* not before; 0 at once */
};

/* A fixed number of places. A tag names a place and who sits in it, so that
 * an event or an answer that comes too late finds nobody. */
struct gate_streams {
	size_t count;
	size_t max;  /* descriptors allow */
	size_t used; /* places that ever were taken */
	size_t free_count;
	uint16_t free_slots[GATE_STREAMS_MAX];
	uint32_t generations[GATE_STREAMS_MAX];
	struct gate_stream *places[GATE_STREAMS_MAX];
};

/* NULL: out of memory. */
struct gate_streams *gate_streams_new(void);
/* Closes what is open. */
void gate_streams_free(struct gate_streams *streams);

/* Takes fd over. NULL: no place, or out of memory; fd is the caller's. */
struct gate_stream *gate_streams_add(struct gate_streams *streams, int fd);
/* Closes and frees it. */
void gate_streams_remove(
	struct gate_streams *streams, struct gate_stream *stream);

uint64_t gate_stream_tag(const struct gate_stream *stream);
/* NULL: gone. */
struct gate_stream *gate_streams_find(
	const struct gate_streams *streams, uint64_t tag);

#endif
