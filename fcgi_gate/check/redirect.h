/* SPDX-License-Identifier: MIT */
#ifndef GATE_CHECK_REDIRECT_H
#define GATE_CHECK_REDIRECT_H

#include <stdbool.h>

#include "base/buf.h"
#include "check/params.h"

/* The longest encoded `rd`. */
#define GATE_RD_MAX 2048

/* Is this a person who opens a page, and not a script, a picture, a download
 * or a WebSocket? Only then is the log-in page an answer. */
bool gate_is_navigation(const struct gate_check_params *params);

/* Adds "/auth/login?rd=..." for a raw request URI (NULL: "/"). */
void gate_add_login_url(const char *uri, struct stauth_buf *out);

#endif
