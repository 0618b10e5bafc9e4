/* SPDX-License-Identifier: MIT */
/* What a try is compared with, and what stands in for it. */
#include "unit.h"

#include "fixture.h"

#include "base/banned.h"

#define HOME "192.0.2.1"

static struct fixture *shared;

static void set_encoded(struct fixture *f, int64_t uid, const char *encoded)
{
	struct stauth_change change = {.now_s = fixture_now_s};
	struct stauth_err err;
	int ended;

	(void)snprintf(
		change.audit.event, sizeof(change.audit.event), "password.set");
	assert_ok(f->real_accounts->password_set(f->ctx.accounts,
		&(const struct stauth_password_row){uid, -1, encoded, false, 0},
		&change, &ended, &err));
}

static enum stauth_verdict try_it(
	struct fixture *f, const char *name, const char *password)
{
	struct stauth_login login;
	enum stauth_verdict verdict =
		fixture_try(f, &login, name, password, HOME, NULL);

	stauth_login_finish(&login);
	return verdict;
}

static enum stauth_rc pattern_of_alice(struct stauth_accounts *accounts,
	uint64_t seed, char ret_encoded[STAUTH_ENCODED_SIZE],
	struct stauth_err *err)
{
	struct stauth_account account;
	enum stauth_rc rc = shared->real_accounts->user_by_name(
		accounts, "alice", &account, err);

	(void)seed;
	memcpy(ret_encoded, account.password, STAUTH_ENCODED_SIZE);
	return rc;
}

/* The classic: the password of the pattern lets an unknown name in. */
static void e1_a_match_with_the_pattern_allows_nobody(void **state)
{
	struct fixture *f = *state;
	const struct stauth_account_new empty = {.name = "empty"};
	struct stauth_account account;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	assert_ok(stauth_account_add(
		&f->ctx, &empty, &fixture_actor, &account, &err));
	shared = f;
	f->accounts_ops.password_like = pattern_of_alice;
	assert_int_equal(try_it(f, "nobody", GOOD_PASSWORD), STAUTH_DENY);
	assert_int_equal(try_it(f, "empty", GOOD_PASSWORD), STAUTH_DENY);
	assert_int_equal(try_it(f, "!", GOOD_PASSWORD), STAUTH_DENY);
	assert_int_equal(try_it(f, "alice", GOOD_PASSWORD), STAUTH_ALLOW);
}

/* Every new hash draws its salt here. */
static int draws;

static enum stauth_rc count_draw(void *buf, size_t len, struct stauth_err *err)
{
	draws++;
	return stauth_random(buf, len, err);
}

static enum stauth_rc pattern_unreadable(struct stauth_accounts *accounts,
	uint64_t seed, char ret_encoded[STAUTH_ENCODED_SIZE],
	struct stauth_err *err)
{
	(void)accounts;
	(void)seed;
	(void)err;
	(void)snprintf(ret_encoded, STAUTH_ENCODED_SIZE, "unreadable");
	return STAUTH_OK;
}

static int draws_of(struct fixture *f, const char *name)
{
	draws = 0;
	assert_int_equal(try_it(f, name, "wrong one"), STAUTH_DENY);
	return draws;
}

static void e2_where_nothing_can_be_compared_one_hash_is_made(void **state)
{
	struct fixture *f = *state;
	const struct stauth_account_new empty = {.name = "empty"};
	struct stauth_account account;
	struct stauth_err err;

	f->ctx.random = count_draw;
	/* Nobody has a password to take a pattern from. */
	assert_int_equal(draws_of(f, "nobody"), 1);
	assert_ok(stauth_account_add(
		&f->ctx, &empty, &fixture_actor, &account, &err));
	assert_int_equal(draws_of(f, "empty"), 1);
	/* A form that can be read is the one hash: none is made. */
	account = fixture_user(f, "alice", GOOD_PASSWORD, false);
	assert_int_equal(draws_of(f, "alice"), 0);
	assert_int_equal(draws_of(f, "nobody"), 0);
	/* The user's own stored form cannot be read. */
	set_encoded(f, account.uid, "unreadable");
	assert_int_equal(draws_of(f, "alice"), 1);
	/* The pattern for an unknown name cannot be read. */
	f->accounts_ops.password_like = pattern_unreadable;
	assert_int_equal(draws_of(f, "nobody"), 1);
	assert_int_equal(draws_of(f, "empty"), 1);
}

static void e14_a_stored_form_beyond_the_caps_is_wrong(void **state)
{
	struct fixture *f = *state;
	static const char *const forms[] = {
		"$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$"
		"aGFzaGhhc2hoYXNoaGFzaA",
		"$6$rounds=999999999$saltsalt$x", "$1$salt$hash", "garbage",
		"*", "!"};
	struct stauth_account alice =
		fixture_user(f, "alice", GOOD_PASSWORD, false);
	struct stauth_audit_row row;

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		set_encoded(f, alice.uid, forms[i]);
		fixture_now_s += 60;
		assert_int_equal(
			try_it(f, "alice", GOOD_PASSWORD), STAUTH_DENY);
		assert_int_equal(fixture_rows(f, "login.wrong", &row), i + 1);
		assert_string_equal(
			row.detail, "the stored password cannot be read");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(e1_a_match_with_the_pattern_allows_nobody),
		FIXTURE_TEST(e2_where_nothing_can_be_compared_one_hash_is_made),
		FIXTURE_TEST(e14_a_stored_form_beyond_the_caps_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
