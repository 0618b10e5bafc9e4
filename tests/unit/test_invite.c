/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "mail_case.h"
#include "signup_case.h"

#include "auth/invite.h"

#include "base/banned.h"

struct made {
	struct stauth_invite invite;
	char link[STAUTH_INVITE_LINK_SIZE];
	char token[STAUTH_TOKEN_LEN + 1]; /* in link */
};

static enum stauth_rc add(struct fixture *f,
	const struct stauth_invite_new *given, struct made *made)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	const struct stauth_invite_made ret = {&made->invite, made->link};
	enum stauth_rc rc =
		stauth_invite_add(&f->ctx, given, &fixture_actor, &ret, &err);

	if (rc == STAUTH_OK) {
		const char *token = strstr(made->link, "?invite=");

		assert_non_null(token);
		snprintf(made->token, sizeof(made->token), "%s", token + 8);
	}
	return rc;
}

static struct made invited(
	struct fixture *f, const struct stauth_invite_new *given)
{
	struct made made;

	assert_rc(add(f, given, &made), STAUTH_OK);
	return made;
}

static enum stauth_rc start_by(struct fixture *f,
	const struct stauth_signup_who *who, const char *email,
	const char *token, enum stauth_signup_field *ret_field)
{
	struct stauth_secret secret = fixture_secret(GOOD_PASSWORD);
	struct stauth_err err = {.rc = STAUTH_OK};
	const struct stauth_signup_form form = {email, &secret, token};
	struct stauth_signup_refusal refusal;
	enum stauth_rc rc =
		stauth_signup_start(&f->ctx, who, &form, &refusal, &err);

	*ret_field = refusal.field;
	return rc;
}

static enum stauth_rc read_by(struct fixture *f, const char *token)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	struct stauth_invite invite;

	return stauth_invite_read(&f->ctx, token, &invite, &err);
}

static void set_public_url(struct fixture *f)
{
	f->config->public_url_count = 1;
	snprintf(f->config->public_urls[0].origin, STAUTH_ORIGIN_SIZE,
		"https://app.example.com");
}

static int setup(void **state)
{
	(void)mail_setup(state);
	set_public_url(*state);
	((struct fixture *)*state)->config->allow_user_sign_up = false;
	return 0;
}

/* The one who has the link signs up where nobody else can, and gets what the
 * invitation gives; then it is used up. */
static void u20_an_invitation_opens_what_is_closed(void **state)
{
	struct fixture *f = *state;
	const struct stauth_invite_new given = {.groups = "b,a"};
	struct made made = invited(f, &given);
	struct stauth_account account;
	enum stauth_signup_field field;
	struct stauth_mail mail;
	struct stauth_err err;
	int left;

	assert_int_equal(made.invite.uses, 1);
	assert_int_equal(made.invite.expires_at, fixture_now_s + 7 * 24 * 3600);
	assert_rc(start(f, &who_a, NEW, GOOD_PASSWORD, &field), STAUTH_ECONFIG);
	assert_rc(start_by(f, &who_a, NEW, "", &field), STAUTH_ECONFIG);
	assert_rc(start_by(f, &who_a, NEW, made.token, &field), STAUTH_OK);
	assert_rc(read_by(f, made.token), STAUTH_OK);
	mail = next_mail(f);
	assert_rc(try_pin(f, &who_a, mail.code, &left), STAUTH_OK);
	assert_ok(stauth_account_get(&f->ctx, NEW, &account, &err));
	assert_string_equal(account.groups, "a,b");
	assert_false(account.su);
	assert_rc(read_by(f, made.token), STAUTH_EXPIRED);
	assert_rc(start_by(f, &who_b, "b@example.com", made.token, &field),
		STAUTH_EXPIRED);
}

/* Both have typed their PIN's page; the use goes to the first. */
static void u20_the_last_use_goes_to_one(void **state)
{
	struct fixture *f = *state;
	const struct stauth_invite_new given = {.uses = 1};
	struct made made = invited(f, &given);
	enum stauth_signup_field field;
	struct stauth_mail first;
	struct stauth_mail second;
	int left;

	assert_rc(start_by(f, &who_a, NEW, made.token, &field), STAUTH_OK);
	first = next_mail(f);
	assert_rc(start_by(f, &who_b, "b@example.com", made.token, &field),
		STAUTH_OK);
	second = next_mail(f);
	assert_rc(try_pin(f, &who_b, second.code, &left), STAUTH_OK);
	assert_rc(try_pin(f, &who_a, first.code, &left), STAUTH_REFUSED);
	assert_false(is_account(f, NEW));
	assert_true(is_account(f, "b@example.com"));
}

