/* SPDX-License-Identifier: MIT */
#ifndef GATE_RESPONSE_H
#define GATE_RESPONSE_H

#include <stdbool.h>

#include "base/buf.h"

struct gate_io;

/* One answer, held back until it is whole. */
struct gate_response {
	int status;
	const char *content_type; /* NULL: no body */
	bool keep;                /* may be kept for ever: static files */
	bool may_connect;         /* a worker's script, which sends a form */
	struct stauth_buf headers;
	struct stauth_buf body;
	/* A body that is made while it is sent: puts the next part into the
	 * buffer; false after the last. NULL: body is all. */
	bool (*more)(void *user, struct stauth_buf *part);
	void (*more_done)(void *user); /* frees user */
	void *more_user;
};

void gate_response_init(struct gate_response *response);
/* Wipes (it may hold a session cookie) and frees. */
void gate_response_finish(struct gate_response *response);
/* Back to nothing, for an error page in place of what was begun. */
void gate_response_reset(struct gate_response *response);

/* Adds a header. A name or value with a control in it spoils the answer,
 * which is then sent as a bare 500. */
void gate_response_header(
	struct gate_response *response, const char *name, const char *value);

/* Is it whole so far? */
bool gate_response_ok(const struct gate_response *response);
/* Writes it, with the headers that every answer carries. */
void gate_response_send(const struct gate_response *response,
	struct gate_io *io, bool without_body);

#endif
