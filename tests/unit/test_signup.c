/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "mail_case.h"
#include "signup_case.h"

#include "auth/signup.h"

#include "base/banned.h"

static void a_pin_makes_an_account_that_is_signed_in(void **state)
{
	struct fixture *f = *state;
	const struct stauth_session_request ask = {.address = MAIL_HOME};
	struct stauth_session_grant grant;
	struct stauth_session session;
	struct stauth_audit_row row;
	struct stauth_login login;
	struct stauth_mail mail;
	struct stauth_err err;
	int left;

	started(f, &who_a, "New@Example.COM");
	assert_false(is_account(f, NEW));
	mail = next_mail(f);
	assert_string_equal(mail.kind, "signup-pin");
	assert_string_equal(mail.recipient, NEW);
	assert_int_equal(strspn(mail.code, "0123456789"), 6);
	assert_int_equal(strlen(mail.code), 6);
	assert_int_equal(mail.expires_at, fixture_now_s + 30 * 60);
	assert_int_equal(look(f, &who_a).tries_left, 5);
	assert_rc(verify(f, &who_a, mail.code, &login, &left), STAUTH_OK);
	assert_int_equal(
		login.factors, STAUTH_FACTOR_PASSWORD | STAUTH_FACTOR_PIN);
	assert_string_equal(login.account.password, "");
	assert_ok(stauth_session_open(&f->ctx, &login, &ask, &grant, &err));
	assert_ok(
		stauth_session_by_token(&f->ctx, grant.token, &session, &err));
	assert_string_equal(session.user, NEW);
	assert_string_equal(session.email, NEW);
	assert_string_equal(session.groups, "");
	assert_int_equal(source_failures(f), 0);
	assert_int_equal(fixture_rows(f, "signup", &row), 1);
	assert_int_equal(row.uid, session.uid);
	assert_int_equal(
		fixture_try(f, &login, NEW, GOOD_PASSWORD, MAIL_HOME, NULL),
		STAUTH_ALLOW);
	/* The flow is over. */
	assert_rc(try_pin(f, &who_a, mail.code, &left), STAUTH_NOTFOUND);
}

static void f1_f2_five_tries_a_pin_and_no_sixth(void **state)
{
	struct fixture *f = *state;
	struct stauth_mail mail;
	struct stauth_audit_row row;
	int left;

	started(f, &who_a, NEW);
	mail = next_mail(f);
	for (int i = 4; i >= 0; i--) {
		assert_rc(try_pin(f, &who_a, not_pin(mail.code), &left),
			STAUTH_BADVALUE);
		assert_int_equal(left, i);
	}
	assert_int_equal(source_failures(f), 5);
	assert_int_equal(fixture_rows(f, "signup.pin", &row), 5);
	assert_false(row.ok);
	assert_rc(try_pin(f, &who_a, mail.code, &left), STAUTH_EXPIRED);
	/* A dead PIN is no failure. */
	assert_int_equal(source_failures(f), 5);
	assert_false(look(f, &who_a).pin_live);
	assert_false(is_account(f, NEW));
}

static void k5_f6_what_is_no_pin_counts_nowhere(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {
		"", "12345", "1234567", " 123456", "0x1234", "1e5"};
	int left;

	started(f, &who_a, NEW);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_rc(try_pin(f, &who_a, bad[i], &left), STAUTH_BADVALUE);
		assert_int_equal(left, 5);
	}
	assert_int_equal(look(f, &who_a).tries_left, 5);
	assert_int_equal(source_failures(f), 0);
}

static void f5_another_browser_and_an_older_pin_are_refused(void **state)
{
	struct fixture *f = *state;
	struct stauth_mail first;
	struct stauth_mail second;
	struct stauth_err err;
	int64_t wait_s = 0;
	int left;

	started(f, &who_a, NEW);
	first = next_mail(f);
	assert_rc(try_pin(f, &who_b, first.code, &left), STAUTH_NOTFOUND);
	fixture_now_s += 60;
	started(f, &who_b, NEW);
	(void)next_mail(f);
	assert_rc(try_pin(f, &who_b, first.code, &left), STAUTH_BADVALUE);
	fixture_now_s += 60;
	assert_ok(stauth_signup_resend(&f->ctx, &who_a, &wait_s, &err));
	second = next_mail(f);
	if (strcmp(first.code, second.code) != 0) {
		assert_rc(
			try_pin(f, &who_a, first.code, &left), STAUTH_BADVALUE);
	}
	assert_rc(try_pin(f, &who_a, second.code, &left), STAUTH_OK);
}

