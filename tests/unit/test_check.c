/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "auth/check.h"

#include "base/banned.h"

static struct stauth_check_done allowed(const char *groups)
{
	struct stauth_check_done done = {
		.verdict = STAUTH_ALLOW,
		.session = {.user = "alice", .handle = "AbCdEfGhIjKlMnOp"},
	};

	(void)snprintf(
		done.session.groups, sizeof(done.session.groups), "%s", groups);
	return done;
}

static void b1_zeroed_memory_is_denied(void **state)
{
	struct stauth_check_done done = {0};

	(void)state;
	assert_int_equal(stauth_check_judge(&done, ""), STAUTH_DENY);
	assert_int_equal(STAUTH_DENY, 0);
}

static void a_fault_is_neither_yes_nor_no(void **state)
{
	struct stauth_check_done done = allowed("su");

	(void)state;
	done.verdict = STAUTH_FAULT;
	assert_int_equal(stauth_check_judge(&done, ""), STAUTH_FAULT);
	done = allowed("su");
	done.verdict = (enum stauth_verdict)77;
	assert_int_equal(stauth_check_judge(&done, ""), STAUTH_DENY);
	done = allowed("su");
	done.session.user[0] = '\0';
	assert_int_equal(stauth_check_judge(&done, ""), STAUTH_FAULT);
}

static void c4_a_session_for_the_change_only_is_denied(void **state)
{
	struct stauth_check_done done = allowed("su");

	(void)state;
	done.session.must_change = true;
	assert_int_equal(stauth_check_judge(&done, ""), STAUTH_DENY);
	assert_int_equal(stauth_check_judge(&done, "su"), STAUTH_DENY);
}

