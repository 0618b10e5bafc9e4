/* SPDX-License-Identifier: MIT */
/* Classes of ASCII. Those of ctype.h follow the locale; names, tokens and
 * headers must not. */
#ifndef STAUTH_ASCII_H
#define STAUTH_ASCII_H

#include <stdbool.h>

/* For strspn, and in the order of base64. */
#define STAUTH_UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define STAUTH_LOWER  "abcdefghijklmnopqrstuvwxyz"
#define STAUTH_DIGITS "0123456789"
#define STAUTH_ALNUM  STAUTH_UPPER STAUTH_LOWER STAUTH_DIGITS

static inline bool stauth_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool stauth_is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool stauth_is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool stauth_is_alnum(char c)
{
	return stauth_is_digit(c) || stauth_is_lower(c) || stauth_is_upper(c);
}

static inline char stauth_to_lower(char c)
{
	return stauth_is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

static inline bool stauth_is_ascii(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text >= 0x80) {
			return false;
		}
	}
	return true;
}

/* Its two hexadecimal digits, in lower case. */
static inline void stauth_hex_digits(unsigned char byte, char out[2])
{
	static const char digits[] = "0123456789abcdef";

	out[0] = digits[byte >> 4];
	out[1] = digits[byte & 15];
}

/* -1: no hexadecimal digit. */
static inline int stauth_hex_value(char c)
{
	if (stauth_is_digit(c)) {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

#endif
