/* SPDX-License-Identifier: MIT */
#ifndef GATE_CHECK_ORIGIN_H
#define GATE_CHECK_ORIGIN_H

#include <stdbool.h>

#include "config/config.h"

/* Does this Upgrade header (NULL: none) ask for a WebSocket? */
bool gate_upgrade_is_websocket(const char *upgrade);

/* May a page of this Origin open a WebSocket here? origin and host may be
 * NULL or "": absent. */
bool gate_origin_is_ours(const struct stauth_config *config, const char *origin,
	const char *host);

#endif
