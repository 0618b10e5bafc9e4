/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "unit.h"

#include "http/return_url.h"

#include "base/banned.h"

static int hex(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* \xNN becomes that byte. */
static size_t unescape(char *text)
{
	size_t len = 0;
	for (size_t i = 0; text[i] != '\0' && text[i] != '\n'; i++) {
		if (text[i] == '\\') {
			text[len++] = (char)(hex(text[i + 2]) * 16 +
					     hex(text[i + 3]));
			i += 3;
		} else {
			text[len++] = text[i];
		}
	}
	return len;
}

static FILE *open_vectors(void)
{
	char path[4096];
	const char *dir = getenv("STAUTH_TEST_VECTORS");
	assert_non_null(dir);
	snprintf(path, sizeof(path), "%s/return_url.txt", dir);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	return file;
}

static void d1_vectors_are_kept_or_refused(void **state)
{
	char line[4096];
	int kept = 0;
	int refused = 0;
	FILE *file = open_vectors();
	(void)state;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (line[0] != '+' && line[0] != '-') {
			continue;
		}
		char *url = line + (line[1] == ' ' ? 2 : 1);
		size_t len = unescape(url);
		bool want = line[0] == '+';
		if (gate_return_url_ok(url, len) != want) {
			fail_msg("%s was %s", line, want ? "refused" : "kept");
		}
		kept += want ? 1 : 0;
		refused += want ? 0 : 1;
	}
	fclose(file);
	assert_true(kept > 60);
	assert_true(refused > 200);
}

static void d1_length_is_at_most_2048(void **state)
{
	char url[GATE_RETURN_URL_MAX + 2];
	(void)state;
	memset(url, 'a', sizeof(url));
	url[0] = '/';
	assert_true(gate_return_url_ok(url, GATE_RETURN_URL_MAX));
	assert_false(gate_return_url_ok(url, GATE_RETURN_URL_MAX + 1));
}

static void d1_every_byte_alone_in_path_and_query(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		char in_path[] = {'/', 'a', (char)c, 'b'};
		char in_query[] = {'/', '?', (char)c, 'b'};
		bool want = c > 0x20 && c < 0x7f && c != '\\';
		assert_int_equal(
			gate_return_url_ok(in_path, sizeof(in_path)), want);
		assert_int_equal(
			gate_return_url_ok(in_query, sizeof(in_query)), want);
	}
}

static void d1_every_escape_in_the_path(void **state)
{
	char url[16];
	(void)state;
	for (int c = 0; c < 256; c++) {
		bool want = c >= 0x20 && c != 0x7f && c != '\\';
		snprintf(url, sizeof(url), "/a%%%02xb", (unsigned int)c);
		assert_int_equal(gate_return_url_ok(url, strlen(url)), want);
	}
}

static void d1_what_is_refused_counts_as_the_root(void **state)
{
	(void)state;
	assert_string_equal(gate_return_url("//evil.example"), "/");
	assert_string_equal(gate_return_url(""), "/");
	assert_string_equal(gate_return_url("/a?b=//c"), "/a?b=//c");
}

static const char *login_url(const char *uri)
{
	static char copy[8192];
	struct stauth_buf out;
	stauth_buf_init(&out, sizeof(copy) - 1);
	gate_return_url_add(&out, "/auth/login", uri);
	assert_true(stauth_buf_ok(&out));
	(void)snprintf(copy, sizeof(copy), "%s", stauth_buf_str(&out));
	stauth_buf_finish(&out);
	return copy;
}

static void assert_rd(const char *uri, const char *rd)
{
	const char *url = login_url(uri);
	assert_memory_equal(url, "/auth/login?rd=", 15);
	assert_string_equal(url + 15, rd);
}

static void every_byte_but_the_plain_ones_is_encoded(void **state)
{
	(void)state;
	assert_rd("/", "/");
	assert_rd("/a-z_A.Z~0/9", "/a-z_A.Z~0/9");
	assert_rd("/x?a=1&b=%20+c", "/x%3Fa%3D1%26b%3D%2520%2Bc");
	assert_rd("/\xc3\xa4\x7f\x01\"<", "/%C3%A4%7F%01%22%3C");
	assert_rd("/x\r\nSet-Cookie: a", "/x%0D%0ASet-Cookie%3A%20a");
}

static void b4_other_forms_of_uri_become_a_path(void **state)
{
	(void)state;
	assert_rd("http://host/path?q=1", "/path%3Fq%3D1");
	assert_rd("https://user@host:1/p", "/p");
	assert_rd("http://host", "/");
	assert_rd("http://host?q=/x", "/");
	assert_rd("http://host#/x", "/");
	assert_rd("*", "/");
	assert_rd("host:443", "/");
	assert_rd("", "/");
	assert_rd(NULL, "/");
	/* Raw: the page judges it. */
	assert_rd("//evil.example", "//evil.example");
	assert_rd("/a/../b", "/a/../b");
}

static void long_ones_lose_the_query_then_the_path(void **state)
{
	char uri[6000];
	char want[6000];
	(void)state;
	/* Exactly at the limit. */
	memset(uri, 'a', sizeof(uri));
	uri[0] = '/';
	uri[2048] = '\0';
	assert_rd(uri, uri);
	/* One more is too long, and there is no query to drop. */
	uri[2048] = 'a';
	uri[2049] = '\0';
	assert_rd(uri, "/");
	/* 1,000 bytes of path, and a query that takes three for one. */
	memset(uri, 'a', 1000);
	uri[0] = '/';
	memset(uri + 1000, '?', 1000);
	uri[2000] = '\0';
	memcpy(want, uri, 1000);
	want[1000] = '\0';
	assert_rd(uri, want);
	/* The limit counts encoded bytes. */
	memset(uri, '%', 700);
	uri[0] = '/';
	uri[700] = '\0';
	assert_rd(uri, "/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(d1_vectors_are_kept_or_refused),
		cmocka_unit_test(d1_length_is_at_most_2048),
		cmocka_unit_test(d1_every_byte_alone_in_path_and_query),
		cmocka_unit_test(d1_every_escape_in_the_path),
		cmocka_unit_test(d1_what_is_refused_counts_as_the_root),
		cmocka_unit_test(every_byte_but_the_plain_ones_is_encoded),
		cmocka_unit_test(b4_other_forms_of_uri_become_a_path),
		cmocka_unit_test(long_ones_lose_the_query_then_the_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
