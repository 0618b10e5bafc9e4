/* SPDX-License-Identifier: MIT */
/*
 * Accounts in one store, state in another: what becomes of a change that is
 * cut short, and of a log-in that began before it (store/split.c).
 */
#include <signal.h>
#include <sys/wait.h>

#include "fixture.h"

#include "store/split_change.h"

#include "base/banned.h"

#define LATER (NOW + 61) /* then who began a change counts as dead */

/* The accounts' store of fix->page, with verbs that the test may replace. */
static struct stauth_accounts_ops hooked;
static const struct stauth_accounts_ops *real;
static struct fixture *hooked_fix;

static void hook(struct fixture *fix)
{
	struct stauth_split *split = (struct stauth_split *)fix->accounts;

	real = split->accounts.accounts->ops;
	hooked = *real;
	hooked_fix = fix;
	split->accounts.accounts->ops = &hooked;
}

static struct stauth_account get(struct fixture *fix, const char *name)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account account;

	assert_ok(fix->accounts->ops->user_by_name(
		fix->accounts, name, &account, &err));
	return account;
}

static enum stauth_rc disable(struct fixture *fix,
	const struct stauth_account *account, int64_t now_s, int *ret_ended)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account next = *account;
	struct stauth_change change = a_change("user.disable");

	change.now_s = now_s;
	change.end_sessions = true;
	change.raise_epoch = true;
	next.disabled = true;
	return fix->accounts->ops->user_update(
		fix->accounts, &next, &change, ret_ended, &err);
}

static enum stauth_rc die_before(struct stauth_accounts *accounts,
	const struct stauth_account *account,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err)
{
	(void)accounts;
	(void)account;
	(void)change;
	(void)ret_ended;
	(void)err;
	(void)raise(SIGKILL);
	return STAUTH_OK;
}

static enum stauth_rc die_after(struct stauth_accounts *accounts,
	const struct stauth_account *account,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err)
{
	(void)real->user_update(accounts, account, change, ret_ended, err);
	(void)raise(SIGKILL);
	return STAUTH_OK;
}

