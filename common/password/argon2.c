/* SPDX-License-Identifier: MIT */
/*
 * Argon2 in the PHC form that every other tool writes:
 * $argon2id$v=19$m=65536,t=3,p=1$SALT$HASH, base64 without padding.
 *
 * The form is parsed here and the numbers that were judged are the numbers
 * that are run: libargon2's own parser, which knows no caps, never sees it.
 */
#include "password/scheme.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <argon2.h>

#include "base/codec.h"
#include "password/password.h"

#include "base/banned.h"

#define MEMORY_KIB_MAX 262144
#define PASSES_MAX     10
#define LANES_MAX      8
#define SALT_MIN       8  /* libargon2's own least */
#define SALT_LEN       16 /* of new hashes */
#define SALT_MAX       64
#define HASH_MIN       16 /* a shorter one is too easy to hit */
#define HASH_LEN       32 /* of new hashes */
#define HASH_MAX       64
#define VERSION_OLD    0x10 /* forms without v= are of this version */

struct phc {
	uint32_t version;
	uint32_t memory_kib;
	uint32_t passes;
	uint32_t lanes;
	size_t salt_len;
	size_t hash_len;
	uint8_t salt[SALT_MAX];
	uint8_t hash[HASH_MAX];
};

static bool take(const char **at, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*at, word, len) != 0) {
		return false;
	}
	*at += len;
	return true;
}

/* A decimal number up to max; no sign, no leading zero. */
static bool take_number(const char **at, uint32_t max, uint32_t *ret_value)
{
	if (**at < '1' || **at > '9') {
		return false;
	}
	uint64_t value = 0;
	for (; **at >= '0' && **at <= '9'; (*at)++) {
		value = value * 10 + (uint64_t)(**at - '0');
		if (value > max) {
			return false;
		}
	}
	*ret_value = (uint32_t)value;
	return true;
}

/* Base64 up to the next '$' or the end, which is not taken. */
static bool take_base64(
	const char **at, uint8_t *out, size_t size, size_t *ret_len)
{
	char url[STAUTH_B64URL_SIZE(SALT_MAX)];
	size_t len = strcspn(*at, "$");

	if (len >= sizeof(url)) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		char c = (*at)[i];

		if (c == '-' || c == '_') {
			return false;
		}
		url[i] = c;
		if (c == '+') {
			url[i] = '-';
		} else if (c == '/') {
			url[i] = '_';
		}
	}
	*at += len;
	return stauth_b64url_decode(url, len, out, size, ret_len);
}

/* rest is what follows "$argon2id$". */
static bool phc_parse(const char *rest, struct phc *phc)
{
	*phc = (struct phc){.version = VERSION_OLD};
	const char *at = rest;
	if (take(&at, "v=") &&
		(!take_number(&at, ARGON2_VERSION_13, &phc->version) ||
			(phc->version != ARGON2_VERSION_10 &&
				phc->version != ARGON2_VERSION_13) ||
			!take(&at, "$"))) {
		return false;
	}
	if (!take(&at, "m=") ||
		!take_number(&at, MEMORY_KIB_MAX, &phc->memory_kib) ||
		!take(&at, ",t=") ||
		!take_number(&at, PASSES_MAX, &phc->passes) ||
		!take(&at, ",p=") ||
		!take_number(&at, LANES_MAX, &phc->lanes) ||
		phc->memory_kib < 8 * phc->lanes) {
		return false;
	}
	return take(&at, "$") &&
	       take_base64(&at, phc->salt, SALT_MAX, &phc->salt_len) &&
	       phc->salt_len >= SALT_MIN && take(&at, "$") &&
	       take_base64(&at, phc->hash, HASH_MAX, &phc->hash_len) &&
	       phc->hash_len >= HASH_MIN && *at == '\0';
}

bool stauth_argon2_fits(const char *rest)
{
	struct phc phc;

	return phc_parse(rest, &phc);
}

/*
 * Hashes with the parameters and salt of phc into out[phc->hash_len].
 * One thread however many lanes: the result is the same, and the process
 * stays without threads.
 */
