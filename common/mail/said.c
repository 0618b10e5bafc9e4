/* SPDX-License-Identifier: MIT */
#include "mail/said.h"

#include <stdbool.h>
#include <string.h>

#include "base/ascii.h"

#include "base/banned.h"

#define PIN_DIGITS 6
#define TOKEN_MIN  20
#define TOKEN      STAUTH_ALNUM "-_+/="

static bool printable(char c)
{
	return c >= 0x20 && c < 0x7f;
}

/* Length of what must not be shown here, or 0. */
static size_t hidden(const char *at)
{
	size_t digits = strspn(at, STAUTH_DIGITS);
	size_t token = strspn(at, TOKEN);

	if (token >= TOKEN_MIN) {
		return token;
	}
	return digits >= PIN_DIGITS ? digits : 0;
}

void stauth_said(
	char out[STAUTH_SAID_SIZE], const char *said, const char *secret)
{
	out[0] = '\0';
	if (secret != NULL && secret[0] && strstr(said, secret) != NULL) {
		return;
	}
	size_t used = 0;
	while (*said && used + 4 < STAUTH_SAID_SIZE) {
		size_t n = hidden(said);

		if (n > 0) {
			memcpy(out + used, "***", 3);
			used += 3;
			said += n;
		} else {
			out[used++] = printable(*said) ? *said : ' ';
			said++;
		}
	}
	while (used > 0 && out[used - 1] == ' ') {
		used--;
	}
	out[used] = '\0';
}
