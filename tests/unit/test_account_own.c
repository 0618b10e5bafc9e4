/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "mail_case.h"

#include "auth/account_own.h"
#include "base/text.h"

#include "base/banned.h"

#define OLD "alice@example.com"
#define NEW "new@example.com"

struct browser {
	struct stauth_session_grant grant;
	struct stauth_own own;
};

static void open_browser(struct fixture *f, struct browser *browser)
{
	fixture_open(f, OLD, GOOD_PASSWORD, &browser->grant);
	browser->own = (struct stauth_own){
		.session = &browser->grant.session,
		.ask = {.address = MAIL_HOME,
			.presented = browser->grant.token,
			.device_token = browser->grant.device_token},
	};
}

static void setup(struct fixture *f, struct browser *here)
{
	(void)fixture_user(f, OLD, GOOD_PASSWORD, false);
	open_browser(f, here);
}

static enum stauth_rc ask(
	struct fixture *f, const struct browser *browser, const char *email)
{
	struct stauth_err err;
	int64_t wait_s = 0;

	return stauth_own_email_ask(
		&f->ctx, &browser->own, email, &wait_s, &err);
}

static enum stauth_rc set(struct fixture *f, const struct browser *browser,
	const char *email, const char *pin, struct stauth_session_grant *grant)
{
	struct stauth_own_email attempt = {.email = email, .pin = pin};
	struct stauth_err err;

	return stauth_own_email_set(
		&f->ctx, &browser->own, &attempt, grant, &err);
}

static const char *other_pin(const char *pin)
{
	return strcmp(pin, "000000") == 0 ? "000001" : "000000";
}

static void u20_a_name_is_changed_and_other_sessions_end(void **state)
{
	struct fixture *f = *state;
	struct browser here;
	struct browser there;
	struct stauth_session_grant grant;
	struct stauth_session session;
	struct stauth_err err;

	setup(f, &here);
	open_browser(f, &there);
	fixture_now_s += 60;
	assert_rc(stauth_own_name_set(&f->ctx, &here.own, "A\n", &grant, &err),
		STAUTH_BADVALUE);
	assert_ok(stauth_own_name_set(
		&f->ctx, &here.own, "Alice A", &grant, &err));
	assert_rc(fixture_find(f, there.grant.token), STAUTH_NOTFOUND);
	assert_rc(fixture_find(f, here.grant.token), STAUTH_NOTFOUND);
	assert_ok(
		stauth_session_by_token(&f->ctx, grant.token, &session, &err));
	assert_string_equal(session.display_name, "Alice A");
	assert_string_not_equal(session.handle, here.grant.session.handle);
	assert_int_equal(session.auth_at, here.grant.session.auth_at);
	assert_int_equal(session.confirmed_at, here.grant.session.confirmed_at);
	assert_int_equal(session.expires_at, here.grant.session.expires_at);
	assert_string_equal(grant.device_token, here.grant.device_token);
	struct stauth_mail mail = next_mail(f);
	assert_string_equal(mail.kind, "name-changed");
	assert_string_equal(mail.recipient, OLD);
	/* The old one is of no use any more, and the same name is no change. */
	assert_rc(stauth_own_name_set(&f->ctx, &here.own, "B", &grant, &err),
		STAUTH_EXPIRED);
	open_browser(f, &here);
	assert_ok(stauth_own_name_set(
		&f->ctx, &here.own, "Alice A", &grant, &err));
	assert_string_equal(grant.token, "");
	assert_rc(fixture_find(f, here.grant.token), STAUTH_OK);
}

static void u20_only_a_confirmed_session_changes(void **state)
{
	struct fixture *f = *state;
	struct browser here;
	struct stauth_session_grant grant;
	struct stauth_err err;

	setup(f, &here);
	fixture_now_s += STAUTH_FRESH_S;
	assert_rc(stauth_own_name_set(&f->ctx, &here.own, "A", &grant, &err),
		STAUTH_REFUSED);
	assert_rc(ask(f, &here, NEW), STAUTH_REFUSED);
	assert_rc(set(f, &here, NEW, "123456", &grant), STAUTH_REFUSED);
	here.grant.session.confirmed_at = fixture_now_s;
	here.grant.session.must_change = true;
	assert_rc(ask(f, &here, NEW), STAUTH_REFUSED);
}

static void u20_an_address_is_proven_and_the_old_one_noticed(void **state)
{
	struct fixture *f = *state;
	struct browser here;
	struct browser there;
	struct stauth_session_grant grant;
	struct stauth_session session;
	struct stauth_err err;

	setup(f, &here);
	open_browser(f, &there);
	assert_rc(ask(f, &here, OLD), STAUTH_BADVALUE);
	assert_rc(ask(f, &here, "no address"), STAUTH_BADVALUE);
	assert_rc(ask(f, &here, "New@Example.com"), STAUTH_OK);
	struct stauth_mail mail = next_mail(f);
	assert_string_equal(mail.kind, "email-pin");
	assert_string_equal(mail.recipient, NEW);
	assert_int_equal(strlen(mail.code), 6);
	/* It is good for that address alone. */
	assert_rc(set(f, &here, "evil@example.com", mail.code, &grant),
		STAUTH_BADVALUE);
	assert_rc(set(f, &here, NEW, other_pin(mail.code), &grant),
		STAUTH_BADVALUE);
	assert_int_equal(source_failures(f), 2);
	/* What cannot be a PIN is no guess, and the tries are shown. */
	struct stauth_own_email attempt = {.email = NEW, .pin = "12 34"};
	assert_rc(stauth_own_email_set(
			  &f->ctx, &here.own, &attempt, &grant, &err),
		STAUTH_BADVALUE);
	assert_int_equal(attempt.tries_left, 3);
	assert_int_equal(source_failures(f), 2);
	assert_int_equal(fixture_rows(f, "email.pin", NULL), 2);
	assert_rc(set(f, &here, NEW, mail.code, &grant), STAUTH_OK);
	assert_rc(fixture_find(f, there.grant.token), STAUTH_NOTFOUND);
	assert_ok(
		stauth_session_by_token(&f->ctx, grant.token, &session, &err));
	assert_string_equal(session.email, NEW);
	struct stauth_mail notice = next_mail(f);
	assert_string_equal(notice.kind, "email-changed");
	assert_string_equal(notice.recipient, OLD);
	assert_int_equal(fixture_rows(f, "email.change", NULL), 1);
	/* Once. */
	open_browser(f, &here);
	assert_rc(set(f, &here, NEW, mail.code, &grant), STAUTH_EXPIRED);
}

