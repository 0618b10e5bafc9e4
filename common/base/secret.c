/* SPDX-License-Identifier: MIT */
#include "base/secret.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/banned.h"

void stauth_wipe(void *data, size_t len)
{
	explicit_bzero(data, len);
}

enum stauth_rc stauth_secret_set(struct stauth_secret *secret, const char *data,
	size_t len, struct stauth_err *err)
{
	if (len == 0) {
		return stauth_fail(err, STAUTH_BADVALUE, "empty password");
	}
	if (len > STAUTH_PASSWORD_MAX) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"password over %d bytes", STAUTH_PASSWORD_MAX);
	}
	if (memchr(data, '\0', len) != NULL) {
		return stauth_fail(
			err, STAUTH_BADVALUE, "password holds a NUL");
	}
	stauth_secret_wipe(secret);
	memcpy(secret->data, data, len);
	secret->len = len;
	return STAUTH_OK;
}

void stauth_secret_wipe(struct stauth_secret *secret)
{
	stauth_wipe(secret, sizeof(*secret));
}

bool stauth_equal_ct(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
