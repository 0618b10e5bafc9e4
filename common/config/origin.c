/* SPDX-License-Identifier: MIT */
#include "config/origin.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <idn2.h>

#include "base/ascii.h"
#include "base/codec.h"

#include "base/banned.h"

#define HOST_BYTES STAUTH_ALNUM ".-_"

static bool host_byte(char c, bool bracketed)
{
	return stauth_is_lower(c) || stauth_is_digit(c) || c == '-' ||
	       c == '.' || c == '_' || (bracketed && c == ':');
}

/* Follows the key's name. */
#define FORM                                                                   \
	"must be like https://app.example.com or http://localhost:8080, "      \
	"blanks between two"

/* Bytes of the host part, brackets included; 0 if it is none. */
static size_t host_len(const char *host)
{
	bool bracketed = *host == '[';
	size_t n = bracketed;

	while (host_byte(host[n], bracketed)) {
		n++;
	}
	if (bracketed) {
		return host[n] == ']' && n > 2 ? n + 1 : 0;
	}
	/* An empty label is no name. */
	if (*host == '.' || memmem(host, n, "..", 2) != NULL) {
		return 0;
	}
	return n;
}

/* Browsers write an IPv6 address in its one short form, so [0:0::1] as it
 * stands would equal no Origin. Returns the new length of the host part; 0 if
 * it is no address, or one that grows (IPv4 in disguise). */
static size_t shorten_ipv6(char *host, size_t len)
{
	if (*host != '[') {
		return len;
	}
	char text[INET6_ADDRSTRLEN];
	if (len - 2 >= sizeof(text)) {
		return 0;
	}
	snprintf(text, sizeof(text), "%.*s", (int)(len - 2), host + 1);
	struct in6_addr address;
	if (inet_pton(AF_INET6, text, &address) != 1 ||
		inet_ntop(AF_INET6, &address, text, sizeof(text)) == NULL) {
		return 0;
	}
	size_t n = strlen(text);
	if (n > len - 2) {
		return 0;
	}
	memcpy(host + 1, text, n);
	host[n + 1] = ']';
	memmove(host + n + 2, host + len, strlen(host + len) + 1);
	return n + 2;
}

/* "" or ":port"; a default port is dropped. false: neither. */
static bool keep_port(char *port, bool https)
{
	if (strcmp(port, "/") == 0) {
		*port = '\0';
	}
	if (*port == '\0') {
		return true;
	}
	int64_t number;
	if (*port != ':' || !stauth_parse_int(port + 1, 1, 65535, &number)) {
		return false;
	}
	if (number == (https ? 443 : 80)) {
		*port = '\0';
	} else {
		snprintf(port, 7, ":%d", (int)number);
	}
	return true;
}

/* Why the host is none. Who writes its Unicode form is shown the one that
 * browsers send. */
static enum stauth_rc bad_host(
	const char *text, size_t len, bool https, struct stauth_err *err)
{
	char host[STAUTH_ORIGIN_SIZE];
	size_t prefix = https ? 8 : 7;

	snprintf(
		host, sizeof(host), "%.*s", (int)(len - prefix), text + prefix);
	host[strcspn(host, ":/")] = '\0';
	char *ascii = NULL;
	if (stauth_is_ascii(host) ||
		idn2_lookup_u8((const uint8_t *)host, (uint8_t **)&ascii,
			IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK) {
		return stauth_fail(err, STAUTH_BADVALUE, FORM);
	}
	enum stauth_rc rc = stauth_fail(err, STAUTH_BADVALUE,
		"must name the host as browsers do: %s%.100s",
		https ? "https://" : "http://", ascii);
	idn2_free(ascii);
	return rc;
}

enum stauth_rc stauth_origin_parse(const char *text, size_t len,
	struct stauth_origin *ret_origin, struct stauth_err *err)
{
	struct stauth_origin parsed = {.https = false};

	if (len == 0 || len >= sizeof(parsed.origin) - 8) {
		return stauth_fail(err, STAUTH_BADVALUE, "no origin");
	}
	for (size_t i = 0; i < len; i++) {
		parsed.origin[i] = stauth_to_lower(text[i]);
	}
	parsed.https = strncmp(parsed.origin, "https://", 8) == 0;
	if (!parsed.https && strncmp(parsed.origin, "http://", 7) != 0) {
		return stauth_fail(err, STAUTH_BADVALUE, FORM);
	}
	size_t prefix = parsed.https ? 8 : 7;
	size_t n = host_len(parsed.origin + prefix);
	if (n > 1 && parsed.origin[len - 1] == '/') {
		parsed.origin[len - 1] = '\0';
	}
	n = n ? shorten_ipv6(parsed.origin + prefix, n) : 0;
	if (n == 0 || !keep_port(parsed.origin + prefix + n, parsed.https)) {
		return bad_host(text, len, parsed.https, err);
	}
	*ret_origin = parsed;
	ret_origin->host = ret_origin->origin + prefix;
	return STAUTH_OK;
}

bool stauth_config_is_public(
	const struct stauth_config *config, const char *origin)
{
	for (size_t i = 0; i < config->public_url_count; i++) {
		if (strcmp(config->public_urls[i].origin, origin) == 0) {
			return true;
		}
	}
	return false;
}

const struct stauth_origin *stauth_config_origin_of_host(
	const struct stauth_config *config, const char *host)
{
	for (size_t i = 0; i < config->public_url_count; i++) {
		const struct stauth_origin *one = &config->public_urls[i];
		char full[STAUTH_ORIGIN_SIZE];
		struct stauth_origin typed;
		int n = snprintf(full, sizeof(full), "%s%s",
			one->https ? "https://" : "http://", host);

		/* The browser drops a default port; a proxy may not. */
		if (n > 0 && (size_t)n < sizeof(full) &&
			strchr(host, '/') == NULL &&
			stauth_origin_parse(full, (size_t)n, &typed, NULL) ==
				STAUTH_OK &&
			strcmp(typed.origin, one->origin) == 0) {
			return one;
		}
	}
	return NULL;
}

bool stauth_host_is_local(const char *host)
{
	static const char suffix[] = ".localhost";
	const size_t suffix_len = sizeof(suffix) - 1;
	size_t len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	char name[STAUTH_ORIGIN_SIZE];

	if (len >= sizeof(name)) {
		return false;
	}
	snprintf(name, sizeof(name), "%.*s", (int)len, host);
	if (strcasecmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0) {
		return true;
	}
	if (len > suffix_len && strspn(name, HOST_BYTES) == len &&
		strcasecmp(name + len - suffix_len, suffix) == 0) {
		return true;
	}
	struct in_addr address;
	return inet_pton(AF_INET, name, &address) == 1 &&
	       ntohl(address.s_addr) >> 24 == 127;
}

const char *stauth_config_issuer(const struct stauth_config *config)
{
	return config->public_url_count > 0 ? config->public_urls[0].origin
					    : "stauth";
}
