/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "password/password.h"

#include "base/banned.h"

struct vector {
	const char *name;
	const char *encoded;
	const char *password;
};

/* Made by other programs: tests/vectors/make_password.py. */
static const struct vector vectors[] = {
#include "../vectors/password.inc"
};

static const struct stauth_password_cost cheap = {1024, 1};

static void set(struct stauth_secret *secret, const char *text)
{
	struct stauth_err err;

	assert_ok(stauth_secret_set(secret, text, strlen(text), &err));
}

static bool matches(const char *encoded, const struct stauth_secret *password)
{
	struct stauth_err err;
	bool match = false;

	assert_ok(stauth_password_verify(encoded, password, &match, &err));
	return match;
}

static void every_scheme_verifies_foreign_hashes(void **state)
{
	struct stauth_secret right = {0};
	struct stauth_secret wrong = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		set(&right, vectors[i].password);
		set(&wrong, vectors[i].password);
		wrong.data[wrong.len - 1] ^= 1;
		if (!matches(vectors[i].encoded, &right) ||
			matches(vectors[i].encoded, &wrong)) {
			fail_msg("%s", vectors[i].name);
		}
		assert_true(stauth_password_is_usable(vectors[i].encoded));
		assert_false(
			stauth_password_is_current(vectors[i].encoded, &cheap));
	}
}

static void a_new_hash_verifies_and_is_current(void **state)
{
	struct stauth_password_cost dearer = {1024, 2};
	struct stauth_password_cost larger = {2048, 1};
	char one[STAUTH_PASSWORD_ENCODED_SIZE];
	char two[STAUTH_PASSWORD_ENCODED_SIZE];
	struct stauth_secret right = {0};
	struct stauth_secret wrong = {0};
	struct stauth_err err;

	(void)state;
	set(&right, "correct horse battery");
	set(&wrong, "correct horse batterz");
	assert_ok(stauth_password_encode(
		&cheap, stauth_random, &right, one, &err));
	assert_ok(stauth_password_encode(
		&cheap, stauth_random, &right, two, &err));
	assert_string_not_equal(one, two);
	assert_memory_equal(one, "$argon2id$v=19$m=1024,t=1,p=1$", 30);
	assert_true(matches(one, &right));
	assert_true(matches(two, &right));
	assert_false(matches(one, &wrong));
	assert_true(stauth_password_is_current(one, &cheap));
	assert_false(stauth_password_is_current(one, &dearer));
	assert_false(stauth_password_is_current(one, &larger));
	assert_false(stauth_password_is_current("*", &cheap));
}

static enum stauth_rc no_random(void *data, size_t len, struct stauth_err *err)
{
	(void)data;
	(void)len;
	return stauth_fail(err, STAUTH_ECRYPTO, "no entropy");
}

static void a_failing_random_source_or_cost_makes_no_hash(void **state)
{
	static const struct stauth_password_cost bad[] = {
		{0, 1}, {7, 1}, {1024, 0}, {262145, 1}, {1024, 11}, {-1, -1}};
	char encoded[STAUTH_PASSWORD_ENCODED_SIZE] = "untouched";
	struct stauth_secret password = {0};
	struct stauth_err err;

	(void)state;
	set(&password, "correct horse battery");
	assert_rc(stauth_password_encode(
			  &cheap, no_random, &password, encoded, &err),
		STAUTH_ECRYPTO);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_rc(stauth_password_encode(&bad[i], stauth_random,
				  &password, encoded, &err),
			STAUTH_ECONFIG);
	}
	assert_string_equal(encoded, "untouched");
}

static void refused(const char *encoded)
{
	static const char *const tried[] = {"x", "*", "!", "*0", "password"};
	struct stauth_secret password = {0};
	struct stauth_err err;
	bool match;

	if (stauth_password_is_usable(encoded)) {
		fail_msg("usable: %s", encoded);
	}
	for (size_t i = 0; i < sizeof(tried) / sizeof(*tried); i++) {
		set(&password, tried[i]);
		match = true;
		assert_rc(stauth_password_verify(
				  encoded, &password, &match, &err),
			STAUTH_EBROKEN);
		assert_false(match);
	}
	stauth_secret_wipe(&password);
	match = true;
	assert_rc(stauth_password_verify(encoded, &password, &match, &err),
		STAUTH_EBROKEN);
	assert_false(match);
}