static void u20_revoked_or_over_it_opens_nothing(void **state)
{
	struct fixture *f = *state;
	const struct stauth_invite_new given = {.uses = 5, .days = 1};
	struct made one = invited(f, &given);
	struct made two = invited(f, &given);
	enum stauth_signup_field field;
	struct stauth_mail mail;
	struct stauth_err err;
	int left;

	assert_rc(start_by(f, &who_a, NEW, one.token, &field), STAUTH_OK);
	mail = next_mail(f);
	assert_ok(stauth_invite_revoke(
		&f->ctx, one.invite.id, &fixture_actor, &err));
	assert_rc(stauth_invite_revoke(
			  &f->ctx, one.invite.id, &fixture_actor, &err),
		STAUTH_NOTFOUND);
	assert_int_equal(fixture_rows(f, "invite.revoke", NULL), 1);
	assert_rc(try_pin(f, &who_a, mail.code, &left), STAUTH_REFUSED);
	assert_rc(read_by(f, one.token), STAUTH_EXPIRED);
	fixture_now_s += 24 * 3600;
	assert_rc(read_by(f, two.token), STAUTH_EXPIRED);
	for (size_t i = 0; i < 3; i++) {
		static const char *const bad[] = {
			"x", FLOW_A, "../../../../../../../../../../aa"};

		assert_rc(read_by(f, bad[i]), STAUTH_EXPIRED);
		assert_rc(start_by(f, &who_a, NEW, bad[i], &field),
			STAUTH_EXPIRED);
	}
}

/* For one address only; and for one that has an account, the same answers as
 * for any other, and no use is taken. */
static void u20_an_address_of_its_own(void **state)
{
	struct fixture *f = *state;
	const struct stauth_invite_new given = {.email = " x"};
	const struct stauth_invite_new fixed = {.email = "NEW@example.com"};
	enum stauth_signup_field field;
	struct stauth_mail mail;
	struct made made;

	assert_rc(add(f, &given, &made), STAUTH_BADVALUE);
	made = invited(f, &fixed);
	assert_string_equal(made.invite.email, NEW);
	assert_rc(start_by(f, &who_a, "b@example.com", made.token, &field),
		STAUTH_BADVALUE);
	assert_int_equal(field, STAUTH_SIGNUP_EMAIL);
	(void)fixture_user(f, NEW, GOOD_PASSWORD, false);
	assert_rc(add(f, &fixed, &made), STAUTH_EXISTS);
	assert_rc(start_by(f, &who_a, NEW, made.token, &field), STAUTH_OK);
	mail = next_mail(f);
	assert_string_equal(mail.kind, "signup-exists");
	assert_rc(read_by(f, made.token), STAUTH_OK);
}

static void u20_what_no_invitation_can_be(void **state)
{
	struct fixture *f = *state;
	const struct stauth_invite_new bad[] = {{.uses = -1}, {.uses = 1001},
		{.days = 366}, {.groups = "su"}, {.groups = "a b!"},
		{.email = "nobody"}};
	const struct stauth_invite_new good = {.uses = 1000, .days = 365};
	struct made made;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_rc(add(f, &bad[i], &made), STAUTH_BADVALUE);
	}
	assert_rc(add(f, &good, &made), STAUTH_OK);
	f->config->mail_transport = STAUTH_TRANSPORT_NONE;
	assert_rc(add(f, &good, &made), STAUTH_ECONFIG);
	f->config->mail_transport = STAUTH_TRANSPORT_FILE;
	f->config->public_url_count = 0;
	assert_rc(add(f, &good, &made), STAUTH_ECONFIG);
}

/* --- SIGN_UP_APPROVAL */

