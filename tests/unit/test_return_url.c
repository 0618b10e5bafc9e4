/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "unit.h"

#include "pages/return_url.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(d1_vectors_are_kept_or_refused),
		cmocka_unit_test(d1_length_is_at_most_2048),
		cmocka_unit_test(d1_every_byte_alone_in_path_and_query),
		cmocka_unit_test(d1_every_escape_in_the_path),
		cmocka_unit_test(d1_what_is_refused_counts_as_the_root),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
