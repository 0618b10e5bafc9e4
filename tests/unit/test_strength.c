/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <time.h>

#include "password/strength.h"

#include "base/banned.h"

static const char *const words[] = {
	"alice.smith@example-corp.org", NULL, "", "Alicia Keysmith", "Brandex"};

static struct stauth_strength judge(const char *password)
{
	struct stauth_strength strength;
	struct stauth_secret secret = {0};
	struct stauth_err err;

	assert_ok(stauth_secret_set(&secret, password, strlen(password), &err));
	stauth_strength(
		&secret, words, sizeof(words) / sizeof(*words), &strength);
	return strength;
}

static void reasons_say_what_was_found(void **state)
{
	static const struct {
		const char *password;
		const char *want;
	} rows[] = {
		{"password", "commonly used"},
		{"qwertyuiop", "commonly used"},
		{"p4ssw0rd", "letters replaced"},
		{"mountainz9", "common word"},
		{"alice", "your name"},
		{"keysmith1", "your name"},
		{"ALICE", "your name"},
		{"keysmith", "your name"},
		{"brandex", "name of this site"},
		{"Br4ndex", "name of this site"},
		{"example", "your e-mail"},
		{"aaaaaaaaaaaa", "repeats"},
		{"xkqxkqxkqxkq", "repeats"},
		{"abcdefghijk", "sequence"},
		{"23456789", "sequence"},
		{"zxdr5tgb", "keyboard"},
		{"13/11/1987", "date"},
		{"k8", "too short"},
		{"xQ", "too short"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct stauth_strength got = judge(rows[i].password);

		if (got.score == 4 || !strstr(got.reason, rows[i].want)) {
			fail_msg("%s: score %d, \"%s\"", rows[i].password,
				got.score, got.reason);
		}
		assert_non_null(strstr(got.reason, ". "));
		assert_true(strlen(got.reason) < 156);
	}
}

static void strong_passwords_have_no_reason(void **state)
{
	static const char *const strong[] = {"correct horse battery staple",
		"xK9#mQ2vLp",
		"\xc3\xbc\xe2\x82\xac\xc3\xb6\xf0\x9f\x98\x80 "
		"\xc3\x9f\xd0\x96"};

	(void)state;
	for (size_t i = 0; i < sizeof(strong) / sizeof(*strong); i++) {
		struct stauth_strength got = judge(strong[i]);

		assert_int_equal(got.score, 4);
		assert_true(got.bits >= 34);
		assert_string_equal(got.reason, "");
	}
}

static void score_follows_the_bits(void **state)
{
	static const double limit[] = {10, 20, 27, 34};
	char password[16] = "";
	int seen = 0;

	(void)state;
	for (size_t n = 0; n < 8; n++) {
		struct stauth_strength got;
		int want = 0;

		password[n] = "xQ9#vK;m"[n];
		got = judge(password);
		while (want < 4 && got.bits >= limit[want]) {
			want++;
		}
		assert_int_equal(got.score, want);
		seen |= 1 << want;
	}
	assert_int_equal(seen, 31);
}

static void own_words_count_only_for_their_owner(void **state)
{
	struct stauth_strength with = judge("keysmith brandex");
	struct stauth_strength without;
	struct stauth_secret secret = {0};
	struct stauth_err err;

	(void)state;
	assert_ok(stauth_secret_set(&secret, "keysmith brandex", 16, &err));
	stauth_strength(&secret, NULL, 0, &without);
	assert_true(with.bits + 10 < without.bits);
}

static void nothing_is_weakest(void **state)
{
	struct stauth_secret secret = {0};
	struct stauth_strength got;

	(void)state;
	stauth_strength(&secret, NULL, 0, &got);
	assert_int_equal(got.score, 0);
	assert_true(strlen(got.reason) > 0);
	/* A NUL ends what is judged, whatever the length says. */
	memcpy(secret.data, "a\0xK9#mQ2vLp", 12);
	secret.len = 12;
	stauth_strength(&secret, NULL, 0, &got);
	assert_int_equal(got.score, 0);
}

/* The worst known input takes zxcvbn a second at 100 bytes, 50 s at 511. */
static void u7_long_passwords_are_judged_in_bounded_time(void **state)
{
	static const char *const pattern[] = {"12", "a", "4@", "password1",
		"ab", "1a", "qwerty", "19", "121", "ba"};
	char password[STAUTH_PASSWORD_MAX + 1];
	clock_t start = clock();

	(void)state;
	for (size_t i = 0; i < sizeof(pattern) / sizeof(*pattern); i++) {
		for (size_t n = 0; n < STAUTH_PASSWORD_MAX; n++) {
			password[n] = pattern[i][n % strlen(pattern[i])];
		}
		password[STAUTH_PASSWORD_MAX] = '\0';
		assert_true(judge(password).score < 3);
		/* Not quite a repetition. */
		password[STAUTH_PASSWORD_MAX - 1] = '~';
		assert_true(judge(password).score < 4);
	}
	/* Processor time; zxcvbn itself is never sanitized. */
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 0.12);
}

static void many_and_long_words_are_bounded(void **state)
{
	char word[300];
	const char *many[200];
	struct stauth_secret secret = {0};
	struct stauth_strength got;
	struct stauth_err err;

	(void)state;
	memset(word, 'x', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	for (size_t i = 0; i < 200; i++) {
		many[i] = i % 2 ? "aa.bbb@ccc-ddd.eee" : word;
	}
	assert_ok(stauth_secret_set(&secret, "ddd", 3, &err));
	stauth_strength(&secret, many, 200, &got);
	assert_int_equal(got.score, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons_say_what_was_found),
		cmocka_unit_test(strong_passwords_have_no_reason),
		cmocka_unit_test(score_follows_the_bits),
		cmocka_unit_test(own_words_count_only_for_their_owner),
		cmocka_unit_test(nothing_is_weakest),
		cmocka_unit_test(u7_long_passwords_are_judged_in_bounded_time),
		cmocka_unit_test(many_and_long_words_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
