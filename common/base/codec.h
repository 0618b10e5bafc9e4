/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_CODEC_H
#define STAUTH_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"

#define STAUTH_SHA256_LEN 32
#define STAUTH_SHA1_LEN   20

/* Bytes that n bytes take in base64url without padding, NUL included. */
#define STAUTH_B64URL_SIZE(n) (((n)*4 + 2) / 3 + 1)

/* RFC 4648 §5, no padding. out holds STAUTH_B64URL_SIZE(len). */
void stauth_b64url_encode(const void *data, size_t len, char *out);
/*
 * Strict: no padding, no foreign byte, unused bits zero. *ret_len is set to
 * the decoded length. false (and out is garbage) if str is not that, or does
 * not fit out_size.
 */
bool stauth_b64url_decode(const char *str, size_t str_len, void *out,
	size_t out_size, size_t *ret_len);
/* Lower case. out holds len * 2 + 1. */
void stauth_hex_encode(const void *data, size_t len, char *out);

/* One pass of %XX (and '+' as blank if plus). In place is allowed.
 * false on a bad escape. NULs are decoded, hence the length. */
bool stauth_percent_decode(
	const char *str, size_t len, bool plus, char *out, size_t *ret_len);

/* Is this well-formed UTF-8 (no surrogates, no overlong forms)? */
bool stauth_utf8_valid(const char *str, size_t len);
/* Is this a decimal number within [min, max], nothing before or after? */
bool stauth_parse_int(
	const char *str, int64_t min, int64_t max, int64_t *ret_value);

/* SHA-256. false only if the crypto library fails; out is then zeroed. */
bool stauth_sha256(const void *data, size_t len, uint8_t out[32]);
/* SHA-1, same failure: for the WebSocket handshake, which keeps no secret. */
bool stauth_sha1(const void *data, size_t len, uint8_t out[STAUTH_SHA1_LEN]);
/* HMAC-SHA-256, same failure. */
bool stauth_hmac_sha256(const void *key, size_t key_len, const void *data,
	size_t len, uint8_t out[32]);
/*
 * Sets up what the two need, which the first use does otherwise. OpenSSL tries
 * that once a process: if it fails then, for want of memory, it has failed for
 * good. Call it before fork, and give up if it is false.
 */
bool stauth_hashing_ready(void);

#endif
