/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/message.h"
#include "base/random.h"
#include "base/secret.h"

#include "base/banned.h"

static void buf_keeps_its_bound(void **state)
{
	struct stauth_buf buf;

	(void)state;
	stauth_buf_init(&buf, 5);
	stauth_buf_add(&buf, "12345");
	assert_true(stauth_buf_ok(&buf));
	stauth_buf_add(&buf, "6");
	assert_false(stauth_buf_ok(&buf));
	assert_string_equal(stauth_buf_str(&buf), "");
	stauth_buf_reset(&buf);
	stauth_buf_addf(&buf, "%d", 42);
	assert_string_equal(stauth_buf_str(&buf), "42");
	stauth_buf_finish(&buf);
}

static void buf_escapes(void **state)
{
	struct stauth_buf buf;

	(void)state;
	stauth_buf_init(&buf, 1000);
	stauth_buf_add_html(&buf, "<a href=\"'&\">");
	assert_string_equal(
		stauth_buf_str(&buf), "&lt;a href=&quot;&#39;&amp;&quot;&gt;");
	stauth_buf_reset(&buf);
	stauth_buf_add_uri(&buf, "/a b?x=%1\xc3\xbc", 11);
	assert_string_equal(stauth_buf_str(&buf), "/a%20b%3Fx%3D%251%C3%BC");
	stauth_buf_reset(&buf);
	stauth_buf_add_json(&buf, "\"\\\n\x01</\xc3\xbc\xff");
	assert_string_equal(stauth_buf_str(&buf),
		"\"\\\"\\\\\\n\\u0001\\u003c/\xc3\xbc\\ufffd\"");
	stauth_buf_finish(&buf);
}

static void b64url_roundtrip_and_strictness(void **state)
{
	static const char *const bad[] = {
		"A", "AB=", "A+", "A/", "AA A", "AB", "AAB", "AAAA\n"};
	uint8_t raw[24];
	uint8_t back[24];
	char text[STAUTH_B64URL_SIZE(sizeof(raw))];
	size_t len;
	struct stauth_err err;

	(void)state;
	for (size_t n = 0; n <= sizeof(raw); n++) {
		assert_ok(stauth_random(raw, sizeof(raw), &err));
		stauth_b64url_encode(raw, n, text);
		assert_true(stauth_b64url_decode(
			text, strlen(text), back, sizeof(back), &len));
		assert_int_equal(len, n);
		assert_memory_equal(raw, back, n);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_false(stauth_b64url_decode(
			bad[i], strlen(bad[i]), back, sizeof(back), &len));
	}
	assert_false(stauth_b64url_decode("AAAA", 4, back, 2, &len));
}

static void percent_decodes_once(void **state)
{
	char out[32];
	size_t len;

	(void)state;
	assert_true(stauth_percent_decode("a%2541+b", 8, true, out, &len));
	assert_memory_equal(out, "a%41 b", 6);
	assert_int_equal(len, 6);
	assert_false(stauth_percent_decode("%4", 2, false, out, &len));
	assert_false(stauth_percent_decode("a%", 2, false, out, &len));
	assert_false(stauth_percent_decode("%g1", 3, false, out, &len));
	assert_true(stauth_percent_decode("%00", 3, false, out, &len));
	assert_int_equal(len, 1);
}

static void utf8_is_strict(void **state)
{
	static const char *const bad[] = {"\xc0\x80", "\xe0\x80\x80", "\xff",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\x80"};

	(void)state;
	assert_true(stauth_utf8_valid("a\xc3\xbc\xe2\x82\xac", 6));
	assert_true(stauth_utf8_valid("\xf0\x9f\x98\x80", 4));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_false(stauth_utf8_valid(bad[i], strlen(bad[i])));
	}
}

static void int_parse_is_strict(void **state)
{
	int64_t v = 7;

	(void)state;
	assert_true(stauth_parse_int("-12", -20, 20, &v));
	assert_int_equal(v, -12);
	assert_false(stauth_parse_int("", 0, 9, &v));
	assert_false(stauth_parse_int("5x", 0, 9, &v));
	assert_false(stauth_parse_int(" 5", 0, 9, &v));
	assert_false(stauth_parse_int("10", 0, 9, &v));
	assert_false(
		stauth_parse_int("99999999999999999999", 0, INT64_MAX, &v));
	assert_int_equal(v, -12);
}

