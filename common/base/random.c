/* SPDX-License-Identifier: MIT */
#include "base/random.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "base/ascii.h"
#include "base/codec.h"
#include "base/secret.h"

#include "base/banned.h"

enum stauth_rc stauth_random(void *data, size_t len, struct stauth_err *err)
{
	uint8_t *to = data;
	size_t done = 0;

	while (done < len) {
		ssize_t n = getrandom(to + done, len - done, 0);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			int code = errno;
			stauth_wipe(data, len);
			return stauth_fail(err, STAUTH_ECRYPTO, "getrandom: %s",
				strerror(code));
		}
		done += (size_t)n;
	}
	return STAUTH_OK;
}

static enum stauth_rc random_text(
	stauth_random_fn *random, size_t len, char *out, struct stauth_err *err)
{
	uint8_t raw[24];
	enum stauth_rc rc = random(raw, len, err);

	if (rc == STAUTH_OK) {
		stauth_b64url_encode(raw, len, out);
	}
	stauth_wipe_array(raw);
	return rc;
}

enum stauth_rc stauth_random_token(stauth_random_fn *random,
	char out[STAUTH_TOKEN_LEN + 1], struct stauth_err *err)
{
	return random_text(random, 24, out, err);
}

static bool is_b64url(char c)
{
	return stauth_is_alnum(c) || c == '-' || c == '_';
}

/* 32 characters are 24 bytes without a bit left over, so each 32 of the
 * alphabet are a token. Every check asks this: nothing is decoded. */
bool stauth_token_wellformed(const char *token, size_t len)
{
	if (token == NULL || len != STAUTH_TOKEN_LEN) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (!is_b64url(token[i])) {
			return false;
		}
	}
	return true;
}

enum stauth_rc stauth_random_handle(stauth_random_fn *random,
	char out[STAUTH_HANDLE_LEN + 1], struct stauth_err *err)
{
	enum stauth_rc rc = random_text(random, 12, out, err);

	/* People and scripts hand it to commands, which would take a dash for
	 * the start of an option. It is public, so that 'A' comes up a little
	 * more often harms nobody. */
	if (rc == STAUTH_OK && out[0] == '-') {
		out[0] = 'A';
	}
	return rc;
}
