/* SPDX-License-Identifier: MIT */
#ifndef GATE_ORIGIN_H
#define GATE_ORIGIN_H

#include <stdbool.h>

#include "config/config.h"

/* Where a request came to: scheme and host, and what that means. */
struct gate_origin {
	enum gate_place {
		GATE_PLACE_UNKNOWN =
			0,           /* 421: none of PUBLIC_URL, or no host */
		GATE_PLACE_INSECURE, /* 403: cookies would travel in the open */
		GATE_PLACE_OK,
	} place;
	bool https;
	const char *host; /* the request's own; NULL: UNKNOWN */
};

/* Does this Upgrade header (NULL: none) ask for a WebSocket? */
bool gate_upgrade_is_websocket(const char *upgrade);

/* Is this Origin header one of ours? Both headers may be NULL or "": absent.
 * Without PUBLIC_URL the scheme does not count: the check does not get it. */
bool gate_origin_is_ours(const struct stauth_config *config, const char *origin,
	const char *host);

/* The scheme is that of the PUBLIC_URL entry with this host; without
 * PUBLIC_URL it is nginx's word. */
void gate_origin_of(const struct stauth_config *config, const char *host,
	bool is_https, struct gate_origin *ret_origin);

/*
 * Was this sent by one of our own pages? Sec-Fetch-Site decides where it is
 * sent; else Origin, else the origin of the Referer. "" stands for a header
 * that was not sent.
 */
bool gate_sent_by_us(const struct stauth_config *config,
	const struct gate_origin *own, const char *fetch_site,
	const char *origin, const char *referer);

/* Path and query of a Referer that is a page of this very origin; NULL for any
 * other. */
const char *gate_referer_path(
	const struct gate_origin *own, const char *referer);

#endif