static void add_superuser(struct fixture *f)
{
	const struct stauth_account_edit edit = {.email = "root@example.com",
		.su = -1,
		.system_login = -1,
		.disabled = -1};
	struct stauth_err err;
	int ended = 0;

	(void)fixture_user(f, "root", GOOD_PASSWORD, true);
	assert_ok(fixture_edit(
		&f->ctx, "root", &edit, &fixture_actor, &ended, &err));
}

static void u20_an_administrator_approves(void **state)
{
	struct fixture *f = *state;
	struct stauth_login login;
	struct stauth_mail mail;
	struct stauth_err err;
	int64_t wait_s = 0;
	int left;

	f->config->allow_user_sign_up = true;
	f->config->sign_up_approval = true;
	add_superuser(f);
	while (next_mail(f).kind[0] != '-') {
	}
	started(f, &who_a, NEW);
	assert_rc(stauth_pending_approve(&f->ctx, NEW, &fixture_actor, &err),
		STAUTH_NOTFOUND);
	mail = next_mail(f);
	assert_rc(try_pin(f, &who_a, mail.code, &left), STAUTH_PENDING);
	assert_false(is_account(f, NEW));
	assert_int_equal(source_failures(f), 0);
	assert_int_equal(fixture_rows(f, "signup.wait", NULL), 1);
	assert_true(look(f, &who_a).waits);
	mail = next_mail(f);
	assert_string_equal(mail.kind, "signup-waiting");
	assert_string_equal(mail.recipient, "root@example.com");
	assert_string_equal(mail.user, NEW);
	assert_rc(try_pin(f, &who_a, "123456", &left), STAUTH_PENDING);
	assert_rc(stauth_signup_resend(&f->ctx, &who_a, &wait_s, &err),
		STAUTH_PENDING);
	/* A weekend later. */
	fixture_now_s += 3 * 24 * 3600;
	assert_ok(stauth_pending_approve(
		&f->ctx, "New@example.com", &fixture_actor, &err));
	assert_int_equal(fixture_rows(f, "signup.approve", NULL), 1);
	mail = next_mail(f);
	assert_string_equal(mail.kind, "signup-approved");
	assert_string_equal(mail.recipient, NEW);
	assert_int_equal(
		fixture_try(f, &login, NEW, GOOD_PASSWORD, MAIL_HOME, NULL),
		STAUTH_ALLOW);
	stauth_login_finish(&login);
	assert_rc(stauth_pending_approve(&f->ctx, NEW, &fixture_actor, &err),
		STAUTH_NOTFOUND);
}

/* Approved in advance, or not: what the invitation says. */
static void u20_an_invitation_may_approve(void **state)
{
	struct fixture *f = *state;
	const struct stauth_invite_new approved = {.approved = true};
	const struct stauth_invite_new not_yet = {.groups = "a"};
	struct stauth_account account;
	enum stauth_signup_field field;
	struct stauth_mail mail;
	struct stauth_err err;
	struct made made;
	int left;

	f->config->sign_up_approval = true;
	made = invited(f, &approved);
	assert_rc(start_by(f, &who_a, NEW, made.token, &field), STAUTH_OK);
	mail = next_mail(f);
	assert_rc(try_pin(f, &who_a, mail.code, &left), STAUTH_OK);
	made = invited(f, &not_yet);
	assert_rc(start_by(f, &who_b, "b@example.com", made.token, &field),
		STAUTH_OK);
	mail = next_mail(f);
	assert_rc(try_pin(f, &who_b, mail.code, &left), STAUTH_PENDING);
	/* Its use is taken; nobody else can use it now. */
	assert_rc(read_by(f, made.token), STAUTH_EXPIRED);
	assert_ok(stauth_pending_approve(
		&f->ctx, "b@example.com", &fixture_actor, &err));
	assert_ok(stauth_account_get(&f->ctx, "b@example.com", &account, &err));
	assert_string_equal(account.groups, "a");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(u20_an_invitation_opens_what_is_closed),
		TEST(u20_the_last_use_goes_to_one),
		TEST(u20_revoked_or_over_it_opens_nothing),
		TEST(u20_an_address_of_its_own),
		TEST(u20_what_no_invitation_can_be),
		TEST(u20_an_administrator_approves),
		TEST(u20_an_invitation_may_approve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
