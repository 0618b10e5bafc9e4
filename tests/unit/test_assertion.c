/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>

#include "auth/assertion.h"
#include "base/codec.h"

#include "base/banned.h"

#define KEY    "0123456789abcdef0123456789abcdef"
#define ISSUER "https://app.example.com"
#define NOW    INT64_C(1800000000)
#define HANDLE "AbCdEfGhIjKlMnOp"

static struct stauth_config *config;

static const struct stauth_session session = {
	.handle = HANDLE,
	.user = "alice",
	.email = "alice@example.com",
	.display_name = "Al \"\xc3\xbc\"",
	.groups = "su,dev",
	.factors = STAUTH_FACTOR_PASSWORD,
	.level = 1,
	.auth_at = NOW - 5,
	.expires_at = NOW + 100,
};

static int setup(void **state)
{
	(void)state;
	config = calloc(1, sizeof(*config));
	memcpy(config->app_key, KEY, sizeof(KEY));
	config->app_key_len = strlen(KEY);
	(void)snprintf(config->public_urls[0].origin,
		sizeof(config->public_urls[0].origin), ISSUER);
	config->public_url_count = 1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(config);
	return 0;
}

static void make(char *out, size_t out_size)
{
	struct stauth_buf buf;
	struct stauth_err err;

	stauth_buf_init(&buf, 16384);
	assert_ok(stauth_assertion_make(config, &session, NOW, &buf, &err));
	(void)snprintf(out, out_size, "%s", stauth_buf_str(&buf));
	stauth_buf_finish(&buf);
}

/* What an attacker or another program with this key could make. */
static void forge(const char *header, const char *claims, const char *key,
	char *out, size_t out_size)
{
	char one[512];
	char two[4096];
	char three[64];
	uint8_t mac[32];
	int len;

	stauth_b64url_encode(header, strlen(header), one);
	stauth_b64url_encode(claims, strlen(claims), two);
	len = snprintf(out, out_size, "%s.%s", one, two);
	assert_true(
		stauth_hmac_sha256(key, strlen(key), out, (size_t)len, mac));
	stauth_b64url_encode(mac, sizeof(mac), three);
	(void)snprintf(out + len, out_size - (size_t)len, ".%s", three);
}

static enum stauth_rc check(const char *jwt, int64_t now_s)
{
	char handle[STAUTH_HANDLE_LEN + 1] = "";
	enum stauth_rc rc =
		stauth_assertion_check(config, jwt, now_s, handle, NULL);

	assert_string_equal(handle, rc == STAUTH_OK ? HANDLE : "");
	return rc;
}

#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"

/* Claims with one of them another one's. */
static const char *claims(const char *iss, const char *aud, const char *sid,
	const char *iat, const char *exp)
{
	static char text[1024];

	(void)snprintf(text, sizeof(text),
		"{\"iss\":\"%s\",\"aud\":\"%s\",\"sid\":\"%s\",\"sub\":\"a\","
		"\"iat\":%s,\"exp\":%s}",
		iss, aud, sid, iat, exp);
	return text;
}

static void the_claims_are_those_of_the_contract(void **state)
{
	char jwt[8192];
	char text[8192];
	const char *one;
	const char *two;
	size_t len;

	(void)state;
	make(jwt, sizeof(jwt));
	one = strchr(jwt, '.');
	two = strchr(one + 1, '.');
	assert_true(stauth_b64url_decode(
		jwt, (size_t)(one - jwt), text, sizeof(text), &len));
	text[len] = '\0';
	assert_string_equal(text, HEADER);
	assert_true(stauth_b64url_decode(
		one + 1, (size_t)(two - one - 1), text, sizeof(text), &len));
	text[len] = '\0';
	assert_string_equal(text,
		"{\"iss\":\"https://app.example.com\",\"sub\":\"alice\","
		"\"sid\":\"AbCdEfGhIjKlMnOp\",\"name\":\"Al \\\"\xc3\xbc\\\"\","
		"\"email\":\"alice@example.com\",\"groups\":[\"su\",\"dev\"],"
		"\"iat\":1800000000,\"exp\":1800000100,"
		"\"aud\":\"https://app.example.com\",\"auth_time\":1799999995,"
		"\"amr\":[\"pwd\"],\"acr\":\"1\"}");
}

