/* SPDX-License-Identifier: MIT */
/* How accounts change: store/accounts.h, on every provider. */
#include "fixture.h"

#include "base/banned.h"

static void update_needs_the_present_epoch(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_accounts_ops *ops = fix->accounts->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("user.set");
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_account stale = alice;
	struct stauth_account other = an_account("bob");

	(void)snprintf(other.email, sizeof(other.email), "b@x.org");
	(void)add_account(fix, &other);
	change.raise_epoch = true;
	(void)snprintf(alice.groups, sizeof(alice.groups), "dev");
	alice.disabled = true;
	assert_ok(ops->user_update(fix->accounts, &alice, &change, NULL, &err));
	assert_rc(ops->user_update(fix->accounts, &stale, &change, NULL, &err),
		STAUTH_EXPIRED);
	assert_ok(ops->user_by_name(fix->accounts, "alice", &alice, &err));
	assert_int_equal(alice.epoch, stale.epoch + 1);
	assert_true(alice.disabled);
	assert_string_equal(alice.groups, "dev");
	/* The password is none of update's fields. */
	assert_string_equal(alice.password, stale.password);
	(void)snprintf(alice.email, sizeof(alice.email), "b@x.org");
	assert_rc(ops->user_update(fix->accounts, &alice, &change, NULL, &err),
		STAUTH_EXISTS);
	alice.uid = 4711;
	assert_rc(ops->user_update(fix->accounts, &alice, &change, NULL, &err),
		STAUTH_NOTFOUND);
	assert_int_equal(count_audit(fix, ""), 3);
}

static void the_last_superuser_stays(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_accounts_ops *ops = fix->accounts->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("user.set");
	struct stauth_account root = an_account("root");
	struct stauth_account second = an_account("second");
	struct stauth_account less;
	int ended = -7;

	root.su = true;
	root = add_account(fix, &root);
	second.su = true;
	second.disabled = true; /* does not count */
	second = add_account(fix, &second);
	change.keep_a_superuser = true;
	change.raise_epoch = true;
	less = root;
	less.su = false;
	assert_rc(ops->user_update(fix->accounts, &less, &change, &ended, &err),
		STAUTH_REFUSED);
	less = root;
	less.disabled = true;
	assert_rc(ops->user_update(fix->accounts, &less, &change, &ended, &err),
		STAUTH_REFUSED);
	assert_rc(ops->user_delete(
			  fix->accounts, root.uid, &change, &ended, &err),
		STAUTH_REFUSED);
	assert_int_equal(ended, -7);
	assert_ok(ops->user_by_name(fix->accounts, "root", &less, &err));
	assert_memory_equal(&less, &root, sizeof(root));
	assert_int_equal(count_audit(fix, ""), 2);
	/* Changes that leave it one are fine. */
	(void)snprintf(root.groups, sizeof(root.groups), "dev");
	assert_ok(
		ops->user_update(fix->accounts, &root, &change, &ended, &err));
	second.disabled = false;
	assert_ok(ops->user_update(
		fix->accounts, &second, &change, &ended, &err));
	assert_ok(ops->user_delete(
		fix->accounts, root.uid, &change, &ended, &err));
}

static void without_a_superuser_nothing_is_refused(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("user.delete");
	struct stauth_account alice = add_user(fix, "alice");

	change.keep_a_superuser = true;
	assert_ok(fix->accounts->ops->user_delete(
		fix->accounts, alice.uid, &change, NULL, &err));
}

