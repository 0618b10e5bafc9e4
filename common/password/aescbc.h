/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_AESCBC_H
#define STAUTH_AESCBC_H

#include "base/rc.h"
#include "base/secret.h"

/*
 * The reversible passwords of st-auth-simple, read once at import and never
 * written (CONTRACT 8): AES-256-CBC, key = hex MD5 of ENC_PASSWORD, IV = the
 * first 16 characters of the hex MD5 of ENC_PASSWORD + key, text = password +
 * nonce ("_" if empty), url-safe base64. EBROKEN if it does not decrypt.
 */
enum stauth_rc stauth_aescbc_decrypt(const char *encoded,
	const char *enc_password, const char *enc_nonce,
	struct stauth_secret *ret_password, struct stauth_err *err);

#endif
