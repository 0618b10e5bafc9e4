/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>

#include "fixture.h"

#include "base/text.h"

#include "base/banned.h"

#define HOME "192.0.2.1"

static const struct stauth_actor page = {"admin", "web", HOME};
static const struct stauth_account_edit no_edit = {
	.su = -1, .system_login = -1, .disabled = -1};

static struct stauth_account get(struct fixture *f, const char *name)
{
	struct stauth_account account;
	struct stauth_err err;

	assert_ok(stauth_account_get(&f->ctx, name, &account, &err));
	return account;
}

static enum stauth_rc edit(struct fixture *f, const char *name,
	const struct stauth_account_edit *what, int *ret_ended)
{
	struct stauth_err err;

	return fixture_edit(
		&f->ctx, name, what, &fixture_actor, ret_ended, &err);
}

/* --- adding */

static void a_name_with_an_at_is_the_email(void **state)
{
	struct fixture *f = *state;
	const struct stauth_account_new none = {
		.name = "Carl@Example.com", .email = ""};
	struct stauth_account account;
	struct stauth_err err;

	account = fixture_user(f, "Ann@Example.com", GOOD_PASSWORD, false);
	assert_string_equal(account.name, "ann@example.com");
	assert_string_equal(account.email, "ann@example.com");
	assert_true(account.uid > 0);
	assert_int_equal(account.created_at, fixture_now_s);
	account = fixture_user(f, "bob", GOOD_PASSWORD, false);
	assert_string_equal(account.email, "");
	assert_ok(stauth_account_add(
		&f->ctx, &none, &fixture_actor, &account, &err));
	assert_string_equal(account.email, "");
}

static void k4_an_account_is_never_replaced(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret secret = fixture_secret(OTHER_PASSWORD);
	struct stauth_account_new again = {
		.name = "ALICE", .su = true, .password = &secret};
	struct stauth_account account;
	struct stauth_login login;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	assert_rc(stauth_account_add(
			  &f->ctx, &again, &fixture_actor, &account, &err),
		STAUTH_EXISTS);
	assert_non_null(
		strstr(f->reports, "error|User \"alice\" already exists"));
	assert_int_equal(
		fixture_try(f, &login, "alice", GOOD_PASSWORD, HOME, NULL),
		STAUTH_ALLOW);
	assert_false(get(f, "alice").su);
	again.name = "other";
	again.email = "a@b.example";
	assert_ok(stauth_account_add(
		&f->ctx, &again, &fixture_actor, &account, &err));
	again.name = "third";
	again.email = "A@B.EXAMPLE";
	assert_rc(stauth_account_add(
			  &f->ctx, &again, &fixture_actor, &account, &err),
		STAUTH_EXISTS);
	assert_rc(stauth_account_get(&f->ctx, "third", &account, &err),
		STAUTH_NOTFOUND);
}

static void what_breaks_a_rule_makes_no_account(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret weak = fixture_secret("aaaaaaaaaaaa");
	const struct stauth_account_new bad[] = {
		{.name = "a b"},
		{.name = ""},
		{.name = "a@b@c"},
		{.name = "ok", .email = "nonsense"},
		{.name = "ok", .display_name = "a\xe2\x80\xae"},
		{.name = "ok", .groups = "su"},
		{.name = "ok", .groups = "a b"},
		{.name = "ok", .password = &weak},
	};
	struct stauth_account account = {.uid = 77};
	struct stauth_err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		f->reports[0] = '\0';
		assert_rc(stauth_account_add(&f->ctx, &bad[i], &fixture_actor,
				  &account, &err),
			STAUTH_BADVALUE);
		assert_memory_equal(f->reports, "error|", 6);
		/* It happens once. */
		assert_ptr_equal(
			strchr(f->reports, '\n'), strrchr(f->reports, '\n'));
	}
	assert_int_equal(account.uid, 77);
	assert_rc(stauth_account_get(&f->ctx, "ok", &account, &err),
		STAUTH_NOTFOUND);
	assert_rc(stauth_account_get(&f->ctx, "a b", &account, &err),
		STAUTH_NOTFOUND);
	assert_int_equal(fixture_rows(f, "user.add", NULL), 0);
}