static void password_set_ends_what_is_older(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_accounts_ops *ops = fix->accounts->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("password.change");
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_account bob = add_user(fix, "bob");
	struct stauth_device device;
	struct stauth_session kept;
	int ended = 0;

	for (int i = 1; i <= 3; i++) {
		struct stauth_login_commit login = a_login(&alice, i);

		login.device = true;
		fill_hash(login.device_hash, 100 + i);
		login.device_expires_at = NOW + 1000;
		assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	}
	{
		struct stauth_login_commit login = a_login(&bob, 9);

		assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	}
	change.end_sessions = true;
	change.raise_epoch = true;
	(void)snprintf(change.keep_session, sizeof(change.keep_session),
		"handle%010d", 2);
	change.keep_device = true;
	fill_hash(change.keep_device_hash, 102);
	assert_ok(ops->password_set(fix->accounts,
		&(const struct stauth_password_row){
			alice.uid, alice.epoch, "$argon2id$new", false, 0},
		&change, &ended, &err));
	assert_int_equal(ended, 2);
	assert_false(stands(fix, 1));
	assert_true(stands(fix, 2));
	assert_false(stands(fix, 3));
	assert_true(stands(fix, 9));
	for (int i = 101; i <= 103; i++) {
		uint8_t hash[32];

		fill_hash(hash, i);
		assert_rc(fix->state->ops->device_by_hash(
				  fix->state, hash, NOW, &device, &err),
			i == 102 ? STAUTH_OK : STAUTH_NOTFOUND);
	}
	/* What is kept belongs to the new epoch. */
	assert_int_equal(device.epoch, alice.epoch + 1);
	assert_ok(fix->state->ops->session_by_handle(fix->state,
		change.keep_session, &(const struct stauth_alive){.now_s = NOW},
		&kept, &err));
	assert_int_equal(kept.epoch, alice.epoch + 1);
	assert_rc(ops->password_set(fix->accounts,
			  &(const struct stauth_password_row){alice.uid,
				  alice.epoch, "$argon2id$late", false, 0},
			  &change, &ended, &err),
		STAUTH_EXPIRED);
	assert_ok(ops->user_by_name(fix->accounts, "alice", &alice, &err));
	assert_string_equal(alice.password, "$argon2id$new");
	/* Without an epoch it is set whatever happened. */
	assert_ok(ops->password_set(fix->accounts,
		&(const struct stauth_password_row){
			alice.uid, -1, "$argon2id$admin", true, NOW + 60},
		&change, &ended, &err));
	assert_ok(ops->user_by_name(fix->accounts, "alice", &alice, &err));
	assert_string_equal(alice.password, "$argon2id$admin");
	assert_true(alice.must_change);
	assert_int_equal(alice.password_expires_at, NOW + 60);
	assert_rc(ops->password_set(fix->accounts,
			  &(const struct stauth_password_row){
				  4711, -1, "x", false, 0},
			  &change, &ended, &err),
		STAUTH_NOTFOUND);
}

/* A link's password, for an account that was marked while it was hashed. */
static void f12_password_set_may_ask_for_no_mark(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_accounts_ops *ops = fix->accounts->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("reset");
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_account now;
	int ended = 0;

	change.unless_system_login = true;
	change.raise_epoch = true;
	assert_ok(ops->password_set(fix->accounts,
		&(const struct stauth_password_row){
			alice.uid, alice.epoch, "$first", false, 0},
		&change, &ended, &err));
	assert_ok(ops->user_by_name(fix->accounts, "alice", &alice, &err));
	alice.system_login = true;
	change = a_change("user.set");
	assert_ok(
		ops->user_update(fix->accounts, &alice, &change, &ended, &err));
	change = a_change("reset");
	change.unless_system_login = true;
	change.raise_epoch = true;
	assert_rc(ops->password_set(fix->accounts,
			  &(const struct stauth_password_row){
				  alice.uid, alice.epoch, "$second", false, 0},
			  &change, &ended, &err),
		STAUTH_REFUSED);
	assert_ok(ops->user_by_name(fix->accounts, "alice", &now, &err));
	assert_string_equal(now.password, "$first");
	assert_int_equal(now.epoch, alice.epoch);
	/* Who does not ask may: its owner, and the command line. */
	change.unless_system_login = false;
	assert_ok(ops->password_set(fix->accounts,
		&(const struct stauth_password_row){
			alice.uid, alice.epoch, "$third", false, 0},
		&change, &ended, &err));
}