static void f10_the_password_of_the_browser_that_verifies(void **state)
{
	struct fixture *f = *state;
	enum stauth_signup_field field;
	struct stauth_login login;
	struct stauth_mail mail;
	int left;

	assert_rc(start(f, &who_b, NEW, OTHER_PASSWORD, &field), STAUTH_OK);
	(void)next_mail(f);
	fixture_now_s += 60;
	started(f, &who_a, NEW);
	mail = next_mail(f);
	assert_rc(try_pin(f, &who_a, mail.code, &left), STAUTH_OK);
	assert_int_equal(
		fixture_try(f, &login, NEW, OTHER_PASSWORD, MAIL_HOME, NULL),
		STAUTH_DENY);
	assert_int_equal(
		fixture_try(f, &login, NEW, GOOD_PASSWORD, MAIL_HOME, NULL),
		STAUTH_ALLOW);
}

static void f8_k4_an_address_that_has_an_account_looks_the_same(void **state)
{
	struct fixture *f = *state;
	struct stauth_signup_state there;
	struct stauth_signup_state view;
	enum stauth_signup_field field;
	struct stauth_pending row;
	struct stauth_login login;
	struct stauth_mail mail;
	struct stauth_err err;
	size_t count = 1;
	int left;

	(void)fixture_user(f, "old@example.com", GOOD_PASSWORD, false);
	assert_rc(start(f, &who_a, "OLD@example.com", OTHER_PASSWORD, &field),
		STAUTH_OK);
	mail = next_mail(f);
	assert_string_equal(mail.kind, "signup-exists");
	assert_string_equal(mail.code, "");
	/* Nothing can come of the row: it holds no password. */
	assert_ok(stauth_pending_list(&f->ctx,
		&(struct stauth_pending_page){.limit = 1}, &row, &count, &err));
	assert_int_equal(count, 0);
	started(f, &who_b, NEW);
	there = look(f, &who_a);
	view = look(f, &who_b);
	assert_int_equal(there.pin_live, view.pin_live);
	assert_int_equal(there.tries_left, view.tries_left);
	assert_int_equal(there.resend_in_s, view.resend_in_s);
	for (int i = 4; i >= 0; i--) {
		assert_rc(try_pin(f, &who_a, "123456", &left), STAUTH_BADVALUE);
		assert_int_equal(left, i);
	}
	assert_int_equal(fixture_try(f, &login, "old@example.com",
				 GOOD_PASSWORD, MAIL_HOME, NULL),
		STAUTH_ALLOW);
}

static void f8_a_row_without_a_password_never_gets_a_pin(void **state)
{
	struct fixture *f = *state;
	struct stauth_err err;
	int64_t wait_s = 0;
	int ended = 0;

	(void)fixture_user(f, NEW, OTHER_PASSWORD, false);
	started(f, &who_a, NEW);
	assert_string_equal(next_mail(f).kind, "signup-exists");
	assert_ok(stauth_account_delete(
		&f->ctx, NEW, &fixture_actor, &ended, &err));
	fixture_now_s += 60;
	assert_ok(stauth_signup_resend(&f->ctx, &who_a, &wait_s, &err));
	assert_string_equal(next_mail(f).kind, "signup-exists");
}