static void without_a_password_nobody_logs_in(void **state)
{
	struct fixture *f = *state;
	const struct stauth_account_new empty = {.name = "empty"};
	struct stauth_account account;
	struct stauth_login login;
	struct stauth_err err;

	assert_ok(stauth_account_add(
		&f->ctx, &empty, &fixture_actor, &account, &err));
	assert_int_equal(
		fixture_try(f, &login, "empty", "x", HOME, NULL), STAUTH_DENY);
}

/* --- editing */

static void c9_every_change_ends_the_sessions(void **state)
{
	struct fixture *f = *state;
	struct stauth_account_edit cases[8];
	struct stauth_session_grant grant;
	struct stauth_session_grant other;
	int ended = 0;

	for (size_t i = 0; i < 8; i++) {
		cases[i] = no_edit;
	}
	cases[0].email = "new@example.com";
	cases[1].display_name = "New";
	cases[2].groups = "dev";
	cases[3].su = 1;
	cases[4].su = 0;
	cases[5].system_login = 1;
	cases[6].system_login = 0;
	cases[7].disabled = 1;
	(void)fixture_user(f, "root1", GOOD_PASSWORD, true);
	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	fixture_open(f, "root1", GOOD_PASSWORD, &other);
	for (size_t i = 0; i < 8; i++) {
		fixture_open(f, "alice", GOOD_PASSWORD, &grant);
		assert_rc(edit(f, "alice", &cases[i], &ended), STAUTH_OK);
		assert_int_equal(ended, 1);
		assert_rc(fixture_find(f, grant.token), STAUTH_NOTFOUND);
	}
	assert_rc(fixture_find(f, other.token), STAUTH_OK);
	assert_int_equal(fixture_rows(f, "user.set", NULL), 7);
	assert_int_equal(fixture_rows(f, "user.disable", NULL), 1);
	cases[7].disabled = 0;
	assert_rc(edit(f, "alice", &cases[7], &ended), STAUTH_OK);
	assert_int_equal(fixture_rows(f, "user.enable", NULL), 1);
	fixture_open(f, "alice", GOOD_PASSWORD, &grant);
}

static void an_edit_of_nothing_ends_nothing(void **state)
{
	struct fixture *f = *state;
	struct stauth_account_edit same = no_edit;
	struct stauth_session_grant grant;
	int ended = 7;

	(void)fixture_user(f, "alice@example.com", GOOD_PASSWORD, false);
	fixture_open(f, "alice@example.com", GOOD_PASSWORD, &grant);
	same.email = "ALICE@example.com";
	same.groups = "";
	same.disabled = 0;
	assert_rc(edit(f, "alice@example.com", &same, &ended), STAUTH_OK);
	assert_int_equal(ended, 0);
	assert_rc(fixture_find(f, grant.token), STAUTH_OK);
	assert_int_equal(fixture_rows(f, "user.set", NULL), 0);
}

static void edits_keep_the_rules_of_a_new_account(void **state)
{
	struct fixture *f = *state;
	struct stauth_account_edit bad[4];
	struct stauth_account_edit good = no_edit;
	char groups[STAUTH_GROUPS_SIZE] = "";
	int ended = 0;

	for (size_t i = 0; i < 4; i++) {
		bad[i] = no_edit;
	}
	bad[0].email = "nonsense";
	bad[1].display_name = "a\nb";
	bad[2].groups = "su";
	bad[3].su = 1; /* the thirty-third group */
	for (size_t i = 0; i < 32; i++) {
		size_t used = strlen(groups);

		(void)snprintf(groups + used, sizeof(groups) - used, "%sg%zu",
			i > 0 ? "," : "", i);
	}
	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	good.groups = groups;
	assert_rc(edit(f, "alice", &good, &ended), STAUTH_OK);
	for (size_t i = 0; i < 4; i++) {
		assert_rc(edit(f, "alice", &bad[i], &ended), STAUTH_BADVALUE);
	}
	assert_false(get(f, "alice").su);
	(void)fixture_user(f, "bob@example.com", GOOD_PASSWORD, false);
	good = no_edit;
	good.email = "bob@example.com";
	assert_rc(edit(f, "alice", &good, &ended), STAUTH_EXISTS);
	assert_rc(edit(f, "nobody", &good, &ended), STAUTH_NOTFOUND);
}

