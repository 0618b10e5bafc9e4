/* SPDX-License-Identifier: MIT */
/* A link by mail, its commit and what may become of the account meanwhile. */
#ifndef STAUTH_TEST_RESET_CASE_H
#define STAUTH_TEST_RESET_CASE_H

#include "mail_case.h"

#include "auth/reset.h"

#define ALICE "alice@example.com"

static inline void asked(struct fixture *f, const char *email)
{
	struct stauth_err err;

	assert_ok(stauth_reset_ask(&f->ctx, email, MAIL_HOME, &err));
}

static inline enum stauth_rc commit(
	struct fixture *f, const char *token, const char *password)
{
	struct stauth_secret secret = fixture_secret(password);
	struct stauth_err err = {.rc = STAUTH_OK};

	return stauth_reset_commit(&f->ctx, token, &secret, MAIL_HOME, &err);
}

static inline enum stauth_rc look(struct fixture *f, const char *token)
{
	char name[STAUTH_NAME_SIZE];

	return stauth_reset_check(&f->ctx, token, name, NULL);
}

static inline enum stauth_verdict log_in(
	struct fixture *f, const char *password)
{
	struct stauth_login login;
	enum stauth_verdict verdict =
		fixture_try(f, &login, ALICE, password, MAIL_HOME, NULL);

	stauth_login_finish(&login);
	return verdict;
}

/* What makes a link that was asked for before dead. */
enum change {
	PASSWORD,
	DISABLE,
	EMAIL,
	MARK,
	MARK_TAKEN_BACK,
	DELETE
};

static inline void do_change(struct fixture *f, enum change change)
{
	struct stauth_secret secret = fixture_secret(OTHER_PASSWORD);
	struct stauth_account_edit edit = {
		.su = -1, .system_login = -1, .disabled = -1};
	struct stauth_err err;
	int ended;

	if (change == PASSWORD) {
		assert_ok(fixture_passwd(&f->ctx, ALICE, &secret, false,
			&fixture_actor, &ended, &err));
		return;
	}
	if (change == DELETE) {
		assert_ok(stauth_account_delete(
			&f->ctx, ALICE, &fixture_actor, &ended, &err));
		return;
	}
	if (change == MARK_TAKEN_BACK) {
		do_change(f, MARK);
		edit.system_login = 0;
	}
	edit.disabled = change == DISABLE ? 1 : -1;
	edit.system_login = change == MARK ? 1 : edit.system_login;
	edit.email = change == EMAIL ? "other@example.com" : NULL;
	assert_ok(fixture_edit(
		&f->ctx, ALICE, &edit, &fixture_actor, &ended, &err));
}

#endif
