/* SPDX-License-Identifier: MIT */
#include "check/params.h"

#include <stddef.h>
#include <string.h>

#include "base/banned.h"

#define FIELD(param, member)                                                   \
	{                                                                      \
		param, sizeof(param) - 1,                                      \
			offsetof(struct gate_check_params, member)             \
	}

static const struct {
	const char *param; /* with its '=' */
	size_t len;
	size_t offset;
} fields[] = {
	FIELD("REQUEST_METHOD=", method),
	FIELD("REQUEST_URI=", uri),
	FIELD("HTTP_HOST=", host),
	FIELD("HTTP_ORIGIN=", origin),
	FIELD("HTTP_UPGRADE=", upgrade),
	FIELD("HTTP_ACCEPT=", accept),
	FIELD("HTTP_SEC_FETCH_MODE=", fetch_mode),
	FIELD("HTTP_SEC_FETCH_DEST=", fetch_dest),
	FIELD("STAUTH_REQUIRE=", require),
};

/* Where the names differ, HTTP_ being common to most. */
#define TELLING     5
#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static const char cookie_param[] = "HTTP_COOKIE=";

/* FIELD_COUNT: none. */
static size_t field_of(const char *entry)
{
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		if (entry[TELLING] == fields[i].param[TELLING] &&
			strncmp(entry, fields[i].param, fields[i].len) == 0) {
			return i;
		}
	}
	return FIELD_COUNT;
}

void gate_check_params_add(struct gate_check_params *params,
	const char *cookie_name, const char *entry)
{
	size_t cookie_len = sizeof(cookie_param) - 1;
	if (strnlen(entry, TELLING + 1) <= TELLING) {
		return;
	}
	if (entry[TELLING] == cookie_param[TELLING] &&
		strncmp(entry, cookie_param, cookie_len) == 0) {
		gate_cookie_scan(
			entry + cookie_len, cookie_name, &params->cookie);
		return;
	}
	size_t i = field_of(entry);
	if (i == FIELD_COUNT) {
		return;
	}
	const char **field = (const char **)((char *)params + fields[i].offset);
	params->repeated = params->repeated || *field != NULL;
	*field = entry + fields[i].len;
}

void gate_check_params_read(const struct gate_io *io, const char *cookie_name,
	struct gate_check_params *ret_params)
{
	*ret_params = (struct gate_check_params){.method = NULL};
	const char *entry;
	for (size_t i = 0; (entry = gate_io_entry(io, i)) != NULL; i++) {
		gate_check_params_add(ret_params, cookie_name, entry);
	}
}
