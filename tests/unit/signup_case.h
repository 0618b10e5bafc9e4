/* SPDX-License-Identifier: MIT */
/* Two browsers that sign up, for the tests of sign-up. */
#ifndef TEST_SIGNUP_CASE_H
#define TEST_SIGNUP_CASE_H

#include "mail_case.h"

#include "auth/signup.h"

#define NEW "new@example.com"

static const struct stauth_signup_who who_a = {FLOW_A, MAIL_HOME, "web"};
static const struct stauth_signup_who who_b = {FLOW_B, MAIL_HOME, "web"};

static inline enum stauth_rc start(struct fixture *f,
	const struct stauth_signup_who *who, const char *email,
	const char *password, enum stauth_signup_field *ret_field)
{
	struct stauth_secret secret = fixture_secret(password);
	struct stauth_err err = {.rc = STAUTH_OK};

	const struct stauth_signup_form form = {
		.email = email, .password = &secret};
	struct stauth_signup_refusal refusal;
	enum stauth_rc rc =
		stauth_signup_start(&f->ctx, who, &form, &refusal, &err);

	*ret_field = refusal.field;
	return rc;
}

static inline void started(struct fixture *f,
	const struct stauth_signup_who *who, const char *email)
{
	enum stauth_signup_field field;

	assert_rc(start(f, who, email, GOOD_PASSWORD, &field), STAUTH_OK);
}

static inline enum stauth_rc verify(struct fixture *f,
	const struct stauth_signup_who *who, const char *pin,
	struct stauth_login *login, int *ret_left)
{
	struct stauth_signup_attempt attempt = {.pin = pin};
	struct stauth_err err = {.rc = STAUTH_OK};
	enum stauth_rc rc =
		stauth_signup_verify(&f->ctx, who, &attempt, login, &err);

	*ret_left = attempt.tries_left;
	assert_int_equal(rc == STAUTH_OK, login->verdict == STAUTH_ALLOW);
	return rc;
}

static inline enum stauth_rc try_pin(struct fixture *f,
	const struct stauth_signup_who *who, const char *pin, int *ret_left)
{
	struct stauth_login login;
	enum stauth_rc rc = verify(f, who, pin, &login, ret_left);

	stauth_login_finish(&login);
	return rc;
}

static inline struct stauth_signup_state look(
	struct fixture *f, const struct stauth_signup_who *who)
{
	struct stauth_signup_state view;
	struct stauth_err err;

	assert_ok(stauth_signup_status(&f->ctx, who, &view, &err));
	return view;
}

static inline bool is_account(struct fixture *f, const char *name)
{
	struct stauth_account account;

	return stauth_account_get(&f->ctx, name, &account, NULL) == STAUTH_OK;
}

/* Another PIN than this one. */
static inline const char *not_pin(const char *pin)
{
	return strcmp(pin, "000000") == 0 ? "000001" : "000000";
}

#endif