static enum stauth_rc run(argon2_type type, const struct phc *phc,
	const struct stauth_secret *password, uint8_t *out,
	struct stauth_err *err)
{
	uint8_t salt[SALT_MAX];
	struct stauth_secret copy = *password;
	argon2_context context = {
		.out = out,
		.outlen = (uint32_t)phc->hash_len,
		.pwd = (uint8_t *)copy.data,
		.pwdlen = (uint32_t)copy.len,
		.salt = salt,
		.saltlen = (uint32_t)phc->salt_len,
		.t_cost = phc->passes,
		.m_cost = phc->memory_kib,
		.lanes = phc->lanes,
		.threads = 1,
		.version = phc->version,
		.flags = ARGON2_FLAG_CLEAR_PASSWORD,
	};

	memcpy(salt, phc->salt, sizeof(salt));
	int code = argon2_ctx(&context, type);
	stauth_secret_wipe(&copy);
	if (code == ARGON2_OK) {
		return STAUTH_OK;
	}
	return stauth_fail(err,
		code == ARGON2_MEMORY_ALLOCATION_ERROR ? STAUTH_ENOMEM
						       : STAUTH_ECRYPTO,
		"argon2: %s", argon2_error_message(code));
}

static argon2_type type_of(const char **at)
{
	if (take(at, "$argon2i$")) {
		return Argon2_i;
	}
	if (take(at, "$argon2d$")) {
		return Argon2_d;
	}
	(void)take(at, "$argon2id$");
	return Argon2_id;
}

enum stauth_rc stauth_argon2_verify(const char *encoded,
	const struct stauth_secret *password, bool *ret_match,
	struct stauth_err *err)
{
	const char *rest = encoded;
	argon2_type type = type_of(&rest);

	*ret_match = false;
	struct phc phc;
	if (!phc_parse(rest, &phc)) {
		return stauth_fail(
			err, STAUTH_EBROKEN, "argon2: not a PHC form");
	}
	uint8_t got[HASH_MAX];
	enum stauth_rc rc = run(type, &phc, password, got, err);
	if (rc == STAUTH_OK) {
		*ret_match = stauth_equal_ct(got, phc.hash, phc.hash_len);
	}
	stauth_wipe_array(got);
	return rc;
}

bool stauth_argon2_is_current(
	const char *rest, const struct stauth_password_cost *cost)
{
	struct phc phc;

	return phc_parse(rest, &phc) && phc.version == ARGON2_VERSION_13 &&
	       phc.memory_kib == (uint32_t)cost->memory_kib &&
	       phc.passes == (uint32_t)cost->passes && phc.lanes == 1 &&
	       phc.salt_len == SALT_LEN && phc.hash_len == HASH_LEN;
}

static void base64(const uint8_t *data, size_t len, char *out)
{
	stauth_b64url_encode(data, len, out);
	for (; *out; out++) {
		if (*out == '-') {
			*out = '+';
		} else if (*out == '_') {
			*out = '/';
		}
	}
}

static bool cost_fits(const struct stauth_password_cost *cost)
{
	return cost->memory_kib >= 8 && cost->memory_kib <= MEMORY_KIB_MAX &&
	       cost->passes >= 1 && cost->passes <= PASSES_MAX;
}

enum stauth_rc stauth_password_encode(const struct stauth_password_cost *cost,
	stauth_random_fn *random, const struct stauth_secret *password,
	char ret_encoded[STAUTH_PASSWORD_ENCODED_SIZE], struct stauth_err *err)
{
	/* What verify would refuse must never be stored. */
	if (!cost_fits(cost)) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"argon2: memory %d KiB, %d passes are out of range",
			cost->memory_kib, cost->passes);
	}
	struct phc phc = {
		.version = ARGON2_VERSION_13,
		.memory_kib = (uint32_t)cost->memory_kib,
		.passes = (uint32_t)cost->passes,
		.lanes = 1,
		.salt_len = SALT_LEN,
		.hash_len = HASH_LEN,
	};
	enum stauth_rc rc = random(phc.salt, SALT_LEN, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	rc = run(Argon2_id, &phc, password, phc.hash, err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	char salt[STAUTH_B64URL_SIZE(SALT_LEN)];
	base64(phc.salt, SALT_LEN, salt);
	char hash[STAUTH_B64URL_SIZE(HASH_LEN)];
	base64(phc.hash, HASH_LEN, hash);
	snprintf(ret_encoded, STAUTH_PASSWORD_ENCODED_SIZE,
		"$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", ARGON2_VERSION_13,
		cost->memory_kib, cost->passes, salt, hash);
out:
	stauth_wipe(&phc, sizeof(phc));
	return rc;
}
