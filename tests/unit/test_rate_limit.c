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

/* --- which limits a try meets */

static void start(struct fixture *f, const char *address,
	const char *device_token, struct stauth_login *ret_login)
{
	const struct stauth_login_request who = {
		.username = "alice",
		.username_len = 5,
		.address = address,
		.channel = "web",
		.device_token = device_token,
	};
	struct stauth_err err;

	assert_ok(stauth_login_start(&f->ctx, &who, ret_login, &err));
}

static void assert_limit(const struct stauth_login *login, size_t i,
	const char *name, const char *key)
{
	assert_true(i < login->limits.count);
	assert_string_equal(login->limits.limit[i].name, name);
	assert_string_equal(login->limits.limit[i].key, key);
}

static void a_stranger_meets_three_limits(void **state)
{
	struct stauth_login login;

	start(*state, HOME, NULL, &login);
	assert_int_equal(login.limits.count, 3);
	assert_limit(&login, 0, "account+source", "alice\n" HOME);
	assert_limit(&login, 1, "account", "alice");
	assert_limit(&login, 2, "source", HOME);
	assert_true(login.limits.limit[0].cleared_by_success);
	assert_false(login.limits.limit[1].cleared_by_success);
	assert_false(login.limits.limit[2].cleared_by_success);
}

static void e6_a_known_device_meets_one_of_its_own(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant grant;
	struct stauth_login login;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &grant);
	start(f, HOME, grant.device_token, &login);
	assert_int_equal(login.limits.count, 1);
	assert_string_equal(login.limits.limit[0].name, "device");
	assert_memory_equal(login.limits.limit[0].key, "alice\n", 6);
	assert_int_equal(strlen(login.limits.limit[0].key), 6 + 64);
}

static void b7_no_address_is_one_shared_source_never_skipped(void **state)
{
	struct stauth_login login;

	start(*state, NULL, NULL, &login);
	assert_int_equal(login.limits.count, 3);
	assert_limit(&login, 0, "account+source", "alice\n?");
	assert_limit(&login, 2, "source", "?");
}

static void every_limit_is_found_by_its_name(void **state)
{
	(void)state;
	for (int i = 0; i <= STAUTH_LIMIT_MAIL_ALL; i++) {
		const struct stauth_rate_limit limit =
			stauth_rate_limit_of((enum stauth_limit)i, "k", "l");
		const struct stauth_rate_limit *found =
			stauth_rate_limit_by_name(limit.name);

		assert_string_equal(limit.key, "k\nl");
		assert_non_null(found);
		assert_int_equal(found->free, limit.free);
		assert_int_equal(found->window_s, limit.window_s);
	}
	assert_null(stauth_rate_limit_by_name("other"));
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

static void e8_five_at_once_are_all_that_is_compared(void **state)
{
	struct fixture *f = *state;
	struct stauth_login tries[8];
	struct stauth_err err;

	/* All of them started, none answered: as when they run at once. */
	for (int i = 0; i < 8; i++) {
		enum stauth_rc rc;

		start(f, HOME, NULL, &tries[i]);
		rc = stauth_rate_limits_reserve(
			&f->ctx, &tries[i].limits, &tries[i].wait_s, &err);
		assert_rc(rc, i < 5 ? STAUTH_OK : STAUTH_EBUSY);
	}
}

/* Mail clients open eight connections with the right password. */
static void u5_right_passwords_at_once_are_not_throttled(void **state)
{
	struct fixture *f = *state;
	struct stauth_login tries[5];
	struct stauth_login beside;
	struct stauth_secret secret = fixture_secret(GOOD_PASSWORD);
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(fixture_try(f, &tries[i], "alice",
					 GOOD_PASSWORD, HOME, NULL),
			STAUTH_ALLOW);
	}
	start(f, HOME, NULL, &beside);
	assert_rc(stauth_login_password(&f->ctx, &beside, &secret, &err),
		STAUTH_EBUSY);
	assert_int_equal(beside.verdict, STAUTH_DENY);
	assert_int_equal(fixture_rows(f, "login.throttled", NULL), 0);
	assert_ok(stauth_login_done(&f->ctx, &tries[0], "verify", &err));
	assert_int_equal(
		fixture_try(f, &beside, "alice", GOOD_PASSWORD, HOME, NULL),
		STAUTH_ALLOW);
}

static int64_t boot_ms;

static int64_t fast_clock(void)
{
	return boot_ms += 1000;
}

static void u5_pam_waits_for_a_place_twenty_seconds(void **state)
{
	struct fixture *f = *state;
	struct stauth_limits try = {0};
	struct stauth_err err;
	int64_t wait_s = 0;

	stauth_limits_add(&try, STAUTH_LIMIT_DEVICE, "alice", "ab");
	for (int i = 0; i < 5; i++) {
		assert_ok(stauth_rate_limits_reserve(
			&f->ctx, &try, &wait_s, &err));
	}
	f->ctx.slots = STAUTH_SLOTS_PAM;
	f->ctx.boot_ms = fast_clock;
	boot_ms = 0;
	assert_rc(stauth_rate_limits_reserve(&f->ctx, &try, &wait_s, &err),
		STAUTH_EBUSY);
	assert_in_range(boot_ms, 20000, 23000);
	assert_int_equal(wait_s, 0);
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
		FIXTURE_TEST(a_stranger_meets_three_limits),
		FIXTURE_TEST(e6_a_known_device_meets_one_of_its_own),
		FIXTURE_TEST(b7_no_address_is_one_shared_source_never_skipped),
		cmocka_unit_test(every_limit_is_found_by_its_name),
		FIXTURE_TEST(u5_right_passwords_at_once_are_not_throttled),
		FIXTURE_TEST(u5_pam_waits_for_a_place_twenty_seconds),
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
		FIXTURE_TEST(e8_five_at_once_are_all_that_is_compared),
		FIXTURE_TEST(e10_success_clears_its_own_source_only),
		FIXTURE_TEST(success_is_no_failure_in_the_other_limits),
		FIXTURE_TEST(root_is_counted_but_never_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