/* A session of somebody else is never kept by naming it. */
static void keep_is_for_the_own_session_only(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("password.change");
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_account bob = add_user(fix, "bob");
	struct stauth_login_commit one = a_login(&alice, 1);
	struct stauth_login_commit two = a_login(&bob, 2);
	struct stauth_session kept;
	int ended = 0;

	assert_rc(commit_at(fix, &one, NOW), STAUTH_OK);
	assert_rc(commit_at(fix, &two, NOW), STAUTH_OK);
	change.end_sessions = true;
	change.raise_epoch = true;
	(void)snprintf(change.keep_session, sizeof(change.keep_session),
		"handle%010d", 2);
	assert_ok(fix->accounts->ops->password_set(fix->accounts,
		&(const struct stauth_password_row){
			alice.uid, -1, "x", false, 0},
		&change, &ended, &err));
	assert_int_equal(ended, 1);
	assert_ok(fix->state->ops->session_by_handle(fix->state,
		change.keep_session, &(const struct stauth_alive){.now_s = NOW},
		&kept, &err));
	assert_int_equal(kept.epoch, bob.epoch);
}

/* Everything older than the epoch is dead, asked for or not. */
static void a_raised_epoch_ends_sessions(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("user.disable");
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_login_commit login = a_login(&alice, 1);
	int ended = 0;

	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	change.raise_epoch = true;
	alice.disabled = true;
	assert_ok(fix->accounts->ops->user_update(
		fix->accounts, &alice, &change, &ended, &err));
	assert_int_equal(ended, 1);
	assert_int_equal(verdict_of(fix, 1), STAUTH_DENY);
}

static void rehash_replaces_only_what_it_read(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_accounts_ops *ops = fix->accounts->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_account after;

	assert_rc(ops->password_rehash(
			  fix->accounts, alice.uid, "other", "new", &err),
		STAUTH_EXPIRED);
	assert_rc(ops->password_rehash(fix->accounts, alice.uid + 1,
			  alice.password, "new", &err),
		STAUTH_EXPIRED);
	assert_ok(ops->password_rehash(
		fix->accounts, alice.uid, alice.password, "new", &err));
	assert_ok(ops->user_by_name(fix->accounts, "alice", &after, &err));
	assert_string_equal(after.password, "new");
	assert_int_equal(after.epoch, alice.epoch);
	assert_int_equal(count_audit(fix, ""), 1);
}

static void deleted_users_leave_nothing_behind(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_accounts_ops *ops = fix->accounts->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("user.delete");
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_login_commit login = a_login(&alice, 1);
	struct stauth_device device;
	int64_t old_uid = alice.uid;
	int ended = 0;

	login.device = true;
	fill_hash(login.device_hash, 101);
	login.device_expires_at = NOW + 1000;
	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	/* Not even what the caller would keep. */
	(void)snprintf(change.keep_session, sizeof(change.keep_session),
		"handle%010d", 1);
	change.keep_device = true;
	fill_hash(change.keep_device_hash, 101);
	assert_ok(ops->user_delete(
		fix->accounts, alice.uid, &change, &ended, &err));
	assert_int_equal(ended, 1);
	assert_false(stands(fix, 1));
	assert_int_equal(verdict_of(fix, 1), STAUTH_DENY);
	assert_rc(fix->state->ops->device_by_hash(
			  fix->state, login.device_hash, NOW, &device, &err),
		STAUTH_NOTFOUND);
	assert_rc(ops->user_delete(
			  fix->accounts, alice.uid, &change, &ended, &err),
		STAUTH_NOTFOUND);
	/* The same name again is another account. */
	alice = add_user(fix, "alice");
	assert_true(alice.uid > old_uid);
	assert_rc(commit_at(fix, &login, NOW), STAUTH_EXPIRED);
}

