/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>

#include "password/aescbc.h"

#include "base/banned.h"

struct vector {
	const char *name;
	const char *encoded;
	const char *enc_password;
	const char *enc_nonce;
	const char *password; /* NULL: must not decrypt */
};

/* Made by another program: tests/vectors/make_aescbc.py. */
static const struct vector vectors[] = {
#include "../vectors/aescbc.inc"
};

static void k1_what_st_auth_simple_wrote_is_read(void **state)
{
	struct stauth_secret got = {0};
	struct stauth_err err;
	size_t good = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		const struct vector *v = &vectors[i];

		if (!v->password) {
			continue;
		}
		assert_ok(stauth_aescbc_decrypt(
			v->encoded, v->enc_password, v->enc_nonce, &got, &err));
		assert_int_equal(got.len, strlen(v->password));
		assert_string_equal(got.data, v->password);
		good++;
	}
	assert_int_equal(good, 7);
}

static void broken(const char *name, const char *encoded, const char *key,
	const char *nonce)
{
	struct stauth_secret got = {.len = 1, .data = "u"};
	struct stauth_err err = {.msg = ""};
	enum stauth_rc rc =
		stauth_aescbc_decrypt(encoded, key, nonce, &got, &err);

	if (rc != STAUTH_EBROKEN || !err.msg[0]) {
		fail_msg("%s: %s", name, stauth_rc_name(rc));
	}
	assert_string_equal(got.data, "u");
}

static void k2_bad_plain_texts_are_broken(void **state)
{
	size_t bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		const struct vector *v = &vectors[i];

		if (!v->password) {
			broken(v->name, v->encoded, v->enc_password,
				v->enc_nonce);
			bad++;
		}
	}
	assert_int_equal(bad, 16);
}

static void k2_malformed_base64_and_short_ciphers_are_broken(void **state)
{
	static const char *const bad[] = {"", "=", "==", "====", "A",
		"AA==", "AAAA", "AAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAA===",
		"AAAAAAAAAAAAAAAAAAAAA===", "AAAAAAAAAAAAAAAAAAAAAB==",
		"AAAAAAAAAAAAAAAAAAA+AA==", "AAAAAAAAAAAAAAAAAAA/AA==",
		"AAAAAAAAAAAAAAAAAAA AA==", "AAAAAAAAAAAAAAAA==AAAA==",
		"AAAAAAAAAAAAAAAAAAAA\n==", "\xff\xfe\xff\xfe",
		"correct horse battery", "$argon2id$v=19$m=1024"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		broken(bad[i], bad[i], "key", "nonce");
	}
}

static void k2_every_cut_and_every_bit_is_noticed_or_harmless(void **state)
{
	const struct vector *v = &vectors[0];
	size_t len = strlen(v->encoded);
	char *text = malloc(len + 1);
	struct stauth_secret got = {0};
	struct stauth_err err;

	(void)state;
	assert_non_null(text);
	for (size_t n = 0; n < len; n++) {
		memcpy(text, v->encoded, n);
		text[n] = '\0';
		broken("cut", text, v->enc_password, v->enc_nonce);
	}
	for (size_t i = 0; i < len * 7; i++) {
		memcpy(text, v->encoded, len + 1);
		text[i / 7] = (char)(text[i / 7] ^ (1 << (i % 7)));
		if (stauth_aescbc_decrypt(text, v->enc_password, v->enc_nonce,
			    &got, &err) == STAUTH_OK) {
			assert_string_not_equal(got.data, v->password);
		}
	}
	free(text);
}

static void k2_a_huge_cipher_is_broken(void **state)
{
	size_t len = (size_t)1 << 20;
	char *text = malloc(len + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'A', len);
	text[len] = '\0';
	broken("1 MiB", text, "key", "nonce");
	text[8192] = '\0';
	broken("8 KiB", text, "key", "nonce");
	free(text);
}

static void k2_other_keys_and_nonces_do_not_match(void **state)
{
	const struct vector *v = &vectors[0];
	char key[32];

	(void)state;
	broken("nonce", v->encoded, v->enc_password, "");
	broken("nonce", v->encoded, v->enc_password, "Nonsensical");
	broken("nonce", v->encoded, v->enc_password, "xnonsensical");
	broken("key", v->encoded, "", v->enc_nonce);
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(key, sizeof(key), "key %d", i);
		broken(key, v->encoded, key, v->enc_nonce);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(k1_what_st_auth_simple_wrote_is_read),
		cmocka_unit_test(k2_bad_plain_texts_are_broken),
		cmocka_unit_test(
			k2_malformed_base64_and_short_ciphers_are_broken),
		cmocka_unit_test(
			k2_every_cut_and_every_bit_is_noticed_or_harmless),
		cmocka_unit_test(k2_a_huge_cipher_is_broken),
		cmocka_unit_test(k2_other_keys_and_nonces_do_not_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
