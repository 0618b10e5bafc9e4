/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SAID_H
#define STAUTH_SAID_H

#include <stddef.h>

#define STAUTH_SAID_SIZE 120

/*
 * What a server said, fit for a log: printable ASCII, one line, cut. Servers
 * quote what they refuse, and our subject holds the PIN: digits in a row from
 * six on, and whatever is long enough to be a token or a key, become "***".
 */
void stauth_said(
	char out[STAUTH_SAID_SIZE], const char *said, const char *secret);

#endif