/* A process of its own disables alice, and is killed on the way. */
static void die_disabling(struct fixture *fix, bool after)
{
	int status = 0;
	pid_t child;

	close_stores(fix);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct stauth_account alice;

		open_stores(fix);
		hook(fix);
		hooked.user_update = after ? die_after : die_before;
		alice = get(fix, "alice");
		(void)disable(fix, &alice, NOW, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	open_stores(fix);
}

static void a_change_that_was_cut_short_leaves_nobody_signed_in(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_login_commit login = a_login(&alice, 1);
	struct stauth_login_commit again = a_login(&alice, 2);

	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	die_disabling(fix, false);
	assert_int_equal(verdict_of(fix, 1), STAUTH_DENY);
	assert_false(stands(fix, 1));
	assert_false(get(fix, "alice").disabled);
	/* Who logs in again does so with what is read now, and not while the
	 * change may still be under way. */
	assert_rc(commit_at(fix, &again, LATER), STAUTH_EXPIRED);
	assert_int_equal(count_audit(fix, "alice"), 0);
	alice = get(fix, "alice");
	again = a_login(&alice, 2);
	assert_rc(commit_at(fix, &again, NOW), STAUTH_EXPIRED);
	assert_rc(commit_at(fix, &again, LATER), STAUTH_OK);
}

static void after_a_minute_others_can_change(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_account bob = add_user(fix, "bob");
	struct stauth_login_commit login = a_login(&bob, 3);
	int ended = 0;

	die_disabling(fix, false);
	/* Others log in meanwhile. */
	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	assert_rc(disable(fix, &bob, NOW, &ended), STAUTH_EBUSY);
	assert_rc(disable(fix, &bob, LATER, &ended), STAUTH_OK);
	assert_int_equal(ended, 1);
	alice = get(fix, "alice");
	assert_rc(disable(fix, &alice, LATER, &ended), STAUTH_OK);
	assert_true(get(fix, "alice").disabled);
}

static void a_change_that_was_made_stays_made(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_login_commit login = a_login(&alice, 1);
	struct stauth_login_commit late = a_login(&alice, 2);

	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	die_disabling(fix, true);
	assert_int_equal(verdict_of(fix, 1), STAUTH_DENY);
	assert_true(get(fix, "alice").disabled);
	/* Read before, with the right password, and slow. */
	assert_rc(commit_at(fix, &late, NOW), STAUTH_EXPIRED);
	assert_rc(commit_at(fix, &late, LATER), STAUTH_EXPIRED);
}

/* alice, as another process reads her just before the change is made. */
static struct stauth_account overtaken;

static enum stauth_rc read_and_change(struct stauth_accounts *accounts,
	const struct stauth_account *account,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err)
{
	struct stauth_login_commit login;

	overtaken = get(hooked_fix, "alice");
	login = a_login(&overtaken, 5);
	assert_rc(commit_at(hooked_fix, &login, NOW), STAUTH_EXPIRED);
	return real->user_update(accounts, account, change, ret_ended, err);
}

static void nobody_signs_in_with_what_was_read_before_the_change(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_login_commit login;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("user.set");

	hook(fix);
	hooked.user_update = read_and_change;
	/* Reading goes by the clock of the store. */
	assert_rc(disable(fix, &alice, fix->state->ops->now(fix->state), NULL),
		STAUTH_OK);
	assert_false(overtaken.disabled);
	hooked.user_update = real->user_update;
	/* Enabled again, she is another alice. */
	alice = get(fix, "alice");
	alice.disabled = false;
	assert_ok(fix->accounts->ops->user_update(
		fix->accounts, &alice, &change, NULL, &err));
	login = a_login(&overtaken, 6);
	assert_rc(commit_at(fix, &login, NOW), STAUTH_EXPIRED);
	alice = get(fix, "alice");
	login = a_login(&alice, 7);
	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
}

static enum stauth_rc unreachable(struct stauth_accounts *accounts,
	const struct stauth_account *account,
	const struct stauth_change *change, int *ret_ended,
	struct stauth_err *err)
{
	(void)accounts;
	(void)account;
	(void)change;
	(void)ret_ended;
	return stauth_fail(err, STAUTH_EUNREACHABLE, "away");
}

static void a_store_that_is_away_keeps_no_lock(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");

	hook(fix);
	hooked.user_update = unreachable;
	assert_rc(disable(fix, &alice, NOW, NULL), STAUTH_EUNREACHABLE);
	hooked.user_update = real->user_update;
	alice = get(fix, "alice");
	assert_rc(disable(fix, &alice, NOW, NULL), STAUTH_OK);
}

/* Two of one name, as a store without a unique constraint would take them. */
static enum stauth_rc insert_any(struct stauth_accounts *accounts,
	const struct stauth_account *account,
	const struct stauth_change *change, int64_t *ret_uid,
	struct stauth_err *err)
{
	(void)accounts;
	(void)account;
	(void)change;
	(void)err;
	*ret_uid = 4711;
	return STAUTH_OK;
}

static void names_are_unique_whatever_the_accounts_store_does(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("user.add");
	struct stauth_account second = an_account("alice");
	int64_t uid = 0;

	(void)add_user(fix, "alice");
	hook(fix);
	hooked.user_insert = insert_any;
	assert_rc(fix->accounts->ops->user_insert(
			  fix->accounts, &second, &change, &uid, &err),
		STAUTH_EXISTS);
}

#define SPLIT_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPLIT_TEST(a_change_that_was_cut_short_leaves_nobody_signed_in),
		SPLIT_TEST(after_a_minute_others_can_change),
		SPLIT_TEST(a_change_that_was_made_stays_made),
		SPLIT_TEST(
			nobody_signs_in_with_what_was_read_before_the_change),
		SPLIT_TEST(a_store_that_is_away_keeps_no_lock),
		SPLIT_TEST(names_are_unique_whatever_the_accounts_store_does),
	};

	provider = &providers[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
