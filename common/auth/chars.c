/* SPDX-License-Identifier: MIT */
#include "auth/chars.h"

#include <string.h>

#include "base/codec.h"

#include "base/banned.h"

uint32_t stauth_char_next(const char **at)
{
	const unsigned char *s = (const unsigned char *)*at;
	uint32_t c = s[0];
	int more = c < 0xc0 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

	if (more > 0) {
		c &= 0x3fU >> more;
	}
	for (int i = 1; i <= more; i++) {
		c = (c << 6) | (s[i] & 0x3f);
	}
	*at += more + 1;
	return c;
}

bool stauth_char_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 ||
	       c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

size_t stauth_char_count(const char *str, size_t len)
{
	const char *end = str + len;
	size_t n = 0;

	if (!stauth_utf8_valid(str, len)) {
		return len;
	}
	while (str < end) {
		(void)stauth_char_next(&str);
		n++;
	}
	return n;
}

/* Bytes of the character at str, 0 if it is no UTF-8. */
static size_t char_len(const char *str)
{
	size_t left = strnlen(str, 4);

	for (size_t n = 1; n <= left; n++) {
		if (stauth_utf8_valid(str, n)) {
			return n;
		}
	}
	return 0;
}

void stauth_text_clean(char *out, size_t out_size, const char *str)
{
	size_t used = 0;

	while (str && *str) {
		size_t n = char_len(str);
		const char *from = str;
		const char *at = str;

		if (n == 0 || stauth_char_unsafe(stauth_char_next(&at))) {
			from = "?";
			str += n == 0 ? 1 : n;
			n = 1;
		} else {
			str += n;
		}
		if (used + n >= out_size) {
			break;
		}
		memcpy(out + used, from, n);
		used += n;
	}
	out[used] = '\0';
}
