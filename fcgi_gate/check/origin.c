/* SPDX-License-Identifier: MIT */
/*
 * Which Origin may open a WebSocket. A browser sends cookies with a
 * WebSocket that a foreign page opens, and nothing but the Origin tells.
 *
 *  1. An absent Origin, and "null", MUST count as foreign.
 *  2. With PUBLIC_URL it MUST be one of these origins.
 *  3. Only without PUBLIC_URL its host and port MUST be those of the request,
 *     ASCII case ignored, a scheme's default port left out of both.
 */
#include "check/origin.h"

#include <string.h>
#include <strings.h>

#include "base/banned.h"

bool gate_upgrade_is_websocket(const char *upgrade)
{
	static const char token[] = "websocket";
	if (upgrade == NULL) {
		return false;
	}
	while (*upgrade != '\0') {
		upgrade += strspn(upgrade, " \t,");
		size_t len = strcspn(upgrade, " \t,/");
		if (len == sizeof(token) - 1 &&
			strncasecmp(upgrade, token, len) == 0) {
			return true;
		}
		upgrade += strcspn(upgrade, ",");
	}
	return false;
}

/* The length of host without the port, if that is the scheme's own. */
static size_t without_port(const char *host, const char *port)
{
	size_t len = strlen(host);
	size_t port_len = strlen(port);
	if (len > port_len && strcmp(host + len - port_len, port) == 0) {
		return len - port_len;
	}
	return len;
}

static bool same_host(const char *a, const char *b, const char *port)
{
	size_t len = without_port(a, port);
	/* What has no place in a host makes it something else. */
	if (len == 0 || strpbrk(a, "/?#@\\ \t,") != NULL) {
		return false;
	}
	return without_port(b, port) == len && strncasecmp(a, b, len) == 0;
}

static bool is_of_host(const char *origin, const char *host)
{
	static const char http[] = "http://";
	static const char https[] = "https://";
	if (strncasecmp(origin, https, sizeof(https) - 1) == 0) {
		return same_host(origin + sizeof(https) - 1, host, ":443");
	}
	if (strncasecmp(origin, http, sizeof(http) - 1) == 0) {
		return same_host(origin + sizeof(http) - 1, host, ":80");
	}
	return false;
}

bool gate_origin_is_ours(const struct stauth_config *config, const char *origin,
	const char *host)
{
	if (origin == NULL || *origin == '\0') {
		return false;
	}
	if (config->public_url_count > 0) {
		return stauth_config_is_public(config, origin);
	}
	return host != NULL && is_of_host(origin, host);
}
