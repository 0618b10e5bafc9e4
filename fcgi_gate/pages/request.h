/* SPDX-License-Identifier: MIT */
#ifndef GATE_REQUEST_H
#define GATE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/form.h"

#define GATE_PURPOSES 4
#define GATE_BODY_MAX ((size_t)64 * 1024)

struct gate_io;

enum gate_method {
	GATE_METHOD_OTHER,
	GATE_METHOD_GET,
	GATE_METHOD_HEAD,
	GATE_METHOD_POST,
};

/* One request. Strings are borrowed from the gate_io, and "" when they were
 * not sent. It is large: allocate it. */
struct gate_request {
	enum gate_method method;
	bool https; /* nginx's word */
	const char *method_name;
	const char *https_param;
	const char *path; /* decoded and normalised by nginx: the route */
	const char *query;
	const char *content_type;
	const char *content_length;
	const char *address;
	const char *host;
	const char *cookie;
	const char *origin;
	const char *referer;
	const char *accept;
	const char *agent;
	const char *fetch_site;
	const char *fetch_mode;
	const char *fetch_dest;
	const char *purpose[GATE_PURPOSES]; /* all names it ever had */
	const char *assertion;
	const char *require;   /* what the area of a denied app requires */
	struct gate_form form; /* of a POST, after gate_request_body */
	char body[GATE_BODY_MAX + 1];
};

/* Takes the parameters. 0, or the status to refuse it with; the request may
 * be looked at either way. */
int gate_request_read(struct gate_request *request, const struct gate_io *io);
/* Reads and parses a form that may hold these blank separated fields. Blanks
 * around a name, an address or a code are cut. 0, or the status to refuse it
 * with. */
int gate_request_body(
	struct gate_request *request, struct gate_io *io, const char *fields);
/* The character that text, which is valid UTF-8, begins with. */
uint32_t gate_first_char(const char *text, size_t *ret_len);
/* A blank of any kind, also one without a width? */
bool gate_is_blank(uint32_t c);
/* A code as typed, without blanks and dashes, and full-width digits as the
 * others. What is no digit then is no code. */
#define GATE_PIN_SIZE 64
void gate_read_pin(const char *typed, char ret_pin[GATE_PIN_SIZE]);
/* Reads on to the end of a body that nobody wants, within reason: a peer that
 * is still sending would otherwise not see the answer. */
void gate_request_drain(struct gate_io *io);
/* Forgets everything: forms hold passwords. */
void gate_request_wipe(struct gate_request *request);

/* application/json, and not text/html? */
bool gate_request_wants_json(const struct gate_request *request);
/* Did a browser ask ahead of time, for a page that nobody has opened? */
bool gate_request_prefetch(const struct gate_request *request);

#endif