#define SALT16 "azJYQW5FSEJxUTFDdDJhTQ"
#define HASH32 "5JmXt+kcoC8He/oXIiPBseSB2mDFLK4Z4WM//riufd0"
#define HASH43 "WX6yUgX7nG9P.zqCPaBM4.nxcJ1CDcxeoUFhLm6wuxC"

static void a8_no_or_garbled_hash_matches_nothing(void **state)
{
	static const char *const bad[] = {"", "*", "!", "!!", "*0", "*1", "x",
		"password", "$", "$$", "$argon2id$", "$argon2id", "$argon2$",
		"$argon2id$v=19", "$argon2id$v=19$m=1024,t=3,p=1$" SALT16,
		"$argon2id$v=19$m=1024,t=3,p=1$" SALT16 "$",
		"$argon2id$v=19$m=1024,t=3,p=1$$" HASH32,
		"$argon2id$v=19$m=1024,t=3,p=1$" SALT16 "$" HASH32 "$",
		"$argon2id$v=19$m=1024,t=3,p=1$" SALT16 "$" HASH32 "=",
		"$argon2id$v=19$m=1024,t=3,p=1$" SALT16 "$5JmXt-kcoC8He_oX"
		"IiPBseSB2mDFLK4Z4WM__riufd0",
		"$argon2id$v=18$m=1024,t=3,p=1$" SALT16 "$" HASH32,
		"$argon2id$v=20$m=1024,t=3,p=1$" SALT16 "$" HASH32,
		"$argon2id$v=19$m=01024,t=3,p=1$" SALT16 "$" HASH32,
		"$argon2id$v=19$m=+1024,t=3,p=1$" SALT16 "$" HASH32,
		"$argon2id$v=19$m=1024,t=3,p=1,keyid=a$" SALT16 "$" HASH32,
		"$argon2id$v=19$t=3,m=1024,p=1$" SALT16 "$" HASH32,
		"$argon2x$v=19$m=1024,t=3,p=1$" SALT16 "$" HASH32, "$y$",
		"$y$j75", "$y$j75$", "$y$j75$salt", "$y$j75$salt$",
		"$y$j75$$" HASH43, "$y$j75$salt$" HASH43 "x",
		"$y$j75$sa lt$" HASH43, "$7$", "$7$8", "$7$86..../....",
		"$7$86..../....salt", "$2b$", "$2b$05", "$2b$05$",
		"$2b$05$KBCwKxOzLha2MUDgW0PjXe",
		"$2b$05$KBCwKxOzLha2MUDgW0PjXeXHQVWCVtOhzdU4MzfKRnuYBR8Xw7U8",
		"$2b$5$KBCwKxOzLha2MUDgW0PjXeXHQVWCVtOhzdU4MzfKRnuYBR8Xw7U8yy",
		"$6$", "$6$salt", "$6$salt$", "$6$salt$short",
		"$5$salt$" HASH43 "x", "$5$rounds=$salt$" HASH43,
		"$5$rounds=1000salt$" HASH43, "$5$rounds=0$salt$" HASH43,
		"$5$12345678901234567$" HASH43};
	char longest[STAUTH_PASSWORD_ENCODED_SIZE + 1];
	struct stauth_secret password = {0};
	struct stauth_err err;
	bool match = true;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		refused(bad[i]);
	}
	set(&password, "x");
	assert_rc(stauth_password_verify(NULL, &password, &match, &err),
		STAUTH_EBROKEN);
	assert_false(match);
	assert_false(stauth_password_is_usable(NULL));
	assert_false(stauth_password_is_current(NULL, &cheap));
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "$6$", 3);
	longest[sizeof(longest) - 1] = '\0';
	refused(longest);
}

/* Every vector, cut anywhere, is no form any more or matches nothing. */
static void a8_truncated_hashes_match_nothing(void **state)
{
	struct stauth_secret password = {0};
	struct stauth_err err;
	char cut[STAUTH_PASSWORD_ENCODED_SIZE];

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		size_t len = strlen(vectors[i].encoded);

		set(&password, vectors[i].password);
		memcpy(cut, vectors[i].encoded, len + 1);
		while (len-- > 0) {
			bool match = true;

			cut[len] = '\0';
			(void)stauth_password_verify(
				cut, &password, &match, &err);
			assert_false(match);
		}
	}
}

