/* SPDX-License-Identifier: MIT */
#include "base/codec.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/ascii.h"

#include "base/banned.h"

static const char b64url[] = STAUTH_ALNUM "-_";

void stauth_b64url_encode(const void *data, size_t len, char *out)
{
	const uint8_t *in = data;
	uint32_t acc = 0;
	int bits = 0;

	for (size_t i = 0; i < len; i++) {
		acc = (acc << 8) | in[i];
		for (bits += 8; bits >= 6; bits -= 6) {
			*out++ = b64url[(acc >> (bits - 6)) & 63];
		}
	}
	if (bits > 0) {
		*out++ = b64url[(acc << (6 - bits)) & 63];
	}
	*out = '\0';
}

static int b64url_value(char c)
{
	if (stauth_is_upper(c)) {
		return c - 'A';
	}
	if (stauth_is_lower(c)) {
		return c - 'a' + 26;
	}
	if (stauth_is_digit(c)) {
		return c - '0' + 52;
	}
	if (c == '-') {
		return 62;
	}
	return c == '_' ? 63 : -1;
}

bool stauth_b64url_decode(const char *str, size_t str_len, void *out,
	size_t out_size, size_t *ret_len)
{
	if (str_len % 4 == 1) {
		return false;
	}
	uint8_t *to = out;
	uint32_t acc = 0;
	size_t len = 0;
	int bits = 0;
	for (size_t i = 0; i < str_len; i++) {
		int v = b64url_value(str[i]);

		if (v < 0) {
			return false;
		}
		acc = (acc << 6) | (uint32_t)v;
		bits += 6;
		if (bits >= 8) {
			if (len == out_size) {
				return false;
			}
			bits -= 8;
			to[len++] = (uint8_t)(acc >> bits);
		}
	}
	if (acc & ((1U << bits) - 1)) {
		return false;
	}
	*ret_len = len;
	return true;
}

void stauth_hex_encode(const void *data, size_t len, char *out)
{
	const uint8_t *in = data;

	for (size_t i = 0; i < len; i++, out += 2) {
		stauth_hex_digits(in[i], out);
	}
	*out = '\0';
}

bool stauth_percent_decode(
	const char *str, size_t len, bool plus, char *out, size_t *ret_len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = str[i];

		if (c == '%') {
			int hi =
				len - i > 2 ? stauth_hex_value(str[i + 1]) : -1;
			int lo =
				len - i > 2 ? stauth_hex_value(str[i + 2]) : -1;

			if (hi < 0 || lo < 0) {
				return false;
			}
			c = (char)(hi * 16 + lo);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		out[n++] = c;
	}
	*ret_len = n;
	return true;
}

/* Bytes that follow a lead byte, and the least code point it may begin. */
static int utf8_follow(unsigned char lead, uint32_t *ret_min, uint32_t *ret_cp)
{
	if (lead < 0x80) {
		*ret_min = 0;
		*ret_cp = lead;
		return 0;
	}
	if (lead >= 0xc2 && lead <= 0xdf) {
		*ret_min = 0x80;
		*ret_cp = lead & 0x1f;
		return 1;
	}
	if ((lead & 0xf0) == 0xe0) {
		*ret_min = 0x800;
		*ret_cp = lead & 0x0f;
		return 2;
	}
	if (lead >= 0xf0 && lead <= 0xf4) {
		*ret_min = 0x10000;
		*ret_cp = lead & 0x07;
		return 3;
	}
	return -1;
}

bool stauth_utf8_valid(const char *str, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint32_t min;
		uint32_t cp;
		int n = utf8_follow((unsigned char)str[i++], &min, &cp);

		if (n < 0 || (size_t)n > len - i) {
			return false;
		}
		for (; n > 0; n--, i++) {
			if (((unsigned char)str[i] & 0xc0) != 0x80) {
				return false;
			}
			cp = (cp << 6) | ((unsigned char)str[i] & 0x3f);
		}
		if (cp < min || cp > 0x10ffff ||
			(cp >= 0xd800 && cp <= 0xdfff)) {
			return false;
		}
	}
	return true;
}

bool stauth_parse_int(
	const char *str, int64_t min, int64_t max, int64_t *ret_value)
{
	bool negative = *str == '-';
	const char *digit = str + negative;

	if (!*digit || strlen(digit) > 18) {
		return false;
	}
	int64_t value = 0;
	for (; *digit; digit++) {
		if (*digit < '0' || *digit > '9') {
			return false;
		}
		value = value * 10 + (*digit - '0');
	}
	value = negative ? -value : value;
	if (value < min || value > max) {
		return false;
	}
	*ret_value = value;
	return true;
}

/* Fetching the algorithm again costs three times what hashing a token does,
 * so the context is made once a process; it holds nothing between calls. */
static EVP_MD_CTX *sha256_context(void)
{
	static EVP_MD_CTX *made;

	if (made != NULL) {
		return made;
	}
	EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
	made = EVP_MD_CTX_new();
	if (md == NULL || made == NULL ||
		EVP_DigestInit_ex2(made, md, NULL) != 1) {
		EVP_MD_CTX_free(made);
		made = NULL;
	}
	EVP_MD_free(md);
	return made;
}

bool stauth_sha256(const void *data, size_t len, uint8_t out[32])
{
	EVP_MD_CTX *ctx = sha256_context();
	unsigned int n = 0;

	if (ctx != NULL && EVP_DigestInit_ex2(ctx, NULL, NULL) == 1 &&
		EVP_DigestUpdate(ctx, data, len) == 1 &&
		EVP_DigestFinal_ex(ctx, out, &n) == 1 &&
		n == STAUTH_SHA256_LEN) {
		return true;
	}
	memset(out, 0, STAUTH_SHA256_LEN);
	return false;
}

bool stauth_sha1(const void *data, size_t len, uint8_t out[STAUTH_SHA1_LEN])
{
	unsigned int n = 0;

	if (EVP_Digest(data, len, out, &n, EVP_sha1(), NULL) == 1 &&
		n == STAUTH_SHA1_LEN) {
		return true;
	}
	memset(out, 0, STAUTH_SHA1_LEN);
	return false;
}

bool stauth_hmac_sha256(const void *key, size_t key_len, const void *data,
	size_t len, uint8_t out[32])
{
	unsigned int n = 0;

	if (HMAC(EVP_sha256(), key, (int)key_len, data, len, out, &n) != NULL &&
		n == STAUTH_SHA256_LEN) {
		return true;
	}
	memset(out, 0, STAUTH_SHA256_LEN);
	return false;
}

bool stauth_hashing_ready(void)
{
	uint8_t hash[STAUTH_SHA256_LEN];

	return stauth_sha256("", 0, hash) &&
	       stauth_hmac_sha256("", 0, "", 0, hash);
}
