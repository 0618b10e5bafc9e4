/* SPDX-License-Identifier: MIT */
/*
 * Whose origin a request came to, and from whose page it was sent.
 *
 *  1. A Host that PUBLIC_URL does not name MUST be answered 421; without
 *     PUBLIC_URL any well-formed host is taken for the own one.
 *  2. Plain http MUST be refused on any host but this very machine, unless
 *     the administrator allowed it.
 *  3. With PUBLIC_URL an Origin is ours if it is one of these. Only without,
 *     its host and port MUST be those of the request, ASCII case ignored, a
 *     scheme's default port left out of both. "null" and an absent Origin
 *     MUST count as foreign.
 *  4. A WebSocket MUST come from an Origin of ours: a browser sends cookies
 *     with one that a foreign page opens, and nothing but the Origin tells.
 *  5. A form MUST come from the same origin: Sec-Fetch-Site says so where it
 *     is sent; else Origin must be one of ours; else the Referer's origin.
 */
#include "http/origin.h"

#include <string.h>
#include <strings.h>

#include "base/ascii.h"

#include "base/banned.h"

#define HOST_MAX 260

static const char http[] = "http://";
static const char https[] = "https://";

static bool begins_with_scheme(const char *origin, const char *scheme)
{
	return strncasecmp(origin, scheme, strlen(scheme)) == 0;
}

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
	if (begins_with_scheme(origin, https)) {
		return same_host(origin + strlen(https), host, ":443");
	}
	if (begins_with_scheme(origin, http)) {
		return same_host(origin + strlen(http), host, ":80");
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

static bool host_wellformed(const char *host)
{
	size_t len = strlen(host);
	return len > 0 && len < HOST_MAX &&
	       strspn(host, STAUTH_ALNUM ".-_:[]") == len;
}

void gate_origin_of(const struct stauth_config *config, const char *host,
	bool is_https, struct gate_origin *ret_origin)
{
	*ret_origin = (struct gate_origin){.https = is_https};
	if (!host_wellformed(host)) {
		return;
	}
	if (config->public_url_count > 0) {
		const struct stauth_origin *entry =
			stauth_config_origin_of_host(config, host);
		if (entry == NULL) {
			return;
		}
		ret_origin->https = entry->https;
	}
	ret_origin->host = host;
	bool safe = ret_origin->https || config->allow_insecure_http ||
		    stauth_host_is_local(host);
	ret_origin->place = safe ? GATE_PLACE_OK : GATE_PLACE_INSECURE;
}

/* A page's forms come from its own scheme, too. */
static bool is_same_origin(const struct stauth_config *config,
	const struct gate_origin *own, const char *origin)
{
	return gate_origin_is_ours(config, origin, own->host) &&
	       (config->public_url_count > 0 ||
		       begins_with_scheme(origin, https) == own->https);
}

/* Scheme and host of a Referer, "" where it has none. Returns what follows. */
static const char *split_referer(
	const char *referer, char ret_origin[STAUTH_ORIGIN_SIZE])
{
	ret_origin[0] = '\0';
	const char *slashes = strstr(referer, "://");
	if (slashes == NULL) {
		return "";
	}
	size_t len = (size_t)(slashes + 3 - referer);
	len += strcspn(slashes + 3, "/?#");
	if (len >= STAUTH_ORIGIN_SIZE) {
		return "";
	}
	memcpy(ret_origin, referer, len);
	ret_origin[len] = '\0';
	return referer + len;
}

const char *gate_referer_path(
	const struct gate_origin *own, const char *referer)
{
	char origin[STAUTH_ORIGIN_SIZE];
	const char *path = split_referer(referer, origin);
	bool same = own->host != NULL && is_of_host(origin, own->host) &&
		    begins_with_scheme(origin, https) == own->https;
	return same ? path : NULL;
}

bool gate_sent_by_us(const struct stauth_config *config,
	const struct gate_origin *own, const char *fetch_site,
	const char *origin, const char *referer)
{
	if (fetch_site[0] != '\0') {
		return strcmp(fetch_site, "same-origin") == 0;
	}
	if (origin[0] != '\0') {
		return is_same_origin(config, own, origin);
	}
	char page[STAUTH_ORIGIN_SIZE];
	split_referer(referer, page);
	return is_same_origin(config, own, page);
}
