/* SPDX-License-Identifier: MIT */
/* What makes a link dead before its time is over. */
#include "unit.h"

#include "reset_case.h"

#include "base/banned.h"

static void f12_dead_after_a_change(struct fixture *f, enum change change)
{
	struct stauth_mail mail;

	(void)fixture_user(f, ALICE, GOOD_PASSWORD, false);
	asked(f, ALICE);
	mail = next_mail(f);
	assert_string_equal(mail.kind, "reset-link");
	do_change(f, change);
	assert_rc(look(f, mail.code), STAUTH_EXPIRED);
	assert_rc(commit(f, mail.code, "rusty lantern orbit plum"),
		STAUTH_EXPIRED);
}

static void f12_dead_after_a_change_of_password(void **state)
{
	f12_dead_after_a_change(*state, PASSWORD);
}

static void f12_dead_after_disabling(void **state)
{
	f12_dead_after_a_change(*state, DISABLE);
}

static void f12_dead_after_a_change_of_address(void **state)
{
	f12_dead_after_a_change(*state, EMAIL);
}

static void f12_dead_after_marking_for_system_login(void **state)
{
	f12_dead_after_a_change(*state, MARK);
}

static void f12_dead_after_a_mark_that_was_taken_back(void **state)
{
	f12_dead_after_a_change(*state, MARK_TAKEN_BACK);
}

/* Between the look at the link and its password lies the slow hash, and the
 * hash begins with its salt. */
static struct fixture *marked;
static stauth_random_fn *real_random;

static enum stauth_rc mark_and_draw(
	void *out, size_t len, struct stauth_err *err)
{
	marked->ctx.random = real_random;
	do_change(marked, MARK);
	return real_random(out, len, err);
}

static void mark_at_the_next_draw(struct fixture *f)
{
	marked = f;
	real_random = f->ctx.random;
	f->ctx.random = mark_and_draw;
}

static void f12_dead_after_marking_while_it_is_taken(void **state)
{
	struct fixture *f = *state;
	struct stauth_mail mail;

	(void)fixture_user(f, ALICE, GOOD_PASSWORD, false);
	asked(f, ALICE);
	mail = next_mail(f);
	mark_at_the_next_draw(f);
	assert_rc(commit(f, mail.code, OTHER_PASSWORD), STAUTH_EXPIRED);
	assert_ptr_equal(f->ctx.random, real_random);
	assert_int_equal(log_in(f, OTHER_PASSWORD), STAUTH_DENY);
	assert_int_equal(log_in(f, GOOD_PASSWORD), STAUTH_ALLOW);
	assert_int_equal(fixture_rows(f, "reset", NULL), 0);
}

/* The same of a superuser's page. */
static void the_mark_is_read_again_after_an_administrators_hash(void **state)
{
	const struct stauth_actor web = {"admin", "web", MAIL_HOME};
	struct fixture *f = *state;
	struct stauth_secret secret = fixture_secret(OTHER_PASSWORD);
	struct stauth_err err;
	int ended = 0;

	(void)fixture_user(f, ALICE, GOOD_PASSWORD, false);
	mark_at_the_next_draw(f);
	assert_rc(fixture_passwd(
			  &f->ctx, ALICE, &secret, false, &web, &ended, &err),
		STAUTH_REFUSED);
	assert_int_equal(log_in(f, GOOD_PASSWORD), STAUTH_ALLOW);
	mark_at_the_next_draw(f);
	assert_ok(fixture_passwd(
		&f->ctx, ALICE, &secret, false, &fixture_actor, &ended, &err));
	assert_int_equal(log_in(f, OTHER_PASSWORD), STAUTH_ALLOW);
}

/*
 * A change deletes the account's link, and that alone makes it dead; the
 * guards behind it see something only where the row is there after all (a
 * state store apart from the accounts, a restore). So it is put back.
 */
static void put_back(
	struct fixture *f, const char *token, const struct stauth_reset *as)
{
	struct stauth_reset reset = *as;
	const struct stauth_mail_commit commit = {
		.reset = &reset,
		.audit = {.event = "reset.ask", .ok = true},
	};
	struct stauth_err err;
	int64_t wait_s = 0;

	assert_true(stauth_sha256(token, strlen(token), reset.token_hash));
	reset.expires_at = fixture_now_s + 600;
	assert_ok(f->ctx.state->ops->mail_commit(
		f->ctx.state, &commit, fixture_now_s, &wait_s, &err));
}

static struct stauth_account stored(struct fixture *f)
{
	struct stauth_account account;
	struct stauth_err err;

	assert_ok(stauth_account_get(&f->ctx, ALICE, &account, &err));
	return account;
}

static void link_put_back_is_dead(
	struct fixture *f, enum change change, bool old_epoch)
{
	struct stauth_account old =
		fixture_user(f, ALICE, GOOD_PASSWORD, false);
	struct stauth_account now;
	struct stauth_mail mail;

