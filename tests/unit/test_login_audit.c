/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "fixture.h"

#include "base/banned.h"

#define HOME "192.0.2.1"

static enum stauth_verdict try_it(
	struct fixture *f, const char *name, const char *password)
{
	struct stauth_login login;
	enum stauth_verdict verdict =
		fixture_try(f, &login, name, password, HOME, NULL);

	stauth_login_finish(&login);
	return verdict;
}

static enum stauth_rc no_rows(struct stauth_state *state,
	const struct stauth_limits *limits, const struct stauth_settlement *how,
	int64_t now_s, struct stauth_err *err)
{
	(void)state;
	(void)limits;
	(void)now_s;
	assert_non_null(how->audit);
	return stauth_fail(err, STAUTH_EUNREACHABLE, "disk full");
}

static void an_answer_stands_without_its_audit_row(void **state)
{
	struct fixture *f = *state;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	f->state_ops.throttle_settle = no_rows;
	assert_int_equal(try_it(f, "alice", "wrong"), STAUTH_DENY);
	assert_non_null(strstr(f->reports, "warning|"));
}

static void rows_of_a_log_in_hold_no_secret_and_no_control(void **state)
{
	struct fixture *f = *state;
	struct stauth_audit_row row;
	struct stauth_login login;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	(void)try_it(f, "a\nlogin ok\x1b[2J", "s3cret-typed");
	assert_int_equal(fixture_rows(f, "login.wrong", &row), 1);
	assert_string_equal(row.user, "a?login ok?[2J");
	assert_string_equal(row.address, HOME);
	assert_string_equal(row.channel, "web");
	assert_string_equal(row.detail, "");
	assert_int_equal(row.uid, 0);
	(void)fixture_try(f, &login, "ALICE", "wrong", "2001:db8::7", NULL);
	assert_int_equal(fixture_rows(f, "login.wrong", &row), 2);
	assert_string_equal(row.user, "alice");
	assert_string_equal(row.address, "2001:db8::7");
	assert_false(row.ok);
}

static int64_t fake_boot_ms;

static int64_t fake_boot(void)
{
	return fake_boot_ms;
}

static void throttled_tries_do_not_fill_the_audit(void **state)
{
	struct fixture *f = *state;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	fake_boot_ms = 5000;
	f->ctx.boot_ms = fake_boot;
	for (int i = 0; i < 50; i++) {
		(void)try_it(f, "alice", "wrong");
	}
	assert_int_equal(fixture_rows(f, "login.throttled", NULL), 1);
	fake_boot_ms += 1000;
	(void)try_it(f, "alice", "wrong");
	assert_int_equal(fixture_rows(f, "login.throttled", NULL), 2);
	assert_int_equal(fixture_rows(f, "login.wrong", NULL), 5);
}

static void done_takes_back_and_leaves_a_row(void **state)
{
	struct fixture *f = *state;
	struct stauth_audit_row row;
	struct stauth_login login;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	for (int i = 0; i < 30; i++) {
		assert_int_equal(fixture_try(f, &login, "alice", GOOD_PASSWORD,
					 HOME, NULL),
			STAUTH_ALLOW);
		assert_ok(stauth_login_done(&f->ctx, &login, "verify", &err));
		assert_int_equal(login.limits.reserved_at, 0);
	}
	assert_int_equal(fixture_rows(f, "verify", &row), 30);
	assert_true(row.ok);
	assert_string_equal(row.user, "alice");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(an_answer_stands_without_its_audit_row),
		FIXTURE_TEST(rows_of_a_log_in_hold_no_secret_and_no_control),
		FIXTURE_TEST(throttled_tries_do_not_fill_the_audit),
		FIXTURE_TEST(done_takes_back_and_leaves_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