static void what_is_made_is_believed_until_it_ends(void **state)
{
	char jwt[8192];

	(void)state;
	make(jwt, sizeof(jwt));
	assert_rc(check(jwt, NOW), STAUTH_OK);
	assert_rc(check(jwt, NOW + 99), STAUTH_OK);
	assert_rc(check(jwt, NOW + 100), STAUTH_NOTFOUND);
	assert_rc(check(jwt, NOW - 60), STAUTH_OK);
	assert_rc(check(jwt, NOW - 61), STAUTH_NOTFOUND);
}

static void without_a_key_there_is_none(void **state)
{
	char jwt[8192];
	char none[8192];

	(void)state;
	make(jwt, sizeof(jwt));
	config->app_key_len = 0;
	make(none, sizeof(none));
	assert_string_equal(none, "");
	assert_rc(check(jwt, NOW), STAUTH_NOTFOUND);
	/* Least of all one that is signed with no key. */
	forge(HEADER, claims(ISSUER, ISSUER, HANDLE, "1", "9999999999"), "",
		jwt, sizeof(jwt));
	assert_rc(check(jwt, NOW), STAUTH_NOTFOUND);
}

static void every_changed_byte_is_refused(void **state)
{
	char jwt[8192];
	size_t len;

	(void)state;
	make(jwt, sizeof(jwt));
	len = strlen(jwt);
	for (size_t i = 0; i < len; i++) {
		char was = jwt[i];

		jwt[i] = was == 'A' ? 'B' : 'A';
		assert_rc(check(jwt, NOW), STAUTH_NOTFOUND);
		jwt[i] = was;
	}
	assert_rc(check(jwt, NOW), STAUTH_OK);
	for (size_t n = len; n-- > 0;) {
		jwt[n] = '\0';
		assert_rc(check(jwt, NOW), STAUTH_NOTFOUND);
	}
}

/* A MAC that ends in a zero byte, with that byte cut off: what is missing
 * must not be taken for zeros. */
static void a_cut_mac_is_refused(void **state)
{
	char jwt[8192] = "";
	char iat[32];
	char *mac;
	uint8_t raw[32] = {0, [31] = 1};
	size_t len;

	(void)state;
	for (int i = 0; raw[31] != 0; i++) {
		(void)snprintf(iat, sizeof(iat), "%d", i);
		forge(HEADER, claims(ISSUER, ISSUER, HANDLE, iat, "9999999999"),
			KEY, jwt, sizeof(jwt));
		mac = strrchr(jwt, '.') + 1;
		assert_true(stauth_b64url_decode(
			mac, strlen(mac), raw, sizeof(raw), &len));
	}
	assert_rc(check(jwt, NOW), STAUTH_OK);
	mac = strrchr(jwt, '.') + 1;
	for (size_t n = 0; n < sizeof(raw); n++) {
		stauth_b64url_encode(raw, n, mac);
		assert_rc(check(jwt, NOW), STAUTH_NOTFOUND);
	}
}

static void only_hs256_is_an_algorithm(void **state)
{
	static const char *const headers[] = {
		"{\"alg\":\"none\",\"typ\":\"JWT\"}", "{\"alg\":\"HS512\"}",
		"{\"alg\":\"hs256\"}", "{\"alg\":[\"HS256\"]}", "{}", "[]",
		"\"HS256\"", "", "{\"alg\":\"HS256\",\"typ\":\"JWS\"}",
		"{\"alg\":\"none\",\"alg\":\"HS256\"}",
		"{\"alg\":\"HS256\",\"crit\":[\"x\"]}",
		"{\"alg\":\"HS256\"} "
		"x"};
	char jwt[8192];
	const char *good = claims(ISSUER, ISSUER, HANDLE, "1", "9999999999");

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		forge(headers[i], good, KEY, jwt, sizeof(jwt));
		if (check(jwt, NOW) != STAUTH_NOTFOUND) {
			fail_msg("taken: %s", headers[i]);
		}
	}
	forge("{\"alg\":\"HS256\"}", good, KEY, jwt, sizeof(jwt));
	assert_rc(check(jwt, NOW), STAUTH_OK);
}

