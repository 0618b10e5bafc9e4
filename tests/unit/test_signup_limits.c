/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "mail_case.h"
#include "signup_case.h"

#include "auth/signup.h"

#include "base/banned.h"

static void f7_once_a_minute_and_the_answer_is_the_same(void **state)
{
	struct fixture *f = *state;
	struct stauth_mail mail;
	struct stauth_err err;
	int64_t wait_s = 0;
	int left;

	started(f, &who_a, NEW);
	mail = next_mail(f);
	assert_int_equal(look(f, &who_a).resend_in_s, 60);
	fixture_now_s += 59;
	assert_int_equal(look(f, &who_a).resend_in_s, 1);
	assert_rc(stauth_signup_resend(&f->ctx, &who_a, &wait_s, &err),
		STAUTH_THROTTLED);
	assert_int_equal(wait_s, 1);
	/* Another browser sees its page; this one's PIN stays good. */
	started(f, &who_b, NEW);
	assert_true(look(f, &who_b).pin_live);
	assert_int_equal(look(f, &who_b).tries_left, 5);
	started(f, &who_a, NEW);
	assert_string_equal(next_mail(f).kind, "-");
	assert_rc(try_pin(f, &who_a, mail.code, &left), STAUTH_OK);
}

static void f7_a_source_has_twenty_an_hour(void **state)
{
	struct fixture *f = *state;
	char email[64];
	int mails = 0;

	for (int i = 0; i < 25; i++) {
		(void)snprintf(email, sizeof(email), "u%d@example.com", i);
		started(f, &who_a, email);
		mails += strcmp(next_mail(f).kind, "signup-pin") == 0;
	}
	assert_int_equal(mails, 20);
}

static void a_throttled_source_leaves_the_pin_alone(void **state)
{
	struct fixture *f = *state;
	struct stauth_login login;
	struct stauth_mail mail;
	char name[32];
	int left;

	for (int i = 0; i < 31; i++) {
		(void)snprintf(name, sizeof(name), "nobody%d", i);
		(void)fixture_try(
			f, &login, name, GOOD_PASSWORD, MAIL_HOME, NULL);
	}
	started(f, &who_a, NEW);
	mail = next_mail(f);
	assert_rc(
		verify(f, &who_a, mail.code, &login, &left), STAUTH_THROTTLED);
	assert_int_equal(login.verdict, STAUTH_DENY_THROTTLED);
	assert_true(login.wait_s > 0);
	assert_int_equal(look(f, &who_a).tries_left, 5);
	fixture_now_s += 5;
	assert_rc(try_pin(f, &who_a, mail.code, &left), STAUTH_OK);
}

static void f1_ten_pins_a_day_for_an_address(void **state)
{
	struct fixture *f = *state;
	struct stauth_err err;
	int64_t wait_s = 0;
	int sent = 1;

	started(f, &who_a, NEW);
	for (int i = 0; i < 22; i++) {
		fixture_now_s += 3601;
		if (stauth_signup_resend(&f->ctx, &who_a, &wait_s, &err) ==
			STAUTH_OK) {
			sent++;
		} else {
			assert_true(wait_s > 0);
		}
	}
	assert_int_equal(sent, 10);
	assert_true(look(f, &who_a).resend_in_s > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MAIL_TEST(f7_once_a_minute_and_the_answer_is_the_same),
		MAIL_TEST(f7_a_source_has_twenty_an_hour),
		MAIL_TEST(a_throttled_source_leaves_the_pin_alone),
		MAIL_TEST(f1_ten_pins_a_day_for_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