static void areas_are_entered_by_whom_they_are_for(void **state)
{
	static const struct {
		const char *groups;
		const char *require;
		enum stauth_verdict want;
	} cases[] = {
		{"", "", STAUTH_ALLOW},
		{"", "su", STAUTH_FORBIDDEN},
		{"dev", "su", STAUTH_FORBIDDEN},
		{"sudo,suse", "su", STAUTH_FORBIDDEN},
		{"su", "su", STAUTH_ALLOW},
		{"su,dev", "su", STAUTH_ALLOW},
		{"su,dev", "group:dev", STAUTH_ALLOW},
		{"dev", "group:dev", STAUTH_ALLOW},
		{"devs", "group:dev", STAUTH_FORBIDDEN},
		{"su", "group:dev", STAUTH_FORBIDDEN},
		{"su,dev", "group:", STAUTH_FORBIDDEN},
		{"su,dev", "group:su,dev", STAUTH_FORBIDDEN},
		{"su,dev", "dev", STAUTH_FORBIDDEN},
		{"su,dev", "SU", STAUTH_FORBIDDEN},
		{"su,dev", " su", STAUTH_FORBIDDEN},
		{"su,dev", "su ", STAUTH_FORBIDDEN},
		{"su,dev", "GROUP:dev", STAUTH_FORBIDDEN},
		{"su,dev", "group: dev", STAUTH_FORBIDDEN},
		{"su,dev", NULL, STAUTH_FORBIDDEN},
		/* Several: all must hold. */
		{"su,dev", "su group:dev", STAUTH_ALLOW},
		{"su", "su group:dev", STAUTH_FORBIDDEN},
		{"dev", "su group:dev", STAUTH_FORBIDDEN},
		{"dev,ops", "group:ops group:dev", STAUTH_ALLOW},
		{"su,dev", "su  group:dev", STAUTH_FORBIDDEN},
		{"su,dev", "su group:dev nonsense", STAUTH_FORBIDDEN},
		{"su,dev", " ", STAUTH_FORBIDDEN},
		{"", "optional", STAUTH_ALLOW},
		{"su", "optional su", STAUTH_FORBIDDEN},
		{"su", "su optional", STAUTH_FORBIDDEN},
		{"su", "Optional", STAUTH_FORBIDDEN},
		{"", "level:2", STAUTH_NEED_FACTOR},
		{"su", "su level:2", STAUTH_NEED_FACTOR},
		{"su", "level:2 su", STAUTH_NEED_FACTOR},
		/* The area first: the second factor would not help. */
		{"dev", "level:2 su", STAUTH_FORBIDDEN},
		{"dev", "su level:2", STAUTH_FORBIDDEN},
		{"su", "level:1", STAUTH_FORBIDDEN},
		{"su", "level:3", STAUTH_FORBIDDEN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stauth_check_done done = allowed(cases[i].groups);

		assert_int_equal(stauth_check_judge(&done, cases[i].require),
			cases[i].want);
	}
}

static void mfa_level_2_takes_a_session_of_two_factors(void **state)
{
	struct stauth_check_done done = allowed("su");

	(void)state;
	done.session.level = 1;
	assert_int_equal(
		stauth_check_judge(&done, "level:2"), STAUTH_NEED_FACTOR);
	done.session.level = 2;
	assert_int_equal(stauth_check_judge(&done, "level:2"), STAUTH_ALLOW);
	assert_int_equal(stauth_check_judge(&done, "level:2 su"), STAUTH_ALLOW);
	assert_int_equal(
		stauth_check_judge(&done, "level:2 group:x"), STAUTH_FORBIDDEN);
	done.session.must_change = true;
	assert_int_equal(stauth_check_judge(&done, "level:2"), STAUTH_DENY);
	assert_int_equal(stauth_check_judge(&done, "optional"), STAUTH_DENY);
}

static void a_word_of_any_length_is_refused(void **state)
{
	struct stauth_check_done done = allowed("su");
	char require[300];

	(void)state;
	for (size_t len = 1; len < sizeof(require); len++) {
		memset(require, 'a', len);
		memcpy(require, "group:", len < 6 ? len : 6);
		require[len] = '\0';
		assert_int_equal(
			stauth_check_judge(&done, require), STAUTH_FORBIDDEN);
	}
}

/* --- asking */

static int asked;
static int64_t idle_asked;

static enum stauth_rc count_submit(struct stauth_check *check,
	const uint8_t token_hash[32], int64_t idle_s, uint64_t tag,
	struct stauth_check_done *ret_done)
{
	uint8_t want[32];

	(void)check;
	(void)ret_done;
	assert_true(
		stauth_sha256("abcdefghijklmnopqrstuvwxyz012345", 32, want));
	assert_memory_equal(token_hash, want, 32);
	assert_int_equal(tag, 42);
	idle_asked = idle_s;
	asked++;
	return STAUTH_PENDING;
}

static void c1_c11_only_the_hash_of_a_token_is_asked_for(void **state)
{
	static const char *const bad[] = {"", "abcdefghijklmnopqrstuvwxyz01234",
		"abcdefghijklmnopqrstuvwxyz0123456",
		"abcdefghijklmnopqrstuvwxyz01234=",
		"abcdefghijklmnopqrstuvwxyz01234+",
		"abcdefghijklmnopqrstuvwxyz0123%3",
		"\"bcdefghijklmnopqrstuvwxyz01234\""};
	const struct stauth_check_ops ops = {.submit = count_submit};
	struct stauth_check check = {.ops = &ops};
	static struct stauth_config config;
	struct stauth_ctx ctx = {.config = &config, .check = &check};
	struct stauth_check_done done = {.verdict = STAUTH_ALLOW};

	(void)state;
	config.session_idle_minutes = 5;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		done.verdict = STAUTH_ALLOW;
		assert_rc(stauth_check_submit(
				  &ctx, bad[i], strlen(bad[i]), 42, &done),
			STAUTH_OK);
		assert_int_equal(done.verdict, STAUTH_DENY);
		assert_int_equal(done.tag, 42);
	}
	assert_rc(stauth_check_submit(&ctx, "abcdefghijklmno\0qrstuvwxyz012345",
			  32, 42, &done),
		STAUTH_OK);
	assert_int_equal(asked, 0);
	assert_rc(stauth_check_submit(&ctx, "abcdefghijklmnopqrstuvwxyz012345",
			  32, 42, &done),
		STAUTH_PENDING);
	assert_int_equal(asked, 1);
	assert_int_equal(idle_asked, 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b1_zeroed_memory_is_denied),
		cmocka_unit_test(a_fault_is_neither_yes_nor_no),
		cmocka_unit_test(c4_a_session_for_the_change_only_is_denied),
		cmocka_unit_test(mfa_level_2_takes_a_session_of_two_factors),
		cmocka_unit_test(a_word_of_any_length_is_refused),
		cmocka_unit_test(areas_are_entered_by_whom_they_are_for),
		cmocka_unit_test(c1_c11_only_the_hash_of_a_token_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
