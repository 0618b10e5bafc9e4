/* SPDX-License-Identifier: MIT */
/*
 * 1. A Host that PUBLIC_URL does not name MUST be answered 421; without
 *    PUBLIC_URL any well-formed host is taken for the own one.
 * 2. Plain http MUST be refused on any host but this very machine, unless the
 *    administrator allowed it.
 * 3. A form MUST come from the same origin: Sec-Fetch-Site says so where it is
 *    sent; else Origin must be one of ours; else the Referer's origin. "null"
 *    and nothing at all are foreign.
 */
#include "origin.h"

#include <string.h>

#include "base/ascii.h"

#include "base/banned.h"

#define HOST_MAX 260

static bool host_wellformed(const char *host)
{
	size_t len = strlen(host);
	return len > 0 && len < HOST_MAX &&
	       strspn(host, STAUTH_ALNUM ".-_:[]") == len;
}

/* The length of the host without its port. */
static size_t host_name_len(const char *host)
{
	const char *colon = strrchr(host, ':');
	if (host[0] == '[') {
		return strcspn(host, "]") + 1;
	}
	return colon != NULL ? (size_t)(colon - host) : strlen(host);
}

/* As a browser writes it: lower case, without the scheme's own port. */
static void write_own(const char *host, bool https, char *out, size_t out_size)
{
	const char *scheme = https ? "https://" : "http://";
	const char *port = https ? ":443" : ":80";
	size_t scheme_len = strlen(scheme);
	size_t len = strlen(host);
	size_t name_len = host_name_len(host);
	if (name_len < len && strcmp(host + name_len, port) == 0) {
		len = name_len;
	}
	if (scheme_len + len >= out_size) {
		out[0] = '\0';
		return;
	}
	memcpy(out, scheme, scheme_len);
	for (size_t i = 0; i < len; i++) {
		char c = host[i];
		out[scheme_len + i] =
			c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	out[scheme_len + len] = '\0';
}

void gate_origin_of(const struct stauth_config *config, const char *host,
	bool https, struct gate_origin *ret_origin)
{
	*ret_origin = (struct gate_origin){.https = https};
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
	} else {
		write_own(
			host, https, ret_origin->own, sizeof(ret_origin->own));
	}
	bool safe = ret_origin->https || config->allow_insecure_http ||
		    stauth_host_is_local(host);
	ret_origin->place = safe ? GATE_PLACE_OK : GATE_PLACE_INSECURE;
}

static bool is_ours(const struct stauth_config *config,
	const struct gate_origin *origin, const char *header)
{
	if (config->public_url_count > 0) {
		return stauth_config_is_public(config, header);
	}
	return origin->own[0] != '\0' && strcmp(origin->own, header) == 0;
}

static bool referer_is_ours(const struct stauth_config *config,
	const struct gate_origin *origin, const char *referer)
{
	const char *slashes = strstr(referer, "://");
	if (slashes == NULL) {
		return false;
	}
	size_t len = (size_t)(slashes + 3 - referer);
	len += strcspn(slashes + 3, "/?#");
	char header[STAUTH_ORIGIN_SIZE];
	if (len >= sizeof(header)) {
		return false;
	}
	memcpy(header, referer, len);
	header[len] = '\0';
	return is_ours(config, origin, header);
}

bool gate_sent_by_us(const struct stauth_config *config,
	const struct gate_origin *origin, const char *fetch_site,
	const char *origin_header, const char *referer)
{
	if (fetch_site[0] != '\0') {
		return strcmp(fetch_site, "same-origin") == 0;
	}
	if (origin_header[0] != '\0') {
		return is_ours(config, origin, origin_header);
	}
	return referer_is_ours(config, origin, referer);
}
