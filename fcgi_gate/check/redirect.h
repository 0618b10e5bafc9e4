/* SPDX-License-Identifier: MIT */
#ifndef GATE_CHECK_REDIRECT_H
#define GATE_CHECK_REDIRECT_H

#include <stdbool.h>

#include "check/params.h"

/* Is this a person who opens a page, and not a script, a picture, a download
 * or a WebSocket? Only then is the log-in page an answer. */
bool gate_is_navigation(const struct gate_check_params *params);

#endif
