/* SPDX-License-Identifier: MIT */
#ifndef GATE_RETURN_URL_H
#define GATE_RETURN_URL_H

#include <stdbool.h>
#include <stddef.h>

#define GATE_RETURN_URL_MAX 2048

/* May a browser be sent here after a log-in? Pure; the rules stand in the
 * .c file. */
bool gate_return_url_ok(const char *url, size_t len);
/* url itself, or "/" for anything that is no good. */
const char *gate_return_url(const char *url);

#endif