static void a10_lengths_up_to_511_count_whole(void **state)
{
	char encoded[STAUTH_PASSWORD_ENCODED_SIZE];
	char text[STAUTH_PASSWORD_MAX + 1];
	struct stauth_secret right = {0};
	struct stauth_secret shorter = {0};
	struct stauth_secret last = {0};
	struct stauth_err err;

	(void)state;
	memset(text, 'p', sizeof(text));
	assert_ok(stauth_secret_set(&right, text, 511, &err));
	assert_ok(stauth_secret_set(&shorter, text, 510, &err));
	assert_rc(stauth_secret_set(&last, text, 512, &err), STAUTH_BADVALUE);
	text[510] = 'q';
	assert_ok(stauth_secret_set(&last, text, 511, &err));
	assert_ok(stauth_password_encode(
		&cheap, stauth_random, &right, encoded, &err));
	assert_true(matches(encoded, &right));
	assert_false(matches(encoded, &shorter));
	assert_false(matches(encoded, &last));
}

/* A secret that no setter made: too long, empty, a NUL, no NUL at its end. */
static void a10_impossible_secrets_match_nothing(void **state)
{
	struct stauth_secret password = {0};

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		stauth_secret_wipe(&password);
		assert_false(matches(vectors[i].encoded, &password));
		set(&password, vectors[i].password);
		password.len = STAUTH_PASSWORD_MAX + 1;
		assert_false(matches(vectors[i].encoded, &password));
		set(&password, vectors[i].password);
		password.len++;
		assert_false(matches(vectors[i].encoded, &password));
		set(&password, vectors[i].password);
		password.len--;
		assert_false(matches(vectors[i].encoded, &password));
	}
}

static void a11_byte_73_counts_in_every_scheme(void **state)
{
	struct stauth_secret right = {0};
	struct stauth_secret longer = {0};
	size_t bcrypts = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		if (strlen(vectors[i].password) != 72) {
			continue;
		}
		bcrypts += vectors[i].encoded[1] == '2';
		set(&right, vectors[i].password);
		longer = right;
		longer.data[longer.len++] = 'x';
		longer.data[longer.len] = '\0';
		assert_true(matches(vectors[i].encoded, &right));
		assert_false(matches(vectors[i].encoded, &longer));
	}
	assert_int_equal(bcrypts, 3);
}

/* 41: differing in case, in the last character, or by one prefix more. */
static void a41_only_the_whole_hash_is_equal(void **state)
{
	struct stauth_secret password = {0};
	struct stauth_err err;
	char other[STAUTH_PASSWORD_ENCODED_SIZE];
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		size_t len = strlen(vectors[i].encoded);
		size_t at = len;
		bool match = true;

		set(&password, vectors[i].password);
		memcpy(other, vectors[i].encoded, len + 1);
		while (!strchr(letters, other[at - 1])) {
			at--;
		}
		other[at - 1] = (char)(other[at - 1] - 'a' + 'A');
		(void)stauth_password_verify(other, &password, &match, &err);
		assert_false(match);
	}
}

