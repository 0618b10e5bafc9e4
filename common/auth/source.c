/* SPDX-License-Identifier: MIT */
/*
 * An address counts as IPv4, or as the /64 of an IPv6; an IPv4 within an IPv6
 * MUST count as that IPv4. Anything else is none. A customer has one /64 at
 * least, often a /56 or a /48: the limits of mail count those too.
 */
#include "auth/source.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/banned.h"

void stauth_source_of_address(
	const char *address, char ret_source[STAUTH_ADDRESS_SIZE])
{
	ret_source[0] = '\0';
	struct in_addr v4;
	struct in6_addr v6;
	char text[INET6_ADDRSTRLEN];
	if (inet_pton(AF_INET, address, &v4) != 1) {
		if (inet_pton(AF_INET6, address, &v6) != 1) {
			return;
		}
		if (!IN6_IS_ADDR_V4MAPPED(&v6)) {
			memset(v6.s6_addr + 8, 0, 8);
			if (inet_ntop(AF_INET6, &v6, text, sizeof(text)) !=
				NULL) {
				snprintf(ret_source, STAUTH_ADDRESS_SIZE,
					"%s/64", text);
			}
			return;
		}
		memcpy(&v4, v6.s6_addr + 12, sizeof(v4));
	}
	if (inet_ntop(AF_INET, &v4, text, sizeof(text)) != NULL) {
		snprintf(ret_source, STAUTH_ADDRESS_SIZE, "%s", text);
	}
}

void stauth_source_network(
	const char *source, int bits, char ret_network[STAUTH_ADDRESS_SIZE])
{
	ret_network[0] = '\0';
	char text[STAUTH_ADDRESS_SIZE];
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(source, "/"), source);
	struct in6_addr v6;
	if (inet_pton(AF_INET6, text, &v6) != 1) {
		return;
	}
	memset(v6.s6_addr + bits / 8, 0, sizeof(v6.s6_addr) - (size_t)bits / 8);
	if (inet_ntop(AF_INET6, &v6, text, INET6_ADDRSTRLEN) != NULL) {
		snprintf(ret_network, STAUTH_ADDRESS_SIZE, "%.60s/%d", text,
			bits);
	}
}

void stauth_source_key(
	const char *address, char ret_source[STAUTH_ADDRESS_SIZE])
{
	stauth_source_of_address(address != NULL ? address : "", ret_source);
	if (ret_source[0] == '\0') {
		snprintf(ret_source, STAUTH_ADDRESS_SIZE, "?");
	}
}
