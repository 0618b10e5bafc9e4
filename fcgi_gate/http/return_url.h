/* SPDX-License-Identifier: MIT */
#ifndef GATE_RETURN_URL_H
#define GATE_RETURN_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Bytes of a return URL, and of its encoded form as `rd`. */
#define GATE_RETURN_URL_MAX 2048

/* May a browser be sent here after a log-in? Pure; the rules stand in the
 * .c file. */
bool gate_return_url_ok(const char *url, size_t len);
/* url itself, or "/" for anything that is refused. */
const char *gate_return_url(const char *url);

/* From the path of a raw request URI on, which may be of the absolute form;
 * "/" where there is none. */
const char *gate_uri_path(const char *uri);
/* Adds "PAGE?rd=" and the raw request URI (NULL: "/"). */
void gate_return_url_add(
	struct stauth_buf *out, const char *page, const char *uri);

#endif