static void e14_costs_beyond_the_caps_are_refused_unrun(void **state)
{
	static const char *const bad[] = {
		"$argon2id$v=19$m=4194304,t=3,p=1$" SALT16 "$" HASH32,
		"$argon2id$v=19$m=262145,t=3,p=1$" SALT16 "$" HASH32,
		"$argon2id$v=19$m=4294968320,t=3,p=1$" SALT16 "$" HASH32,
		"$argon2id$v=19$m=18446744073709552640,t=3,p=1$" SALT16
		"$" HASH32,
		"$argon2id$v=19$m=1024,t=4294967296,p=1$" SALT16 "$" HASH32,
		"$argon2i$v=19$m=1024,t=4294967297,p=1$" SALT16 "$" HASH32,
		"$argon2d$v=19$m=1024,t=11,p=1$" SALT16 "$" HASH32,
		"$argon2id$v=19$m=65536,t=3,p=255$" SALT16 "$" HASH32,
		"$argon2id$v=19$m=65536,t=3,p=9$" SALT16 "$" HASH32,
		"$argon2id$v=19$m=65536,t=3,p=0$" SALT16 "$" HASH32,
		"$argon2id$v=19$m=65536,t=0,p=1$" SALT16 "$" HASH32,
		"$argon2id$v=19$m=0,t=3,p=1$" SALT16 "$" HASH32,
		"$argon2id$v=19$m=15,t=3,p=2$" SALT16 "$" HASH32,
		"$argon2id$v=19$m=1024,t=3,p=1$azJYQW5FSA$" HASH32,
		"$argon2id$v=19$m=1024,t=3,p=1$" SALT16 "$5JmXtw",
		"$y$jDT$salt$" HASH43, "$y$jFT$salt$" HASH43,
		"$y$jzT$salt$" HASH43, "$y$jCzz$salt$" HASH43,
		"$y$j7T/.$salt$" HASH43, "$y$.7T$salt$" HASH43,
		"$gy$jDT$salt$" HASH43, "$7$GU..../....salt$" HASH43,
		"$7$zU..../....salt$" HASH43, "$7$CU...zzzzzsalt$" HASH43,
		"$7$C/////....salt$" HASH43, "$7$CU.........salt$" HASH43,
		"$2b$15$KBCwKxOzLha2MUDgW0PjXeXHQVWCVtOhzdU4MzfKRnuYBR8Xw7U8y",
		"$2b$31$KBCwKxOzLha2MUDgW0PjXeXHQVWCVtOhzdU4MzfKRnuYBR8Xw7U8y",
		"$2b$03$KBCwKxOzLha2MUDgW0PjXeXHQVWCVtOhzdU4MzfKRnuYBR8Xw7U8y",
		"$2x$05$KBCwKxOzLha2MUDgW0PjXeXHQVWCVtOhzdU4MzfKRnuYBR8Xw7U8y",
		"$2$05$KBCwKxOzLha2MUDgW0PjXeXHQVWCVtOhzdU4MzfKRnuYBR8Xw7U8y",
		"$5$rounds=1000001$salt$" HASH43,
		"$5$rounds=999999999$salt$" HASH43,
		"$5$rounds=18446744073709552616$salt$" HASH43, "$5$$" HASH43,
		"$1$salt$WZvBh4wXKjK9VwxHyFBqL1",
		"$1$3azHgidD$SrJPt7B.9rekpmwJwtON31", "abFZSxKKdq5s.",
		"_J9..rasmBYk8r9AiWNc", "$sha1$1000$salt$x", "$md5$salt$x",
		"$3$$8846f7eaee8fb117ad06bdd830b7586c"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		refused(bad[i]);
	}
}

/* The caps let through what they name. */
static void e14_the_dearest_allowed_forms_are_usable(void **state)
{
	static const char *const good[] = {
		"$argon2id$v=19$m=262144,t=10,p=8$" SALT16 "$" HASH32,
		"$y$jCT$salt$" HASH43, "$gy$jCT$salt$" HASH43,
		"$7$EU..../....salt$" HASH43, "$7$CU....2....salt$" HASH43,
		"$2b$14$KBCwKxOzLha2MUDgW0PjXeXHQVWCVtOhzdU4MzfKRnuYBR8Xw7U8y",
		"$5$rounds=1000000$salt$" HASH43, "$5$rounds=1000$s$" HASH43};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		if (!stauth_password_is_usable(good[i])) {
			fail_msg("refused: %s", good[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scheme_verifies_foreign_hashes),
		cmocka_unit_test(a_new_hash_verifies_and_is_current),
		cmocka_unit_test(a_failing_random_source_or_cost_makes_no_hash),
		cmocka_unit_test(a8_no_or_garbled_hash_matches_nothing),
		cmocka_unit_test(a8_truncated_hashes_match_nothing),
		cmocka_unit_test(a10_lengths_up_to_511_count_whole),
		cmocka_unit_test(a10_impossible_secrets_match_nothing),
		cmocka_unit_test(a11_byte_73_counts_in_every_scheme),
		cmocka_unit_test(a41_only_the_whole_hash_is_equal),
		cmocka_unit_test(e14_costs_beyond_the_caps_are_refused_unrun),
		cmocka_unit_test(e14_the_dearest_allowed_forms_are_usable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