static void unsigned_and_foreign_ones_are_refused(void **state)
{
	char jwt[8192];
	char again[8200];

	(void)state;
	forge(HEADER, claims(ISSUER, ISSUER, HANDLE, "1", "9999999999"),
		"another key that is quite as long", jwt, sizeof(jwt));
	assert_rc(check(jwt, NOW), STAUTH_NOTFOUND);
	make(jwt, sizeof(jwt));
	(void)snprintf(again, sizeof(again), "%s.", jwt);
	assert_rc(check(again, NOW), STAUTH_NOTFOUND);
	(void)snprintf(again, sizeof(again), "%s=", jwt);
	assert_rc(check(again, NOW), STAUTH_NOTFOUND);
	(void)snprintf(again, sizeof(again), " %s", jwt);
	assert_rc(check(again, NOW), STAUTH_NOTFOUND);
	*strrchr(jwt, '.') = '\0';
	assert_rc(check(jwt, NOW), STAUTH_NOTFOUND);
	(void)snprintf(again, sizeof(again), "%s.", jwt);
	assert_rc(check(again, NOW), STAUTH_NOTFOUND);
	assert_rc(check("", NOW), STAUTH_NOTFOUND);
	assert_rc(check("..", NOW), STAUTH_NOTFOUND);
}

static void wrong_claims_are_refused(void **state)
{
	const struct {
		const char *iss;
		const char *aud;
		const char *sid;
		const char *iat;
		const char *exp;
		enum stauth_rc want;
	} cases[] = {
		{ISSUER, ISSUER, HANDLE, "1", "9999999999", STAUTH_OK},
		{"x", ISSUER, HANDLE, "1", "9999999999", STAUTH_NOTFOUND},
		{ISSUER, "x", HANDLE, "1", "9999999999", STAUTH_NOTFOUND},
		{ISSUER, ISSUER, "", "1", "9999999999", STAUTH_NOTFOUND},
		{ISSUER, ISSUER, "AbCdEfGhIjKlMnO=", "1", "9999999999",
			STAUTH_NOTFOUND},
		{ISSUER, ISSUER, HANDLE "x", "1", "9999999999",
			STAUTH_NOTFOUND},
		{ISSUER, ISSUER, HANDLE, "1", "1800000000", STAUTH_NOTFOUND},
		{ISSUER, ISSUER, HANDLE, "1800000061", "9999999999",
			STAUTH_NOTFOUND},
		{ISSUER, ISSUER, HANDLE, "\"1\"", "9999999999",
			STAUTH_NOTFOUND},
		{ISSUER, ISSUER, HANDLE, "1", "9e99", STAUTH_NOTFOUND},
		{ISSUER, ISSUER, HANDLE, "1", "null", STAUTH_NOTFOUND},
	};
	char jwt[8192];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		forge(HEADER,
			claims(cases[i].iss, cases[i].aud, cases[i].sid,
				cases[i].iat, cases[i].exp),
			KEY, jwt, sizeof(jwt));
		assert_rc(check(jwt, NOW), cases[i].want);
	}
}

#define JWT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		JWT_TEST(the_claims_are_those_of_the_contract),
		JWT_TEST(what_is_made_is_believed_until_it_ends),
		JWT_TEST(without_a_key_there_is_none),
		JWT_TEST(every_changed_byte_is_refused),
		JWT_TEST(a_cut_mac_is_refused),
		JWT_TEST(only_hs256_is_an_algorithm),
		JWT_TEST(unsigned_and_foreign_ones_are_refused),
		JWT_TEST(wrong_claims_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
