/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "fixture.h"

#include "auth/slots.h"
#include "base/text.h"

#include "base/banned.h"

#define HOME "192.0.2.1"

static struct stauth_account get(struct fixture *f, const char *name)
{
	struct stauth_account account;
	struct stauth_err err;

	assert_ok(stauth_account_get(&f->ctx, name, &account, &err));
	return account;
}

static void c9_an_administrators_password_ends_everything(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret secret = fixture_secret(OTHER_PASSWORD);
	struct stauth_session_grant grant;
	struct stauth_login login;
	struct stauth_err err;
	int ended = 0;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &grant);
	assert_ok(fixture_passwd(
		&f->ctx, "Alice", &secret, true, &fixture_actor, &ended, &err));
	assert_int_equal(ended, 1);
	assert_rc(fixture_find(f, grant.token), STAUTH_NOTFOUND);
	assert_true(get(f, "alice").must_change);
	assert_int_equal(fixture_try(f, &login, "alice", GOOD_PASSWORD, HOME,
				 grant.device_token),
		STAUTH_DENY);
	assert_false(login.known_device);
	assert_int_equal(
		fixture_try(f, &login, "alice", OTHER_PASSWORD, HOME, NULL),
		STAUTH_ALLOW);
	assert_int_equal(fixture_rows(f, "password.set", NULL), 1);
	assert_rc(fixture_passwd(&f->ctx, "nobody", &secret, false,
			  &fixture_actor, &ended, &err),
		STAUTH_NOTFOUND);
}

/* --- the owner */

struct own {
	struct stauth_session_grant here;
	struct stauth_session_grant there;
	struct stauth_login login;
	struct stauth_err err;
	int ended;
};

static void own_setup(struct fixture *f, struct own *own)
{
	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &own->here);
	fixture_open(f, "alice", GOOD_PASSWORD, &own->there);
	assert_int_equal(fixture_try(f, &own->login, "alice", GOOD_PASSWORD,
				 HOME, own->here.device_token),
		STAUTH_ALLOW);
}

static enum stauth_rc change(
	struct fixture *f, struct own *own, const char *password)
{
	const struct stauth_actor owner = {"", "web", HOME};
	struct stauth_secret secret = fixture_secret(password);

	const struct stauth_password_change given = {&own->login,
		&own->here.session, own->here.device_token, &secret};

	return stauth_password_change(
		&f->ctx, &given, &owner, &own->ended, &own->err);
}

static void c9_the_owners_change_keeps_this_browser_only(void **state)
{
	struct fixture *f = *state;
	struct own own = {0};
	struct stauth_login login;

	own_setup(f, &own);
	assert_rc(change(f, &own, OTHER_PASSWORD), STAUTH_OK);
	assert_int_equal(own.ended, 1);
	assert_rc(fixture_find(f, own.here.token), STAUTH_OK);
	assert_rc(fixture_find(f, own.there.token), STAUTH_NOTFOUND);
	(void)fixture_try(
		f, &login, "alice", "wrong", HOME, own.here.device_token);
	assert_true(login.known_device);
	(void)fixture_try(
		f, &login, "alice", "wrong", HOME, own.there.device_token);
	assert_false(login.known_device);
	assert_int_equal(
		fixture_try(f, &login, "alice", GOOD_PASSWORD, HOME, NULL),
		STAUTH_DENY);
	assert_int_equal(
		fixture_try(f, &login, "alice", OTHER_PASSWORD, HOME, NULL),
		STAUTH_ALLOW);
	assert_int_equal(fixture_rows(f, "password.change", NULL), 1);
}

static void a_change_needs_the_right_log_in_of_the_same_user(void **state)
{
	struct fixture *f = *state;
	struct own own = {0};

	own_setup(f, &own);
	own.login.verdict = STAUTH_DENY;
	assert_rc(change(f, &own, OTHER_PASSWORD), STAUTH_REFUSED);
	own.login.verdict = STAUTH_NEED_FACTOR;
	assert_rc(change(f, &own, OTHER_PASSWORD), STAUTH_REFUSED);
	(void)fixture_user(f, "mallory", OTHER_PASSWORD, false);
	assert_int_equal(fixture_try(f, &own.login, "mallory", OTHER_PASSWORD,
				 HOME, NULL),
		STAUTH_ALLOW);
	assert_rc(change(f, &own, OTHER_PASSWORD "!"), STAUTH_REFUSED);
	assert_int_equal(fixture_rows(f, "password.change", NULL), 0);
}

static void a_refused_change_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct own own = {0};

	own_setup(f, &own);
	assert_rc(change(f, &own, "short"), STAUTH_BADVALUE);
	assert_rc(change(f, &own, "aaaaaaaaaaaaaaa"), STAUTH_BADVALUE);
	assert_rc(change(f, &own, GOOD_PASSWORD), STAUTH_BADVALUE);
	assert_string_equal(own.err.msg, STAUTH_TEXT_PASSWORD_SAME);
	assert_rc(fixture_find(f, own.there.token), STAUTH_OK);
	assert_int_equal(own.login.limits.reserved_at, 0);
	assert_rc(change(f, &own, OTHER_PASSWORD), STAUTH_OK);
}