static void the_last_superuser_stays(void **state)
{
	struct fixture *f = *state;
	struct stauth_account_edit demote = no_edit;
	struct stauth_account_edit disable = no_edit;
	struct stauth_err err;
	int ended = 0;

	demote.su = 0;
	disable.disabled = 1;
	(void)fixture_user(f, "alice", GOOD_PASSWORD, true);
	(void)fixture_user(f, "bob", GOOD_PASSWORD, false);
	assert_rc(edit(f, "alice", &demote, &ended), STAUTH_REFUSED);
	assert_rc(edit(f, "alice", &disable, &ended), STAUTH_REFUSED);
	assert_rc(stauth_account_delete(
			  &f->ctx, "alice", &fixture_actor, &ended, &err),
		STAUTH_REFUSED);
	assert_string_equal(err.msg, STAUTH_TEXT_LAST_SUPERUSER);
	assert_non_null(strstr(f->reports, STAUTH_TEXT_LAST_SUPERUSER));
	assert_true(get(f, "alice").su);
	(void)fixture_user(f, "carol", GOOD_PASSWORD, true);
	assert_rc(edit(f, "alice", &demote, &ended), STAUTH_OK);
}

static void a_deleted_account_is_gone_with_its_sessions(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant grant;
	struct stauth_account account;
	struct stauth_account again;
	struct stauth_err err;
	int ended = 0;

	account = fixture_user(f, "alice", GOOD_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &grant);
	assert_ok(stauth_account_delete(
		&f->ctx, "ALICE", &fixture_actor, &ended, &err));
	assert_int_equal(ended, 1);
	assert_rc(fixture_find(f, grant.token), STAUTH_NOTFOUND);
	assert_rc(stauth_account_delete(
			  &f->ctx, "alice", &fixture_actor, &ended, &err),
		STAUTH_NOTFOUND);
	again = fixture_user(f, "alice", GOOD_PASSWORD, false);
	assert_int_not_equal(again.uid, account.uid);
	assert_int_equal(fixture_rows(f, "user.delete", NULL), 1);
}

/* CONTRACT 4: whoever rules the web pages must not become root. */
static void no_page_changes_an_account_marked_for_the_host(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret secret = fixture_secret(OTHER_PASSWORD);
	struct stauth_account_new marked = {
		.name = "ops", .system_login = true, .password = &secret};
	struct stauth_account_edit mark = no_edit;
	struct stauth_account account;
	struct stauth_err err;
	int ended = 0;

	assert_rc(stauth_account_add(&f->ctx, &marked, &page, &account, &err),
		STAUTH_REFUSED);
	assert_ok(stauth_account_add(
		&f->ctx, &marked, &fixture_actor, &account, &err));
	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	mark.system_login = 1;
	assert_rc(fixture_edit(&f->ctx, "alice", &mark, &page, &ended, &err),
		STAUTH_REFUSED);
	mark = no_edit;
	mark.email = "evil@example.com";
	assert_rc(fixture_edit(&f->ctx, "ops", &mark, &page, &ended, &err),
		STAUTH_REFUSED);
	mark = no_edit;
	mark.system_login = 0;
	assert_rc(fixture_edit(&f->ctx, "ops", &mark, &page, &ended, &err),
		STAUTH_REFUSED);
	assert_rc(fixture_passwd(
			  &f->ctx, "ops", &secret, false, &page, &ended, &err),
		STAUTH_REFUSED);
	assert_rc(stauth_account_delete(&f->ctx, "ops", &page, &ended, &err),
		STAUTH_REFUSED);
	assert_ok(fixture_edit(
		&f->ctx, "ops", &mark, &fixture_actor, &ended, &err));
	assert_ok(
		fixture_edit(&f->ctx, "alice", &no_edit, &page, &ended, &err));
}

