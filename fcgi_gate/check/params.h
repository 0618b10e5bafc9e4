/* SPDX-License-Identifier: MIT */
#ifndef GATE_CHECK_PARAMS_H
#define GATE_CHECK_PARAMS_H

#include <stdbool.h>

#include "fcgi_io.h"
#include "http/cookie.h"

/* All that a check looks at. Strings are borrowed from the request; NULL is
 * "not sent", and nginx sends "" for a header that the client did not. */
struct gate_check_params {
	const char *method;
	const char *uri; /* raw, as the client sent it */
	const char *host;
	const char *origin;
	const char *upgrade;
	const char *accept;
	const char *fetch_mode;
	const char *fetch_dest;
	const char *require; /* STAUTH_REQUIRE: nginx's, never the client's */
	struct gate_cookie cookie;
	bool repeated; /* one of these, cookies aside, came twice */
};

void gate_check_params_read(const struct gate_io *io, const char *cookie_name,
	struct gate_check_params *ret_params);

/* One "NAME=value"; for tests as well. */
void gate_check_params_add(struct gate_check_params *params,
	const char *cookie_name, const char *entry);

#endif