static void a_change_of_what_has_changed_is_expired(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret secret =
		fixture_secret("quite another long secret");
	struct own own = {0};
	struct stauth_err err;
	int ended;

	own_setup(f, &own);
	assert_ok(fixture_passwd(&f->ctx, "alice", &secret, false,
		&fixture_actor, &ended, &err));
	assert_rc(change(f, &own, OTHER_PASSWORD), STAUTH_EXPIRED);
	assert_int_equal(fixture_try(f, &own.login, "alice",
				 "quite another long secret", HOME, NULL),
		STAUTH_ALLOW);
}

/* An administrator who sets another password right before or right after the
 * owner's reaches the store. */
static struct {
	struct fixture *f;
	char encoded[STAUTH_ENCODED_SIZE];
	bool before;
} admin;

static void admin_sets(void)
{
	struct stauth_account account = get(admin.f, "alice");
	const struct stauth_change change = {
		.now_s = fixture_now_s,
		.end_sessions = true,
		.raise_epoch = true,
		.audit = {.event = "password.set", .ok = true},
	};
	struct stauth_err err;
	int ended = 0;

	assert_ok(admin.f->real_accounts->password_set(admin.f->ctx.accounts,
		&(const struct stauth_password_row){
			account.uid, -1, admin.encoded, false, 0},
		&change, &ended, &err));
}

static enum stauth_rc set_beside_admin(struct stauth_accounts *accounts,
	const struct stauth_password_row *password,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err)
{
	enum stauth_rc rc;

	if (admin.before) {
		admin_sets();
	}
	rc = admin.f->real_accounts->password_set(
		accounts, password, change, ret_ended, err);
	if (!admin.before) {
		admin_sets();
	}
	return rc;
}

static void admin_setup(struct fixture *f, bool before)
{
	struct stauth_secret secret =
		fixture_secret("quite another long secret");
	struct stauth_err err;

	admin.f = f;
	admin.before = before;
	assert_ok(
		stauth_hash_new(&f->ctx, false, &secret, admin.encoded, &err));
	f->accounts_ops.password_set = set_beside_admin;
}

static void c9_an_administrators_password_set_first_wins(void **state)
{
	struct fixture *f = *state;
	struct own own = {0};

	own_setup(f, &own);
	admin_setup(f, true);
	assert_rc(change(f, &own, OTHER_PASSWORD), STAUTH_EXPIRED);
	assert_int_equal(
		fixture_try(f, &own.login, "alice", OTHER_PASSWORD, HOME, NULL),
		STAUTH_DENY);
	assert_int_equal(fixture_try(f, &own.login, "alice",
				 "quite another long secret", HOME, NULL),
		STAUTH_ALLOW);
	assert_int_equal(fixture_rows(f, "password.change", NULL), 0);
}

/* The owner's change was done, but it is not the owner's account any more. */
static void c9_no_session_follows_an_administrators_password(void **state)
{
	const struct stauth_session_request ask = {.address = HOME};
	struct fixture *f = *state;
	struct stauth_session_grant grant;
	struct own own = {0};

	own_setup(f, &own);
	admin_setup(f, false);
	assert_rc(change(f, &own, OTHER_PASSWORD), STAUTH_OK);
	assert_rc(stauth_session_open(&f->ctx, &own.login, &ask, &grant, NULL),
		STAUTH_EXPIRED);
}

static void a_must_change_session_is_replaced_after_the_change(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret secret = fixture_secret(GOOD_PASSWORD);
	const struct stauth_account_new given = {
		.name = "alice", .must_change = true, .password = &secret};
	struct stauth_session_request ask = {.address = HOME};
	struct stauth_session_grant grant;
	struct stauth_account account;
	struct stauth_session session;
	struct own own = {0};
	struct stauth_err err;

	assert_ok(stauth_account_add(
		&f->ctx, &given, &fixture_actor, &account, &err));
	fixture_open(f, "alice", GOOD_PASSWORD, &own.here);
	assert_true(own.here.session.must_change);
	assert_int_equal(fixture_try(f, &own.login, "alice", GOOD_PASSWORD,
				 HOME, own.here.device_token),
		STAUTH_ALLOW);
	assert_rc(change(f, &own, OTHER_PASSWORD), STAUTH_OK);
	assert_rc(fixture_find(f, own.here.token), STAUTH_NOTFOUND);
	ask.device_token = own.here.device_token;
	assert_ok(stauth_session_open(&f->ctx, &own.login, &ask, &grant, &err));
	assert_ok(
		stauth_session_by_token(&f->ctx, grant.token, &session, &err));
	assert_false(session.must_change);
	assert_string_equal(grant.device_token, own.here.device_token);
}

