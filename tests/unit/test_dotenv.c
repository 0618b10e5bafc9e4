/* SPDX-License-Identifier: MIT */
/* The grammar of a .env, against what python-dotenv 1.x reads. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "config/config.h"

#include "base/banned.h"

struct seen {
	char text[4096]; /* "KEY=value|" a pair */
	int last_line;
};

static enum stauth_rc keep(const char *key, const char *value, int line,
	void *user, struct stauth_err *err)
{
	struct seen *seen = user;
	size_t len = strlen(seen->text);

	(void)err;
	(void)snprintf(seen->text + len, sizeof(seen->text) - len, "%s=%s|",
		key, value);
	seen->last_line = line;
	return STAUTH_OK;
}

static enum stauth_rc parse(
	const char *text, struct seen *seen, struct stauth_err *err)
{
	const struct stauth_dotenv dotenv = {
		text, strlen(text), "file.env", keep, seen};

	memset(seen, 0, sizeof(*seen));
	return stauth_dotenv_parse(&dotenv, err);
}

static void reads_what_python_dotenv_reads(void **state)
{
	/* The right side is python-dotenv 1.1's own answer to the left. */
	static const char *const vectors[][2] = {
		{"K=v", "K=v|"},
		{"  K = v ", "K=v|"},
		{"export K=1", "K=1|"},
		{"export=1", "export=1|"},
		{"K=", "K=|"},
		{"K= # c", "K=|"},
		{"K=#c", "K=#c|"},
		{"K=a # c", "K=a|"},
		{"K=a\t#c", "K=a|"},
		{"K=a#b", "K=a#b|"},
		{"K='a' #x", "K=a|"},
		{"K='a#b'", "K=a#b|"},
		{"K='a\\'b'", "K=a'b|"},
		{"K='a\\\\b'", "K=a\\b|"},
		{"K='a\\nb'", "K=a\\nb|"},
		{"K=\"a\\tb\"", "K=a\tb|"},
		{"K=\"a\\qb\"", "K=a\\qb|"},
		{"K=\"a\\\"b\"", "K=a\"b|"},
		{"K=a\\nb", "K=a\\nb|"},
		{"K=a'b", "K=a'b|"},
		{"K=\"\"", "K=|"},
		{"'K'=v", "K=v|"},
		{"export 'K' = v", "K=v|"},
		{"K='a${b'", "K=a${b|"},
		{"# c\n\nA=1\r\nB=2", "A=1|B=2|"},
		{"\xef\xbb\xbf"
		 "A=1",
			"A=1|"},
		{"K=v\xc2\xa0", "K=v|"},
		{"\xe3\x80\x80K\xc2\xa0=\xe2\x80\x89v", "K=v|"},
		{"K=a\xe2\x80\xaf# c", "K=a|"},
		{"K=\xc2\xa0# c", "K=|"},
		{"export\xc2\xa0K='a\xc2\xa0'\xc2\xa0#c", "K=a\xc2\xa0|"},
		{"K=a\xc2\xa0"
		 "b\xc3\xa0",
			"K=a\xc2\xa0"
			"b\xc3\xa0|"},
	};
	struct stauth_err err = {0};
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		assert_ok(parse(vectors[i][0], &seen, &err));
		assert_string_equal(seen.text, vectors[i][1]);
	}
}

static void refuses_with_file_and_line(void **state)
{
	static const char *const bad[][2] = {
		{"A=1\nB=${A}", "file.env:2: "},
		{"A='1\n2'", "file.env:1: "},
		{"A=\"1", "file.env:1: "},
		{"A=1\n\nA=2", "file.env:3: "},
		{"export A=1\nA=2", "file.env:2: "},
		{"A", "file.env:1: "},
		{"=1", "file.env:1: "},
		{"A='1'x", "file.env:1: "},
		{"A B=1", "file.env:1: "},
		{"'A=1", "file.env:1: "},
		{"A='x${B}y'", "file.env:1: "},
		{"A=1\n#c\rB=2\n", "file.env:2: "},
		{"A=1\r\r\n", "file.env:1: "},
	};
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct stauth_err err = {0};

		assert_rc(parse(bad[i][0], &seen, &err), STAUTH_ECONFIG);
		assert_int_equal(
			strncmp(err.msg, bad[i][1], strlen(bad[i][1])), 0);
	}
}

static void refuses_nul_and_overlong(void **state)
{
	struct stauth_err err = {0};
	static char big[STAUTH_VALUE_SIZE + 8];
	struct seen seen = {0};
	const struct stauth_dotenv with_nul = {"A=1\0B=2", 7, "f", keep, &seen};

	(void)state;
	assert_rc(stauth_dotenv_parse(&with_nul, &err), STAUTH_ECONFIG);
	memset(big, 'x', sizeof(big) - 1);
	memcpy(big, "A=", 2);
	assert_rc(parse(big, &seen, &err), STAUTH_ECONFIG);
	big[2] = '\'';
	assert_rc(parse(big, &seen, &err), STAUTH_ECONFIG);
}

static enum stauth_rc stop_at_second(const char *key, const char *value,
	int line, void *user, struct stauth_err *err)
{
	(void)key;
	(void)value;
	(void)user;
	return line == 2 ? stauth_fail(err, STAUTH_REFUSED, "stop") : STAUTH_OK;
}

static void stops_when_asked(void **state)
{
	struct stauth_err err = {0};
	const struct stauth_dotenv dotenv = {
		"A=1\nB=2\nC=${", 12, "f", stop_at_second, NULL};

	(void)state;
	assert_rc(stauth_dotenv_parse(&dotenv, &err), STAUTH_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_python_dotenv_reads),
		cmocka_unit_test(refuses_with_file_and_line),
		cmocka_unit_test(refuses_nul_and_overlong),
		cmocka_unit_test(stops_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
