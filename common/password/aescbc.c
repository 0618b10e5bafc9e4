/* SPDX-License-Identifier: MIT */
/*
 * Reads what st-auth-simple wrote (CONTRACT 8).
 *
 * 1. Only what that project itself could have written MUST decrypt: padded
 *    url-safe base64 of whole blocks, right PKCS#7 padding, the nonce at the
 *    end, UTF-8.
 * 2. The password, the key and the plain text MUST be wiped.
 */
#include "password/aescbc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/codec.h"

#include "base/banned.h"

#define BLOCK       16
#define MD5_LEN     16
#define MD5_HEX     (2 * MD5_LEN)
#define ENCODED_MAX 8192

struct aes_secret {
	char key[MD5_HEX + 1]; /* 32 characters are the 32 bytes of the key */
	char iv[MD5_HEX + 1];  /* the first 16 count */
	const char *nonce;
};

/* Both areas are wiped. */
struct work {
	uint8_t *cipher;
	uint8_t *plain;
	size_t size; /* of each */
};

static bool md5_hex(const char *a, const char *b, char out[MD5_HEX + 1])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t raw[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	bool ok = md != NULL && EVP_DigestInit_ex(md, EVP_md5(), NULL) == 1 &&
		  EVP_DigestUpdate(md, a, strlen(a)) == 1 &&
		  EVP_DigestUpdate(md, b, strlen(b)) == 1 &&
		  EVP_DigestFinal_ex(md, raw, &len) == 1 && len == MD5_LEN;

	if (ok) {
		stauth_hex_encode(raw, MD5_LEN, out);
	}
	EVP_MD_CTX_free(md);
	stauth_wipe_array(raw);
	return ok;
}

/* Length without the '=' that a multiple of four needs; 0 if it is none. */
static size_t unpadded_len(const char *encoded)
{
	size_t len = strnlen(encoded, ENCODED_MAX + 1);

	if (len == 0 || len > ENCODED_MAX || len % 4 != 0) {
		return 0;
	}
	for (int i = 0; i < 2 && encoded[len - 1] == '='; i++) {
		len--;
	}
	return len;
}

/* plain holds cipher_len bytes. */
static bool decrypt_blocks(const struct aes_secret *secret,
	const uint8_t *cipher, size_t cipher_len, uint8_t *plain,
	size_t *ret_len)
{
	EVP_CIPHER_CTX *aes = EVP_CIPHER_CTX_new();
	int len = 0;
	int tail = 0;
	bool ok = aes != NULL &&
		  EVP_DecryptInit_ex(aes, EVP_aes_256_cbc(), NULL,
			  (const uint8_t *)secret->key,
			  (const uint8_t *)secret->iv) == 1 &&
		  EVP_DecryptUpdate(
			  aes, plain, &len, cipher, (int)cipher_len) == 1 &&
		  EVP_DecryptFinal_ex(aes, plain + len, &tail) == 1;

	EVP_CIPHER_CTX_free(aes);
	*ret_len = ok ? (size_t)len + (size_t)tail : 0;
	return ok;
}

static enum stauth_rc take_password(const char *plain, size_t len,
	const char *nonce, struct stauth_secret *ret_password,
	struct stauth_err *err)
{
	size_t nonce_len = strlen(nonce);

	if (len < nonce_len ||
		!stauth_equal_ct(plain + len - nonce_len, nonce, nonce_len) ||
		!stauth_utf8_valid(plain, len)) {
		return stauth_fail(err, STAUTH_EBROKEN,
			"the old password does not decrypt: ENC_PASSWORD or "
			"ENC_NONCE is not the one it was written with");
	}
	len -= nonce_len;
	if (memchr(plain, '\n', len) != NULL ||
		memchr(plain, '\r', len) != NULL) {
		return stauth_fail(err, STAUTH_EBROKEN,
			"the old password holds a line break");
	}
	if (stauth_secret_set(ret_password, plain, len, err) != STAUTH_OK) {
		/* Of the row, not of the caller. */
		return stauth_fail(err, STAUTH_EBROKEN,
			"the old password is empty, longer than %d bytes or "
			"holds a NUL",
			STAUTH_PASSWORD_MAX);
	}
	return STAUTH_OK;
}

static enum stauth_rc decrypt(const char *encoded,
	const struct aes_secret *secret, const struct work *work,
	struct stauth_secret *ret_password, struct stauth_err *err)
{
	size_t cipher_len;
	if (!stauth_b64url_decode(encoded, unpadded_len(encoded), work->cipher,
		    work->size, &cipher_len) ||
		cipher_len == 0 || cipher_len % BLOCK != 0) {
		return stauth_fail(err, STAUTH_EBROKEN,
			"the old password is not whole url-safe base64");
	}
	size_t plain_len;
	if (!decrypt_blocks(secret, work->cipher, cipher_len, work->plain,
		    &plain_len)) {
		return stauth_fail(err, STAUTH_EBROKEN,
			"the old password does not decrypt: ENC_PASSWORD is "
			"not the one it was written with");
	}
	return take_password((char *)work->plain, plain_len, secret->nonce,
		ret_password, err);
}

enum stauth_rc stauth_aescbc_decrypt(const char *encoded,
	const char *enc_password, const char *enc_nonce,
	struct stauth_secret *ret_password, struct stauth_err *err)
{
	size_t len = unpadded_len(encoded);
	if (len == 0) {
		return stauth_fail(err, STAUTH_EBROKEN,
			"the old password is not whole url-safe base64");
	}
	size_t size = len + BLOCK;
	uint8_t *both = calloc(2, size);
	if (both == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	struct work work = {both, both + size, size};
	struct aes_secret secret = {.nonce = *enc_nonce ? enc_nonce : "_"};
	enum stauth_rc rc;
	if (md5_hex(enc_password, "", secret.key) &&
		md5_hex(enc_password, secret.key, secret.iv)) {
		rc = decrypt(encoded, &secret, &work, ret_password, err);
	} else {
		rc = stauth_fail(err, STAUTH_ECRYPTO, "MD5 failed");
	}
	stauth_wipe(&secret, sizeof(secret));
	stauth_wipe(both, 2 * size);
	free(both);
	return rc;
}