#define GENERATED_S (72 * 3600)

static struct stauth_account add_generated(struct fixture *f)
{
	struct stauth_secret secret = fixture_secret(GOOD_PASSWORD);
	const struct stauth_account_new given = {
		.name = "alice", .generated = true, .password = &secret};
	struct stauth_account account = {0};
	struct stauth_err err;

	assert_ok(stauth_account_add(
		&f->ctx, &given, &fixture_actor, &account, &err));
	return account;
}

static void u27_a_generated_password_is_wrong_after_72_hours(void **state)
{
	struct fixture *f = *state;
	struct stauth_account account = add_generated(f);
	struct stauth_audit_row row;
	struct stauth_login login;

	assert_true(account.must_change);
	assert_int_equal(
		account.password_expires_at, fixture_now_s + GENERATED_S);
	fixture_now_s += GENERATED_S - 1;
	assert_int_equal(
		fixture_try(f, &login, "alice", GOOD_PASSWORD, HOME, NULL),
		STAUTH_ALLOW);
	fixture_now_s += 1;
	assert_int_equal(
		fixture_try(f, &login, "alice", GOOD_PASSWORD, HOME, NULL),
		STAUTH_DENY);
	assert_int_equal(fixture_rows(f, "login.wrong", &row), 1);
	assert_string_equal(row.detail, "right, but expired");
}

static void u27_a_session_that_waits_for_the_change_ends_then(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_request ask = {.address = HOME, .remember = true};
	struct stauth_session_grant grant;
	struct stauth_login login;
	struct stauth_err err;
	int64_t until = add_generated(f).password_expires_at;

	fixture_now_s = until - 60;
	assert_int_equal(
		fixture_try(f, &login, "alice", GOOD_PASSWORD, HOME, NULL),
		STAUTH_ALLOW);
	assert_ok(stauth_session_open(&f->ctx, &login, &ask, &grant, &err));
	assert_int_equal(grant.session.expires_at, until);
	assert_int_equal(grant.max_age_s, 60);
	fixture_now_s = until - 1;
	assert_rc(fixture_find(f, grant.token), STAUTH_OK);
	fixture_now_s = until;
	assert_rc(fixture_find(f, grant.token), STAUTH_NOTFOUND);
}

static void u27_a_changed_or_lasting_password_has_no_end(void **state)
{
	struct fixture *f = *state;
	struct stauth_password_set set = {.name = "alice", .generated = true};
	struct stauth_secret secret = fixture_secret(GOOD_PASSWORD);
	struct stauth_secret other = fixture_secret(OTHER_PASSWORD);
	struct own own = {0};
	struct stauth_login login;
	struct stauth_err err;
	int ended;

	(void)add_generated(f);
	fixture_open(f, "alice", GOOD_PASSWORD, &own.here);
	assert_int_equal(fixture_try(f, &own.login, "alice", GOOD_PASSWORD,
				 HOME, own.here.device_token),
		STAUTH_ALLOW);
	assert_rc(change(f, &own, OTHER_PASSWORD), STAUTH_OK);
	assert_int_equal(get(f, "alice").password_expires_at, 0);
	set.password = &secret;
	assert_ok(stauth_password_set(
		&f->ctx, &set, &fixture_actor, &ended, &err));
	assert_true(get(f, "alice").must_change);
	assert_int_equal(get(f, "alice").password_expires_at,
		fixture_now_s + GENERATED_S);
	set.generated = false;
	set.password = &other;
	assert_ok(stauth_password_set(
		&f->ctx, &set, &fixture_actor, &ended, &err));
	assert_false(get(f, "alice").must_change);
	fixture_now_s += GENERATED_S;
	assert_int_equal(
		fixture_try(f, &login, "alice", OTHER_PASSWORD, HOME, NULL),
		STAUTH_ALLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(c9_an_administrators_password_ends_everything),
		FIXTURE_TEST(c9_the_owners_change_keeps_this_browser_only),
		FIXTURE_TEST(a_change_needs_the_right_log_in_of_the_same_user),
		FIXTURE_TEST(a_refused_change_changes_nothing),
		FIXTURE_TEST(a_change_of_what_has_changed_is_expired),
		FIXTURE_TEST(c9_an_administrators_password_set_first_wins),
		FIXTURE_TEST(c9_no_session_follows_an_administrators_password),
		FIXTURE_TEST(
			a_must_change_session_is_replaced_after_the_change),
		FIXTURE_TEST(u27_a_generated_password_is_wrong_after_72_hours),
		FIXTURE_TEST(u27_a_session_that_waits_for_the_change_ends_then),
		FIXTURE_TEST(u27_a_changed_or_lasting_password_has_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