static void f11_an_address_is_one_and_also_a_name(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"", "a@x.com@y.com", "\"a b\"@x.com",
		"a@[1.2.3.4]", "a@x.com\r\nBcc: b@x.com", "m\xc4\xb1ke@x.com",
		"{a}@x.com", "a b@x.com"};
	enum stauth_signup_field field;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_rc(start(f, &who_a, bad[i], GOOD_PASSWORD, &field),
			STAUTH_BADVALUE);
		assert_int_equal(field, STAUTH_SIGNUP_EMAIL);
	}
	assert_rc(start(f, &who_a, NEW, NEW, &field), STAUTH_BADVALUE);
	assert_int_equal(field, STAUTH_SIGNUP_PASSWORD);
	assert_string_equal(next_mail(f).kind, "-");
}

static void an_expired_pin_is_replaced_without_the_form(void **state)
{
	struct fixture *f = *state;
	struct stauth_mail mail;
	struct stauth_err err;
	int64_t wait_s;
	int left;

	started(f, &who_a, NEW);
	mail = next_mail(f);
	fixture_now_s += 30 * 60;
	assert_rc(try_pin(f, &who_a, mail.code, &left), STAUTH_EXPIRED);
	assert_int_equal(source_failures(f), 0);
	assert_false(look(f, &who_a).pin_live);
	assert_ok(stauth_signup_resend(&f->ctx, &who_a, &wait_s, &err));
	assert_rc(try_pin(f, &who_a, next_mail(f).code, &left), STAUTH_OK);
}

static void f9_somebody_was_faster(void **state)
{
	struct fixture *f = *state;
	struct stauth_mail mail;
	int left;

	started(f, &who_a, NEW);
	mail = next_mail(f);
	(void)fixture_user(f, NEW, OTHER_PASSWORD, false);
	assert_rc(try_pin(f, &who_a, mail.code, &left), STAUTH_EXISTS);
	assert_int_equal(source_failures(f), 0);
}

static void nothing_is_promised_that_cannot_be_sent(void **state)
{
	struct fixture *f = *state;
	enum stauth_signup_field field;

	f->config->mail_transport = STAUTH_TRANSPORT_NONE;
	assert_rc(start(f, &who_a, NEW, GOOD_PASSWORD, &field), STAUTH_ECONFIG);
	f->config->mail_transport = STAUTH_TRANSPORT_FILE;
	f->config->allow_user_sign_up = false;
	assert_rc(start(f, &who_a, NEW, GOOD_PASSWORD, &field), STAUTH_ECONFIG);
}

static void administrators_see_and_delete_what_waits(void **state)
{
	struct fixture *f = *state;
	struct stauth_pending rows[3];
	struct stauth_err err;
	size_t count = 0;
	int left;

	started(f, &who_a, NEW);
	assert_ok(stauth_pending_list(&f->ctx,
		&(struct stauth_pending_page){.limit = 3}, rows, &count, &err));
	assert_int_equal(count, 1);
	assert_string_equal(rows[0].email, NEW);
	assert_string_equal(rows[0].password, "");
	assert_ok(stauth_pending_delete(
		&f->ctx, "NEW@example.com", &fixture_actor, &err));
	assert_int_equal(fixture_rows(f, "signup.delete", NULL), 1);
	assert_rc(stauth_pending_delete(&f->ctx, NEW, &fixture_actor, &err),
		STAUTH_NOTFOUND);
	assert_rc(try_pin(f, &who_a, "123456", &left), STAUTH_NOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MAIL_TEST(a_pin_makes_an_account_that_is_signed_in),
		MAIL_TEST(f1_f2_five_tries_a_pin_and_no_sixth),
		MAIL_TEST(k5_f6_what_is_no_pin_counts_nowhere),
		MAIL_TEST(f5_another_browser_and_an_older_pin_are_refused),
		MAIL_TEST(f10_the_password_of_the_browser_that_verifies),
		MAIL_TEST(f8_k4_an_address_that_has_an_account_looks_the_same),
		MAIL_TEST(f8_a_row_without_a_password_never_gets_a_pin),
		MAIL_TEST(f11_an_address_is_one_and_also_a_name),
		MAIL_TEST(an_expired_pin_is_replaced_without_the_form),
		MAIL_TEST(f9_somebody_was_faster),
		MAIL_TEST(nothing_is_promised_that_cannot_be_sent),
		MAIL_TEST(administrators_see_and_delete_what_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