/* --- two at once */

static struct fixture *racing;
static struct stauth_account_edit theirs;
static bool raced;

static enum stauth_rc update_after_another(struct stauth_accounts *accounts,
	const struct stauth_account *account,
	const struct stauth_change *change_made, int *ret_ended,
	struct stauth_err *err)
{
	int ended;

	if (!raced) {
		raced = true;
		assert_rc(edit(racing, "alice", &theirs, &ended), STAUTH_OK);
	}
	return racing->real_accounts->user_update(
		accounts, account, change_made, ret_ended, err);
}

static void an_edit_that_was_overtaken_is_made_again(void **state)
{
	struct fixture *f = *state;
	struct stauth_account_edit mine = no_edit;
	int ended = 0;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	racing = f;
	raced = false;
	f->accounts_ops.user_update = update_after_another;
	theirs = no_edit;
	theirs.groups = "theirs";
	mine.display_name = "Mine";
	assert_rc(edit(f, "alice", &mine, &ended), STAUTH_OK);
	assert_string_equal(get(f, "alice").groups, "theirs");
	assert_string_equal(get(f, "alice").display_name, "Mine");
	/* A mark, too, and what takes it away. */
	for (int i = 1; i >= 0; i--) {
		raced = false;
		theirs = no_edit;
		theirs.system_login = i;
		mine.display_name = i ? "Mine again" : "Mine at last";
		assert_rc(edit(f, "alice", &mine, &ended), STAUTH_OK);
		assert_int_equal(get(f, "alice").system_login, i);
		assert_string_equal(
			get(f, "alice").display_name, mine.display_name);
	}
}

/* --- accounts that live elsewhere than the state */

static void lists_hold_no_password(void **state)
{
	struct fixture *f = *state;
	struct stauth_account *found = calloc(10, sizeof(*found));
	struct stauth_err err;
	size_t count = 0;

	(void)fixture_user(f, "bob", GOOD_PASSWORD, false);
	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	assert_ok(stauth_account_list(&f->ctx,
		&(struct stauth_account_page){.limit = 10}, found, &count,
		&err));
	assert_int_equal(count, 2);
	assert_string_equal(found[0].name, "alice");
	assert_int_equal(found[0].password[0], '\0');
	assert_ok(stauth_account_list(&f->ctx,
		&(struct stauth_account_page){.search = "OB", .limit = 10},
		found, &count, &err));
	assert_int_equal(count, 1);
	free(found);
	assert_int_equal(get(f, "bob").password[0], '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(a_name_with_an_at_is_the_email),
		FIXTURE_TEST(k4_an_account_is_never_replaced),
		FIXTURE_TEST(what_breaks_a_rule_makes_no_account),
		FIXTURE_TEST(without_a_password_nobody_logs_in),
		FIXTURE_TEST(c9_every_change_ends_the_sessions),
		FIXTURE_TEST(an_edit_of_nothing_ends_nothing),
		FIXTURE_TEST(edits_keep_the_rules_of_a_new_account),
		FIXTURE_TEST(the_last_superuser_stays),
		FIXTURE_TEST(a_deleted_account_is_gone_with_its_sessions),
		FIXTURE_TEST(no_page_changes_an_account_marked_for_the_host),
		FIXTURE_TEST(an_edit_that_was_overtaken_is_made_again),
		FIXTURE_TEST(lists_hold_no_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
