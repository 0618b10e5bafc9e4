/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "fixture.h"

#include "auth/rate_limit.h"

#include "base/banned.h"

#define HOME "192.0.2.1"
#define AWAY "198.51.100.9"

static enum stauth_verdict wrong(
	struct fixture *f, const char *name, const char *address)
{
	struct stauth_login login;

	return fixture_try(f, &login, name, "wrong", address, NULL);
}

/* --- the limits as such */

static void the_limits_of_a_stranger(void **state)
{
	struct stauth_login login = {.source = HOME};

	(void)state;
	stauth_rate_limits_fill(&login, "alice");
	assert_int_equal(login.limit_count, 3);
	assert_string_equal(login.limits[0].name, "account+source");
	assert_string_equal(login.limits[0].key, "alice\n" HOME);
	assert_true(login.limits[0].cleared_by_success);
	assert_string_equal(login.limits[1].name, "account");
	assert_string_equal(login.limits[1].key, "alice");
	assert_false(login.limits[1].cleared_by_success);
	assert_string_equal(login.limits[2].name, "source");
	assert_string_equal(login.limits[2].key, HOME);
}

static void e6_a_known_device_has_one_limit_of_its_own(void **state)
{
	struct stauth_login login = {.source = HOME, .known_device = true};

	(void)state;
	memset(login.device_hash, 0xab, sizeof(login.device_hash));
	stauth_rate_limits_fill(&login, "alice");
	assert_int_equal(login.limit_count, 1);
	assert_string_equal(login.limits[0].name, "device");
	assert_memory_equal(login.limits[0].key, "alice\nabab", 10);
	assert_int_equal(strlen(login.limits[0].key), 6 + 64);
}

static void b7_no_address_is_one_shared_source_never_skipped(void **state)
{
	struct stauth_login login = {.source = ""};

	(void)state;
	stauth_rate_limits_fill(&login, "alice");
	assert_int_equal(login.limit_count, 3);
	assert_string_equal(login.limits[0].key, "alice\n?");
	assert_string_equal(login.limits[2].key, "?");
}

/* --- with the store */

static void five_are_free_then_waits_double(void **state)
{
	struct fixture *f = *state;
	static const int64_t waits[] = {1, 2, 4, 8, 16, 32, 60, 60};
	struct stauth_login login;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(wrong(f, "alice", HOME), STAUTH_DENY);
	}
	for (size_t i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
		assert_int_equal(fixture_try(f, &login, "alice", GOOD_PASSWORD,
					 HOME, NULL),
			STAUTH_DENY_THROTTLED);
		assert_int_equal(login.wait_s, waits[i]);
		fixture_now_s += waits[i];
		assert_int_equal(wrong(f, "alice", HOME), STAUTH_DENY);
	}
}

static void e3_unknown_names_are_throttled_like_known_ones(void **state)
{
	struct fixture *f = *state;
	struct stauth_login known;
	struct stauth_login unknown;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	for (int i = 0; i < 7; i++) {
		enum stauth_verdict one =
			fixture_try(f, &known, "alice", "wrong", HOME, NULL);
		enum stauth_verdict two =
			fixture_try(f, &unknown, "nobody", "wrong", AWAY, NULL);

		assert_int_equal(one, two);
		assert_int_equal(known.wait_s, unknown.wait_s);
	}
	assert_int_equal(known.verdict, STAUTH_DENY_THROTTLED);
}

static void e4_spellings_share_a_counter(void **state)
{
	struct fixture *f = *state;
	static const char *const typed[] = {
		"alice", "ALICE", "Alice", "aLice", "alIce"};

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(wrong(f, typed[i], HOME), STAUTH_DENY);
	}
	assert_int_equal(wrong(f, "alicE", HOME), STAUTH_DENY_THROTTLED);
}

static void names_that_cannot_be_share_a_counter(void **state)
{
	struct fixture *f = *state;
	static const char *const typed[] = {"a b", "x\" OR 1", "!", "", "-"};

	for (int i = 0; i < 5; i++) {
		assert_int_equal(wrong(f, typed[i], HOME), STAUTH_DENY);
	}
	assert_int_equal(wrong(f, "<script>", HOME), STAUTH_DENY_THROTTLED);
}

