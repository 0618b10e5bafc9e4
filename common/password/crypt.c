/* SPDX-License-Identifier: MIT */
/*
 * crypt(3) strings of other systems, verified by libxcrypt and never made.
 *
 * 1. Shape and cost MUST be judged before crypt sees the string.
 * 2. The answer MUST be compared over its whole length in constant time.
 * 3. crypt's work area holds the password and MUST be wiped.
 */
#include "password/scheme.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <crypt.h>

#include "base/ascii.h"

#include "base/banned.h"

#define MIB                ((uint64_t)1024 * 1024)
#define YESCRYPT_BYTES_MAX (128 * MIB) /* cost 8: jCT */
#define SCRYPT_BYTES_MAX   (256 * MIB)
#define BCRYPT_COST_MIN    4
#define BCRYPT_COST_MAX    14
#define BCRYPT_LEN_MAX     72
#define SHA_ROUNDS_MAX     1000000
#define SHA_SALT_MAX       16
#define SALT_MAX           86

static const char itoa64[] = "./" STAUTH_DIGITS STAUTH_UPPER STAUTH_LOWER;

/* Value of one character of crypt's base64, -1 for a foreign one. */
static int value64(char c)
{
	const char *at = c ? strchr(itoa64, c) : NULL;

	return at != NULL ? (int)(at - itoa64) : -1;
}

/* Is it "$" and then exactly len characters of crypt's base64? */
static bool is_hash(const char *at, size_t len)
{
	return at[0] == '$' && strspn(at + 1, itoa64) == len &&
	       at[1 + len] == '\0';
}

static bool is_salt_and_hash(const char *at)
{
	size_t len = strspn(at, itoa64);

	return len > 0 && len <= SALT_MAX && is_hash(at + len, 43);
}

/*
 * "jCT$SALT$HASH": flavour j (the only one in use), log2(N) - 1, r - 1, in
 * one character each (larger values take two, and are over the cap anyway).
 * Anything between r and the '$' (parallelism, more time, a ROM) is not what
 * any system writes, and is refused.
 */
bool stauth_yescrypt_fits(const char *rest)
{
	if (rest[0] != 'j') {
		return false;
	}
	int log2n = value64(rest[1]);
	int r = log2n < 0 ? -1 : value64(rest[2]);
	if (log2n < 0 || r < 0 || log2n > 47 || r > 47 || rest[3] != '$') {
		return false;
	}
	return ((uint64_t)128 * (uint64_t)(r + 1) << (log2n + 1)) <=
		       YESCRYPT_BYTES_MAX &&
	       is_salt_and_hash(rest + 4);
}

/* Five characters, the lowest six bits first; -1 if one is foreign. */
static int64_t fixed30(const char *at)
{
	int64_t value = 0;

	for (int i = 0; i < 5; i++) {
		int v = value64(at[i]);

		if (v < 0) {
			return -1;
		}
		value |= (int64_t)v << (6 * i);
	}
	return value;
}

/* "NrrrrrpppppSALT$HASH"; time grows with p as memory does with r. */
bool stauth_scrypt_fits(const char *rest)
{
	int log2n = value64(rest[0]);
	int64_t r = log2n < 1 || log2n > 24 ? -1 : fixed30(rest + 1);
	int64_t p = r < 1 || r > 1024 ? -1 : fixed30(rest + 6);

	if (p < 1 || p > 1024) {
		return false;
	}
	return ((uint64_t)128 * (uint64_t)r * (uint64_t)p << log2n) <=
		       SCRYPT_BYTES_MAX &&
	       is_salt_and_hash(rest + 11);
}

/* "NN$" and 22 characters of salt, 31 of hash. */
bool stauth_bcrypt_fits(const char *rest)
{
	if (rest[0] < '0' || rest[0] > '9' || rest[1] < '0' || rest[1] > '9') {
		return false;
	}
	int cost = (rest[0] - '0') * 10 + (rest[1] - '0');
	return cost >= BCRYPT_COST_MIN && cost <= BCRYPT_COST_MAX &&
	       is_hash(rest + 2, 53);
}

/* Past "rounds=N$" if it is there; NULL if N is over the cap or garbled. */
static const char *skip_rounds(const char *rest)
{
	static const char word[] = "rounds=";
	const char *at = rest + sizeof(word) - 1;

	if (strncmp(rest, word, sizeof(word) - 1) != 0) {
		return rest;
	}
	if (*at < '1' || *at > '9') {
		return NULL;
	}
	uint64_t rounds = 0;
	for (; *at >= '0' && *at <= '9'; at++) {
		rounds = rounds * 10 + (uint64_t)(*at - '0');
		if (rounds > SHA_ROUNDS_MAX) {
			return NULL;
		}
	}
	return rounds >= 1000 && *at == '$' ? at + 1 : NULL;
}

/* The salt may hold any printable that crypt takes; some tools write such. */
static bool sha_fits(const char *rest, size_t hash_len)
{
	const char *salt = skip_rounds(rest);

	if (salt == NULL) {
		return false;
	}
	size_t len = 0;
	while (salt[len] > ' ' && salt[len] < 0x7f &&
		strchr("$:;*!\\", salt[len]) == NULL) {
		len++;
	}
	return len > 0 && len <= SHA_SALT_MAX && is_hash(salt + len, hash_len);
}

bool stauth_sha512_fits(const char *rest)
{
	return sha_fits(rest, 86);
}

bool stauth_sha256_fits(const char *rest)
{
	return sha_fits(rest, 43);
}

enum stauth_rc stauth_crypt_verify(const char *encoded,
	const struct stauth_secret *password, bool *ret_match,
	struct stauth_err *err)
{
	struct crypt_data *data = calloc(1, sizeof(*data));

	*ret_match = false;
	if (data == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	errno = 0;
	/* Not crypt_r: the address sanitizer's wrapper of it hides libcrypt
	 * from the linker. No is NULL here, "*0" or "*1" with crypt_r. */
	const char *got =
		crypt_rn(password->data, encoded, data, sizeof(*data));
	enum stauth_rc rc = STAUTH_OK;
	size_t len;
	if (got == NULL || got[0] == '*') {
		rc = errno == ENOMEM
			     ? stauth_fail(err, STAUTH_ENOMEM,
				       "crypt: out of memory")
			     : stauth_fail(err, STAUTH_EBROKEN,
				       "crypt refuses the stored password");
	} else {
		len = strlen(encoded);
		*ret_match = strlen(got) == len &&
			     stauth_equal_ct(got, encoded, len);
	}
	stauth_wipe(data, sizeof(*data));
	free(data);
	return rc;
}

/*
 * bcrypt ignores all from byte 73 on, so that two long passwords that begin
 * alike would be one. Such a password is not known to be the one that was
 * set: no. The hash is computed all the same, for the same time.
 */
enum stauth_rc stauth_bcrypt_verify(const char *encoded,
	const struct stauth_secret *password, bool *ret_match,
	struct stauth_err *err)
{
	bool same = false;
	enum stauth_rc rc = stauth_crypt_verify(encoded, password, &same, err);

	*ret_match = same && password->len <= BCRYPT_LEN_MAX;
	return rc;
}