static void u20_a_taken_address_looks_like_a_free_one(void **state)
{
	struct fixture *f = *state;
	struct browser here;
	struct stauth_session_grant grant;

	setup(f, &here);
	(void)fixture_user(f, NEW, OTHER_PASSWORD, false);
	assert_rc(ask(f, &here, NEW), STAUTH_OK);
	struct stauth_mail mail = next_mail(f);
	assert_string_equal(mail.kind, "email-exists");
	assert_string_equal(mail.code, "");
	assert_rc(set(f, &here, NEW, "123456", &grant), STAUTH_BADVALUE);
	/* The same limits: once a minute. */
	assert_rc(ask(f, &here, NEW), STAUTH_THROTTLED);
}

static void u20_a_revoked_session_gets_no_new_one(void **state)
{
	struct fixture *f = *state;
	struct browser here;
	struct stauth_session_grant grant;
	struct stauth_err err;

	setup(f, &here);
	assert_ok(stauth_session_revoke(
		&f->ctx, here.grant.session.handle, 0, &fixture_actor, &err));
	assert_ok(stauth_own_name_set(&f->ctx, &here.own, "A", &grant, &err));
	assert_string_equal(grant.token, "");
	struct stauth_session sessions[4];
	size_t count = 4;
	assert_ok(stauth_session_list(&f->ctx,
		&(const struct stauth_session_query){.limit = 4}, sessions,
		&count, &err));
	assert_int_equal(count, 0);
}

static void u27_an_administrators_edit_is_mailed(void **state)
{
	struct fixture *f = *state;
	struct stauth_account_edit edit = {
		.su = -1, .system_login = -1, .disabled = -1, .email = NEW};
	struct stauth_err err;
	int ended;

	(void)fixture_user(f, OLD, GOOD_PASSWORD, false);
	assert_ok(fixture_edit(
		&f->ctx, OLD, &edit, &fixture_actor, &ended, &err));
	struct stauth_mail mail = next_mail(f);
	assert_string_equal(mail.kind, "email-changed");
	assert_string_equal(mail.recipient, OLD);
	edit.email = NULL;
	edit.display_name = "A";
	assert_ok(fixture_edit(
		&f->ctx, OLD, &edit, &fixture_actor, &ended, &err));
	mail = next_mail(f);
	assert_string_equal(mail.kind, "name-changed");
	assert_string_equal(mail.recipient, NEW);
	edit.groups = "x";
	assert_ok(fixture_edit(
		&f->ctx, OLD, &edit, &fixture_actor, &ended, &err));
	assert_string_equal(next_mail(f).kind, "-");
}

static void u27_a_log_in_from_an_unknown_device_is_mailed(void **state)
{
	struct fixture *f = *state;
	struct browser here;
	struct stauth_login login;

	setup(f, &here);
	open_browser(f, &here);
	assert_string_equal(next_mail(f).kind, "-");
	f->config->notify_new_device = true;
	open_browser(f, &here);
	struct stauth_mail mail = next_mail(f);
	assert_string_equal(mail.kind, "new-device");
	assert_string_equal(mail.recipient, OLD);
	assert_int_equal(fixture_try(f, &login, OLD, GOOD_PASSWORD, MAIL_HOME,
				 here.grant.device_token),
		STAUTH_ALLOW);
	struct stauth_session_grant grant;
	struct stauth_err err;
	assert_ok(stauth_session_open(
		&f->ctx, &login, &here.own.ask, &grant, &err));
	assert_string_equal(next_mail(f).kind, "-");
	/* The first of all is no news. */
	(void)fixture_user(f, NEW, OTHER_PASSWORD, false);
	fixture_open(f, NEW, OTHER_PASSWORD, &grant);
	assert_string_equal(next_mail(f).kind, "-");
}

#define ON(test)                                                               \
	cmocka_unit_test_setup_teardown(test, mail_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON(u20_a_name_is_changed_and_other_sessions_end),
		ON(u20_only_a_confirmed_session_changes),
		ON(u20_an_address_is_proven_and_the_old_one_noticed),
		ON(u20_a_taken_address_looks_like_a_free_one),
		ON(u20_a_revoked_session_gets_no_new_one),
		ON(u27_an_administrators_edit_is_mailed),
		ON(u27_a_log_in_from_an_unknown_device_is_mailed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