static void e5_rotating_addresses_meet_the_account_limit(void **state)
{
	struct fixture *f = *state;
	char address[40];
	struct stauth_login login;
	int let = 0;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	for (int i = 0; i < 60; i++) {
		(void)snprintf(address, sizeof(address), "2001:db8:0:%x::1", i);
		let += wrong(f, "alice", address) == STAUTH_DENY;
	}
	assert_int_equal(let, 20);
	(void)fixture_try(f, &login, "alice", "wrong", HOME, NULL);
	assert_int_equal(login.wait_s, 10);
	for (int i = 0; i < 60; i++) {
		fixture_now_s++;
		(void)snprintf(address, sizeof(address), "2001:db8:1:%x::1", i);
		let += wrong(f, "alice", address) == STAUTH_DENY;
	}
	assert_int_equal(let, 20 + 6);
	fixture_now_s += 3600;
	assert_int_equal(wrong(f, "alice", HOME), STAUTH_DENY);
}

static void e5_one_64_is_one_source(void **state)
{
	struct fixture *f = *state;
	char address[40];
	char name[16];
	int let = 0;

	for (int i = 0; i < 60; i++) {
		(void)snprintf(address, sizeof(address), "2001:db8::%x", i);
		(void)snprintf(name, sizeof(name), "u%d", i);
		let += wrong(f, name, address) == STAUTH_DENY;
	}
	assert_int_equal(let, 30);
	fixture_now_s += 5;
	assert_int_equal(wrong(f, "u99", "2001:db8::99"), STAUTH_DENY);
	assert_int_equal(
		wrong(f, "u99", "2001:db8::99"), STAUTH_DENY_THROTTLED);
	fixture_now_s += 600;
	assert_int_equal(wrong(f, "u98", "2001:db8::99"), STAUTH_DENY);
}

static void b7_addresses_that_are_none_share_the_source_limit(void **state)
{
	struct fixture *f = *state;
	static const char *const odd[] = {
		"a", "", "fe80::1%eth0", "local:cli", "unix:"};
	char name[16];
	int let = 0;

	for (int i = 0; i < 40; i++) {
		(void)snprintf(name, sizeof(name), "u%d", i);
		let += wrong(f, name, odd[i % 5]) == STAUTH_DENY;
	}
	assert_int_equal(let, 30);
}

static void e6_a_flood_does_not_lock_a_known_device_out(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant grant;
	struct stauth_login login;
	char address[40];

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	(void)fixture_user(f, "mallory", OTHER_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &grant);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(
			address, sizeof(address), "203.0.113.%d", i % 250);
		(void)wrong(f, "alice", address);
		(void)wrong(f, "alice", HOME);
	}
	assert_int_equal(
		fixture_try(f, &login, "alice", GOOD_PASSWORD, HOME, NULL),
		STAUTH_DENY_THROTTLED);
	assert_int_equal(fixture_try(f, &login, "alice", GOOD_PASSWORD, HOME,
				 grant.device_token),
		STAUTH_ALLOW);
	assert_true(login.known_device);
}

static void e6_a_device_opens_no_limit_of_another_account(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant grant;
	struct stauth_login login;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	(void)fixture_user(f, "mallory", OTHER_PASSWORD, false);
	fixture_open(f, "mallory", OTHER_PASSWORD, &grant);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(fixture_try(f, &login, "alice", "wrong", HOME,
					 grant.device_token),
			STAUTH_DENY);
		assert_false(login.known_device);
	}
	assert_int_equal(fixture_try(f, &login, "alice", "wrong", HOME,
				 grant.device_token),
		STAUTH_DENY_THROTTLED);
}