static void digests_match_vectors(void **state)
{
	uint8_t out[32];
	char hex[65];

	(void)state;
	assert_true(stauth_sha256("abc", 3, out));
	stauth_hex_encode(out, 32, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a39617"
				 "7a9cb410ff61f20015ad");
	/* RFC 4231, case 2 */
	assert_true(stauth_hmac_sha256(
		"Jefe", 4, "what do ya want for nothing?", 28, out));
	stauth_hex_encode(out, 32, hex);
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d27"
				 "39839dec58b964ec3843");
}

static void tokens_have_their_length(void **state)
{
	char token[STAUTH_TOKEN_LEN + 1];
	char again[STAUTH_TOKEN_LEN + 1];
	char handle[STAUTH_HANDLE_LEN + 1];
	struct stauth_err err;

	(void)state;
	assert_ok(stauth_random_token(stauth_random, token, &err));
	assert_ok(stauth_random_token(stauth_random, again, &err));
	assert_ok(stauth_random_handle(stauth_random, handle, &err));
	assert_int_equal(strlen(token), 32);
	assert_int_equal(strlen(handle), 16);
	assert_string_not_equal(token, again);
}

static void secret_has_bounds_and_wipes(void **state)
{
	struct stauth_secret secret = {0};
	struct stauth_secret zero = {0};
	struct stauth_err err;
	char big[513];

	(void)state;
	memset(big, 'a', sizeof(big));
	assert_ok(stauth_secret_set(&secret, big, 511, &err));
	assert_int_equal(secret.len, 511);
	assert_rc(stauth_secret_set(&secret, big, 512, &err), STAUTH_BADVALUE);
	assert_rc(stauth_secret_set(&secret, big, 0, &err), STAUTH_BADVALUE);
	assert_rc(stauth_secret_set(&secret, "a\0b", 3, &err), STAUTH_BADVALUE);
	stauth_secret_wipe(&secret);
	assert_memory_equal(&secret, &zero, sizeof(zero));
}

static void keep_message(
	enum stauth_message_type type, const char *message, void *user)
{
	(void)snprintf(
		user, 64, "%s|%s", stauth_message_type_name(type), message);
}

static void messages_reach_their_callback(void **state)
{
	char got[64] = "";
	struct stauth_messages messages = {keep_message, got};
	struct stauth_messages silent = {NULL, NULL};

	(void)state;
	stauth_report(&messages, STAUTH_WARNING, "%d left", 3);
	assert_string_equal(got, "warning|3 left");
	stauth_report(&silent, STAUTH_ERROR, "nobody hears");
	stauth_report(NULL, STAUTH_ERROR, "nobody hears");
}

static void time_formats_as_utc(void **state)
{
	char out[21];

	(void)state;
	stauth_time_format(1, out);
	assert_string_equal(out, "1970-01-01T00:00:01Z");
	stauth_time_format(4294967296, out);
	assert_string_equal(out, "2106-02-07T06:28:16Z");
	stauth_time_format(0, out);
	assert_string_equal(out, "");
}

/* base64url of these begins with a dash. */
static enum stauth_rc dashes(void *data, size_t len, struct stauth_err *err)
{
	(void)err;
	memset(data, 0xfb, len);
	return STAUTH_OK;
}

static void handles_are_never_taken_for_options(void **state)
{
	char token[STAUTH_TOKEN_LEN + 1];
	char handle[STAUTH_HANDLE_LEN + 1];
	struct stauth_err err;

	(void)state;
	assert_ok(stauth_random_token(dashes, token, &err));
	assert_int_equal(token[0], '-');
	assert_ok(stauth_random_handle(dashes, handle, &err));
	assert_string_equal(handle + 1, "_v7-_v7-_v7-_v7");
	assert_int_equal(handle[0], 'A');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_keeps_its_bound),
		cmocka_unit_test(buf_escapes),
		cmocka_unit_test(b64url_roundtrip_and_strictness),
		cmocka_unit_test(percent_decodes_once),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(int_parse_is_strict),
		cmocka_unit_test(digests_match_vectors),
		cmocka_unit_test(tokens_have_their_length),
		cmocka_unit_test(secret_has_bounds_and_wipes),
		cmocka_unit_test(messages_reach_their_callback),
		cmocka_unit_test(time_formats_as_utc),
		cmocka_unit_test(handles_are_never_taken_for_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
