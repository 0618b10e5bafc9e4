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

	for (int i = 0; i < 20; i++) {
		(void)snprintf(email, sizeof(email), "u%d@example.com", i);
		started(f, &who_a, email);
		mails += strcmp(next_mail(f).kind, "signup-pin") == 0;
	}
	assert_int_equal(mails, 20);
}

static int draws;
static stauth_random_fn *real_random;

static enum stauth_rc count_draws(void *out, size_t len, struct stauth_err *err)
{
	draws++;
	return real_random(out, len, err);
}

/* Before the hash: the salt is not even drawn. */
static void u7_a_source_has_twenty_hashes_an_hour(void **state)
{
	const struct stauth_signup_who other = {FLOW_B, "198.51.100.1", "web"};
	struct fixture *f = *state;
	struct stauth_secret secret = fixture_secret(GOOD_PASSWORD);
	struct stauth_signup_form form = {NEW, &secret, NULL};
	struct stauth_signup_refusal refusal;
	enum stauth_signup_field field;
	struct stauth_err err;

	/* What is refused is not hashed, and not counted. */
	for (int i = 0; i < 25; i++) {
		assert_rc(start(f, &who_a, NEW, "password123", &field),
			STAUTH_BADVALUE);
		assert_rc(start(f, &who_a, NEW, "abcdefabcdef", &field),
			STAUTH_BADVALUE);
	}
	for (int i = 0; i < 20; i++) {
		started(f, &who_a, NEW);
	}
	real_random = f->ctx.random;
	f->ctx.random = count_draws;
	assert_rc(stauth_signup_start(&f->ctx, &who_a, &form, &refusal, &err),
		STAUTH_THROTTLED);
	assert_int_equal(draws, 0);
	assert_in_range(refusal.wait_s, 1, 3600);
	f->ctx.random = real_random;
	started(f, &other, "other@example.com");
	fixture_now_s += 3600;
	started(f, &who_a, NEW);
}

/* Strangers cannot use up an address's sign-up for a day. */
static void u14_ten_pins_a_day_are_of_one_source(void **state)
{
	struct fixture *f = *state;
	int sent = 0;

	for (int i = 0; i < 40; i++) {
		char address[32];
		const struct stauth_signup_who who = {FLOW_A, address, "web"};

		snprintf(address, sizeof(address), "198.51.100.%d", i / 8);
		fixture_now_s += 1800;
		started(f, &who, NEW);
		sent += strcmp(next_mail(f).kind, "signup-pin") == 0;
		if (i == 11) {
			assert_int_equal(sent, 12);
		}
	}
	assert_int_equal(sent, 30);
}

/* The page of who waits tells all of the wait: that of the source too. */
static void u14_the_wait_that_is_shown_is_the_true_one(void **state)
{
	struct fixture *f = *state;
	struct stauth_err err;
	int64_t wait_s = 0;
	char email[64];

	started(f, &who_a, NEW);
	for (int i = 0; i < 19; i++) {
		snprintf(email, sizeof(email), "u%d@example.com", i);
		started(f, &who_b, email);
	}
	fixture_now_s += 61;
	assert_rc(stauth_signup_resend(&f->ctx, &who_a, &wait_s, &err),
		STAUTH_THROTTLED);
	assert_true(wait_s > 60);
	assert_int_equal(look(f, &who_a).resend_in_s, wait_s);
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
		MAIL_TEST(u7_a_source_has_twenty_hashes_an_hour),
		MAIL_TEST(u14_ten_pins_a_day_are_of_one_source),
		MAIL_TEST(u14_the_wait_that_is_shown_is_the_true_one),
		MAIL_TEST(a_throttled_source_leaves_the_pin_alone),
		MAIL_TEST(f1_ten_pins_a_day_for_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
