/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fixture.h"

#include "base/text.h"
#include "password/blocklist.h"

#include "base/banned.h"

/* What alice.smith@example.com may choose where no bits are asked for. */
static enum stauth_rc fits(struct fixture *f, const char *password)
{
	struct stauth_secret secret = fixture_secret(password);
	struct stauth_err err = {.rc = STAUTH_OK};
	enum stauth_rc rc;

	f->config->password_min_strength = 0;
	f->config->password_min_length = 5;
	(void)snprintf(f->config->brand_name, sizeof(f->config->brand_name),
		"Orchard Tools");
	rc = fixture_password_check(&f->ctx, "alice.smith@example.com",
		"alice.smith@example.com", "", &secret, &err);
	if (rc == STAUTH_BADVALUE) {
		assert_non_null(strstr(err.msg, "too easy to guess: it "));
	}
	return rc;
}

static void e13_own_words_are_refused_whatever_their_bits(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"alice.smith@example.com",
		"Alice.Smith@Example.COM", "alice.smith", "ALICE.SMITH",
		"Orchard Tools", "orchard tools"};
	static const char *const good[] = {"alice.smith2", "xalice.smith",
		"Orchard Tool", "alice.smith@example.co"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_rc(fits(f, bad[i]), STAUTH_BADVALUE);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_rc(fits(f, good[i]), STAUTH_OK);
	}
}

static void e13_famous_phrases_are_refused_however_spaced(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"correct horse battery staple",
		"correcthorsebatterystaple", "Correct-Horse-Battery-Staple!",
		"Tr0ub4dor&3", "May the Force be with you.",
		"To be, or not to be", "qwertyuiop asdfghjkl zxcvbnm"};
	static const char *const good[] = {"correct horse battery",
		"correct horse battery staples",
		"incorrect horse battery staple",
		"correct h\xc3\xb6rse battery staple",
		"correct horse 1 battery staple"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_rc(fits(f, bad[i]), STAUTH_BADVALUE);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_rc(fits(f, good[i]), STAUTH_OK);
	}
}

static void e13_a_site_and_a_user_without_a_name_forbid_nothing(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret secret = fixture_secret("kite mango 17 pepper");
	struct stauth_err err;

	f->config->brand_name[0] = '\0';
	assert_ok(fixture_password_check(&f->ctx, "", "", "", &secret, &err));
}

/* --- the shipped list */

static FILE *shipped(void)
{
	const char *vectors = getenv("STAUTH_TEST_VECTORS");
	char path[4096];
	FILE *file;

	assert_non_null(vectors);
	(void)snprintf(path, sizeof(path),
		"%s/../../common/password/blocklist/passwords.txt", vectors);
	file = fopen(path, "r");
	assert_non_null(file);
	return file;
}

static bool next(FILE *file, struct stauth_secret *password)
{
	if (fgets(password->data, sizeof(password->data), file) == NULL) {
		return false;
	}
	password->len = strcspn(password->data, "\n");
	password->data[password->len] = '\0';
	return true;
}

static int64_t cpu_ns(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* All of it: compile.py and blocklist.c fold in the same way. */
static void u13_every_entry_is_found_and_quickly(void **state)
{
	struct stauth_secret password;
	FILE *file = shipped();
	int64_t start_ns = cpu_ns();
	int count = 0;
	struct stauth_err err;

	(void)state;
	while (next(file, &password)) {
		if (stauth_blocklist_check(&password, "", &err) !=
			STAUTH_BADVALUE) {
			fail_msg("%s", password.data);
		}
		count++;
	}
	(void)fclose(file);
	assert_true(count >= 200000);
	assert_true((cpu_ns() - start_ns) / count < 50000);
}

static void u13_none_of_the_3000_most_common_is_accepted(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret password;
	FILE *file = shipped();
	int all = 0;
	int longer = 0;

	f->config->password_min_strength = 0;
	f->config->password_min_length = 1;
	while (longer < 3000 && next(file, &password)) {
		if (all++ >= 3000 && password.len < 10) {
			continue;
		}
		longer += password.len >= 10;
		if (fixture_password_check(&f->ctx, "alice", "", "", &password,
			    NULL) != STAUTH_BADVALUE) {
			fail_msg("%s", password.data);
		}
	}
	(void)fclose(file);
	assert_int_equal(longer, 3000);
}

static enum stauth_rc check(const char *text, const char *own_file)
{
	struct stauth_secret password = fixture_secret(text);
	struct stauth_err err = {.msg = ""};

	return stauth_blocklist_check(&password, own_file, &err);
}

static void u13_case_leet_and_last_digits_make_no_difference(void **state)
{
	static const char *const bad[] = {"4815162342", "1qaz2wsx3edc4rfv",
		"1QAZ2wsx3edc4rfv", "1qaz2wsx3edc4rfv!", "q1w2e3r4t5y6u7i8",
		"P@ssw0rd2024", "p4$$w0rd!!", "Manch3st3r1999!", "basketball7",
		"B4sk3tb4ll", "michael jordan", "Dragon2026"};
	static const char *const good[] = {"kx7-plover-ditch-9",
		"basketball71828182845", "manchester walnut",
		"correct horse ceiling staple", "5f2a-91bc-77de-03a8"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (check(bad[i], "") != STAUTH_BADVALUE) {
			fail_msg("%s", bad[i]);
		}
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		if (check(good[i], "") != STAUTH_OK) {
			fail_msg("%s", good[i]);
		}
	}
}

static void u13_the_operators_list_is_read_in_the_same_way(void **state)
{
	struct fixture *f = *state;
	char path[128];

	fixture_write(
		f, "own", "orchard harvest\r\n\nRed Tractor 42\nlast one");
	(void)snprintf(path, sizeof(path), "%s/own", f->dir);
	assert_rc(check("Orchard-Harvest7", path), STAUTH_BADVALUE);
	assert_rc(check("r3dtr4ct0r", path), STAUTH_BADVALUE);
	assert_rc(check("last one", path), STAUTH_BADVALUE);
	assert_rc(check("first one of all", path), STAUTH_OK);
	assert_rc(check("orchard harvest", ""), STAUTH_OK);
}

static void u13_an_operators_list_out_of_reach_is_an_error(void **state)
{
	struct fixture *f = *state;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/none", f->dir);
	assert_rc(check("first one of all", path), STAUTH_ECONFIG);
	assert_rc(check("first one of all", f->dir), STAUTH_ECONFIG);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_rc(check("first one of all", path), STAUTH_ECONFIG);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(e13_own_words_are_refused_whatever_their_bits),
		FIXTURE_TEST(e13_famous_phrases_are_refused_however_spaced),
		FIXTURE_TEST(
			e13_a_site_and_a_user_without_a_name_forbid_nothing),
		cmocka_unit_test(u13_every_entry_is_found_and_quickly),
		FIXTURE_TEST(u13_none_of_the_3000_most_common_is_accepted),
		cmocka_unit_test(
			u13_case_leet_and_last_digits_make_no_difference),
		FIXTURE_TEST(u13_the_operators_list_is_read_in_the_same_way),
		FIXTURE_TEST(u13_an_operators_list_out_of_reach_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
