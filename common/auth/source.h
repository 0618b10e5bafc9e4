/* SPDX-License-Identifier: MIT */
/* Client addresses as the rate limits count them. Pure functions. */
#ifndef STAUTH_SOURCE_H
#define STAUTH_SOURCE_H

#include "store/records.h"

/* The larger network that an IPv6 source is in: "2001:db8:1:2::/64" and 48
 * give "2001:db8:1::/48". "" for an IPv4, and for what is no source. */
void stauth_source_network(
	const char *source, int bits, char ret_network[STAUTH_ADDRESS_SIZE]);
/* A client address as the throttle counts it: IPv4 as it is, IPv6 as its
 * /64, v4-mapped as v4; "" if it is no address. */
void stauth_source_of_address(
	const char *address, char ret_source[STAUTH_ADDRESS_SIZE]);
/* The same for a key that must not be empty: "?" for what is no address, NULL
 * included. */
void stauth_source_key(
	const char *address, char ret_source[STAUTH_ADDRESS_SIZE]);

#endif
