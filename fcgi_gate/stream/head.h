/* SPDX-License-Identifier: MIT */
#ifndef GATE_STREAM_HEAD_H
#define GATE_STREAM_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/random.h"
#include "config/config.h"

#define GATE_ACCEPT_SIZE   29 /* of Sec-WebSocket-Accept, NUL included */
#define GATE_PROTOCOL_SIZE 32

/* What nginx's request says to the relay. */
struct gate_stream_head {
	char handle[STAUTH_HANDLE_LEN + 1]; /* X-Auth-Session; "" none */
	bool is_optional;                   /* X-Stauth-Optional: 1 */
	char app[STAUTH_APP_SIZE];          /* X-Stauth-App; "" the first */
	char accept[GATE_ACCEPT_SIZE];      /* the answer to its key */
	char protocol[GATE_PROTOCOL_SIZE];  /* the first it offers; "" none */
};

/* Bytes up to the end of a head that begins at data; 0: it is not whole. */
size_t gate_head_size(const char *data, size_t len);

/*
 * Reads a whole request head, and takes out of it what is for the relay alone
 * (X-Stauth-*); *len becomes what is left. 0, or the HTTP status that refuses
 * it: what is no WebSocket handshake, or says something twice, is 400.
 */
int gate_head_read(char *head, size_t *len, struct gate_stream_head *ret_head);

/* The status of a response head, 0 if it is none. */
int gate_head_status(const char *head, size_t len);

/* The answer to a handshake of a browser that is sent to the log-in page: 101
 * and nothing behind it. Returns its length; size is enough with 256. */
size_t gate_head_switch(
	const char *accept, const char *protocol, char *out, size_t size);

#endif