static void changes_are_in_the_audit(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("password.set");
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_audit_row rows[4];
	size_t count = 0;

	(void)snprintf(change.audit.user, sizeof(change.audit.user), "alice");
	(void)snprintf(change.audit.actor, sizeof(change.audit.actor), "root");
	(void)snprintf(change.audit.detail, sizeof(change.audit.detail), "why");
	change.audit.uid = alice.uid;
	change.now_s = NOW + 5;
	assert_ok(fix->accounts->ops->password_set(fix->accounts,
		&(const struct stauth_password_row){
			alice.uid, -1, "x", false, 0},
		&change, NULL, &err));
	assert_ok(fix->state->ops->audit_list(fix->state,
		&(const struct stauth_audit_query){
			.since_s = NOW + 1, .limit = 4},
		rows, &count, &err));
	assert_int_equal(count, 1);
	assert_string_equal(rows[0].event, "password.set");
	assert_string_equal(rows[0].user, "alice");
	assert_string_equal(rows[0].actor, "root");
	assert_string_equal(rows[0].detail, "why");
	assert_int_equal(rows[0].at, NOW + 5);
	assert_int_equal(rows[0].uid, alice.uid);
	assert_true(rows[0].ok);
}

static enum stauth_rc insert(
	struct fixture *fix, const char *name, const char *email)
{
	struct stauth_change change = a_change("user.add");
	struct stauth_account account = an_account(name);
	struct stauth_err err = {STAUTH_OK, ""};
	int64_t uid = 0;

	(void)snprintf(account.email, sizeof(account.email), "%s", email);
	return fix->accounts->ops->user_insert(
		fix->accounts, &account, &change, &uid, &err);
}

static enum stauth_rc set_email(
	struct fixture *fix, const char *name, const char *email)
{
	struct stauth_change change = a_change("user.set");
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account account;

	assert_ok(fix->accounts->ops->user_by_name(
		fix->accounts, name, &account, &err));
	(void)snprintf(account.email, sizeof(account.email), "%s", email);
	return fix->accounts->ops->user_update(
		fix->accounts, &account, &change, NULL, &err);
}

static void u17_names_and_addresses_are_one_namespace(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_clash clash;

	assert_rc(insert(fix, "ann@x.org", ""), STAUTH_OK);
	assert_rc(insert(fix, "bob", "bob@x.org"), STAUTH_OK);
	assert_rc(insert(fix, "carl", "ann@x.org"), STAUTH_EXISTS);
	assert_rc(insert(fix, "bob@x.org", ""), STAUTH_EXISTS);
	assert_rc(insert(fix, "bob@x.org", "dora@x.org"), STAUTH_EXISTS);
	assert_rc(set_email(fix, "bob", "ann@x.org"), STAUTH_EXISTS);
	/* One's own name may be one's own address. */
	assert_rc(set_email(fix, "ann@x.org", "ann@x.org"), STAUTH_OK);
	assert_rc(insert(fix, "eve@x.org", "eve@x.org"), STAUTH_OK);
	assert_rc(set_email(fix, "bob", "bob@x.org"), STAUTH_OK);
	/* What was given up is free. */
	assert_rc(set_email(fix, "bob", ""), STAUTH_OK);
	assert_rc(insert(fix, "bob@x.org", ""), STAUTH_OK);
	assert_rc(
		fix->accounts->ops->user_clash(fix->accounts, "", &clash, &err),
		STAUTH_NOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			u17_names_and_addresses_are_one_namespace, begin, end),
		cmocka_unit_test_setup_teardown(
			update_needs_the_present_epoch, begin, end),
		cmocka_unit_test_setup_teardown(
			the_last_superuser_stays, begin, end),
		cmocka_unit_test_setup_teardown(
			without_a_superuser_nothing_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(
			password_set_ends_what_is_older, begin, end),
		cmocka_unit_test_setup_teardown(
			f12_password_set_may_ask_for_no_mark, begin, end),
		cmocka_unit_test_setup_teardown(
			keep_is_for_the_own_session_only, begin, end),
		cmocka_unit_test_setup_teardown(
			a_raised_epoch_ends_sessions, begin, end),
		cmocka_unit_test_setup_teardown(
			rehash_replaces_only_what_it_read, begin, end),
		cmocka_unit_test_setup_teardown(
			deleted_users_leave_nothing_behind, begin, end),
		cmocka_unit_test_setup_teardown(
			changes_are_in_the_audit, begin, end),
	};

	RUN_ON_EVERY_PROVIDER(tests);
}