static void a_known_device_is_throttled_in_its_own_limit(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant grant;
	struct stauth_login login;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &grant);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(fixture_try(f, &login, "alice", "wrong", HOME,
					 grant.device_token),
			STAUTH_DENY);
	}
	assert_int_equal(fixture_try(f, &login, "alice", GOOD_PASSWORD, HOME,
				 grant.device_token),
		STAUTH_DENY_THROTTLED);
	assert_int_equal(
		fixture_try(f, &login, "alice", GOOD_PASSWORD, HOME, NULL),
		STAUTH_ALLOW);
}

static void e8_the_failure_is_counted_before_the_verdict(void **state)
{
	struct fixture *f = *state;
	struct stauth_login tries[8];
	struct stauth_err err;
	int let = 0;

	/* All of them started, none answered: as when they run at once. */
	for (int i = 0; i < 8; i++) {
		tries[i] = (struct stauth_login){.source = HOME};
		stauth_rate_limits_fill(&tries[i], "alice");
		let += stauth_rate_limits_take(&f->ctx, &tries[i], &err) ==
		       STAUTH_OK;
	}
	assert_int_equal(let, 5);
}

static void e10_success_clears_its_own_source_only(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant grant;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(wrong(f, "alice", AWAY), STAUTH_DENY);
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(wrong(f, "alice", HOME), STAUTH_DENY);
	}
	fixture_open(f, "alice", GOOD_PASSWORD, &grant); /* from HOME's net */
	assert_int_equal(wrong(f, "alice", AWAY), STAUTH_DENY_THROTTLED);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(wrong(f, "alice", HOME), STAUTH_DENY);
	}
	assert_int_equal(wrong(f, "alice", HOME), STAUTH_DENY_THROTTLED);
}

static void success_is_no_failure_in_the_other_limits(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant grant;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	for (int i = 0; i < 60; i++) {
		fixture_open(f, "alice", GOOD_PASSWORD, &grant);
	}
}

static void root_is_counted_but_never_refused(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret secret = {.len = 5, .data = "wrong"};
	struct stauth_login login;
	struct stauth_login_request who = {
		.username = "alice",
		.username_len = 5,
		.address = "local:cli",
		.channel = "cli",
		.never_refuse = true,
	};
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	for (int i = 0; i < 30; i++) {
		assert_ok(stauth_login_start(&f->ctx, &who, &login, &err));
		assert_string_equal(login.source, "local:cli");
		assert_ok(
			stauth_login_password(&f->ctx, &login, &secret, &err));
		assert_int_equal(login.verdict, STAUTH_DENY);
	}
	who.never_refuse = false;
	assert_ok(stauth_login_start(&f->ctx, &who, &login, &err));
	assert_ok(stauth_login_password(&f->ctx, &login, &secret, &err));
	assert_int_equal(login.verdict, STAUTH_DENY_THROTTLED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_limits_of_a_stranger),
		cmocka_unit_test(e6_a_known_device_has_one_limit_of_its_own),
		cmocka_unit_test(
			b7_no_address_is_one_shared_source_never_skipped),
		FIXTURE_TEST(five_are_free_then_waits_double),
		FIXTURE_TEST(e3_unknown_names_are_throttled_like_known_ones),
		FIXTURE_TEST(e4_spellings_share_a_counter),
		FIXTURE_TEST(names_that_cannot_be_share_a_counter),
		FIXTURE_TEST(e5_rotating_addresses_meet_the_account_limit),
		FIXTURE_TEST(e5_one_64_is_one_source),
		FIXTURE_TEST(b7_addresses_that_are_none_share_the_source_limit),
		FIXTURE_TEST(e6_a_flood_does_not_lock_a_known_device_out),
		FIXTURE_TEST(e6_a_device_opens_no_limit_of_another_account),
		FIXTURE_TEST(a_known_device_is_throttled_in_its_own_limit),
		FIXTURE_TEST(e8_the_failure_is_counted_before_the_verdict),
		FIXTURE_TEST(e10_success_clears_its_own_source_only),
		FIXTURE_TEST(success_is_no_failure_in_the_other_limits),
		FIXTURE_TEST(root_is_counted_but_never_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
