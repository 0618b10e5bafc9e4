/* SPDX-License-Identifier: MIT */
#ifndef GATE_CHECK_COOKIE_H
#define GATE_CHECK_COOKIE_H

#include <stddef.h>

/* What was found under the cookie's name; start with a zeroed one. */
struct gate_cookie {
	size_t count;      /* occurrences, over all headers that were scanned */
	const char *value; /* of the last; borrowed, not NUL terminated */
	size_t len;
};

/* Scans one Cookie header for the cookies of this name. */
void gate_cookie_scan(
	const char *header, const char *name, struct gate_cookie *cookie);

/* The session token, or NULL: none, more than one, or malformed. */
const char *gate_cookie_token(const struct gate_cookie *cookie);

#endif