	asked(f, ALICE);
	mail = next_mail(f);
	do_change(f, change);
	now = stored(f);
	put_back(f, mail.code,
		&(struct stauth_reset){.uid = now.uid,
			.epoch = old_epoch ? old.epoch : now.epoch});
	assert_rc(look(f, mail.code), STAUTH_EXPIRED);
	assert_rc(commit(f, mail.code, "rusty lantern orbit plum"),
		STAUTH_EXPIRED);
	assert_int_equal(fixture_rows(f, "reset", NULL), 0);
}

static void f12_an_older_epochs_link_put_back_is_dead(void **state)
{
	link_put_back_is_dead(*state, EMAIL, true);
}

static void f12_a_disabled_accounts_link_put_back_is_dead(void **state)
{
	link_put_back_is_dead(*state, DISABLE, false);
}

static void f12_a_system_accounts_link_put_back_is_dead(void **state)
{
	link_put_back_is_dead(*state, MARK, false);
}

/* It is the account that makes those links dead, not how they were put back. */
static void f12_a_link_put_back_is_good_otherwise(void **state)
{
	struct fixture *f = *state;
	struct stauth_account now;
	struct stauth_mail mail;

	(void)fixture_user(f, ALICE, GOOD_PASSWORD, false);
	asked(f, ALICE);
	mail = next_mail(f);
	do_change(f, EMAIL);
	now = stored(f);
	put_back(f, mail.code,
		&(struct stauth_reset){.uid = now.uid, .epoch = now.epoch});
	assert_rc(look(f, mail.code), STAUTH_OK);
	assert_rc(commit(f, mail.code, OTHER_PASSWORD), STAUTH_OK);
}

/* The same while the new password is hashed, after everything was checked. */
static struct {
	struct fixture *f;
	const char *token;
	enum change change;
	bool old_epoch;
} between;

static enum stauth_rc change_and_put_back(
	void *out, size_t len, struct stauth_err *err)
{
	struct fixture *f = between.f;
	struct stauth_account account = stored(f);
	struct stauth_reset reset = {
		.uid = account.uid, .epoch = account.epoch};

	f->ctx.random = real_random;
	do_change(f, between.change);
	if (!between.old_epoch) {
		reset.epoch = stored(f).epoch;
	}
	put_back(f, between.token, &reset);
	return real_random(out, len, err);
}

static void link_dies_while_it_is_taken(
	struct fixture *f, enum change change, bool old_epoch)
{
	struct stauth_mail mail;

	(void)fixture_user(f, ALICE, GOOD_PASSWORD, false);
	asked(f, ALICE);
	mail = next_mail(f);
	between.f = f;
	between.token = mail.code;
	between.change = change;
	between.old_epoch = old_epoch;
	real_random = f->ctx.random;
	f->ctx.random = change_and_put_back;
	assert_rc(commit(f, mail.code, OTHER_PASSWORD), STAUTH_EXPIRED);
	assert_ptr_equal(f->ctx.random, real_random);
	assert_int_equal(fixture_rows(f, "reset", NULL), 0);
}

static void f12_the_epoch_is_compared_again_at_the_commit(void **state)
{
	struct fixture *f = *state;

	link_dies_while_it_is_taken(f, EMAIL, true);
	assert_int_equal(log_in(f, OTHER_PASSWORD), STAUTH_DENY);
}

static void f12_the_mark_is_read_again_at_the_commit(void **state)
{
	struct fixture *f = *state;

	link_dies_while_it_is_taken(f, MARK, false);
	assert_int_equal(log_in(f, OTHER_PASSWORD), STAUTH_DENY);
}

static void f12_dead_after_deletion(void **state)
{
	f12_dead_after_a_change(*state, DELETE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MAIL_TEST(the_mark_is_read_again_after_an_administrators_hash),
		MAIL_TEST(f12_dead_after_a_change_of_password),
		MAIL_TEST(f12_dead_after_disabling),
		MAIL_TEST(f12_dead_after_a_change_of_address),
		MAIL_TEST(f12_dead_after_marking_for_system_login),
		MAIL_TEST(f12_dead_after_a_mark_that_was_taken_back),
		MAIL_TEST(f12_dead_after_marking_while_it_is_taken),
		MAIL_TEST(f12_an_older_epochs_link_put_back_is_dead),
		MAIL_TEST(f12_a_disabled_accounts_link_put_back_is_dead),
		MAIL_TEST(f12_a_system_accounts_link_put_back_is_dead),
		MAIL_TEST(f12_a_link_put_back_is_good_otherwise),
		MAIL_TEST(f12_the_epoch_is_compared_again_at_the_commit),
		MAIL_TEST(f12_the_mark_is_read_again_at_the_commit),
		MAIL_TEST(f12_dead_after_deletion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
