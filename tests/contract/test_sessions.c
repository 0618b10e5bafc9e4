/* SPDX-License-Identifier: MIT */
/* How sessions begin and end by hand: store/state.h, on every provider. */
#include "fixture.h"

#include "base/codec.h"

#include "base/banned.h"

static void a_session_carries_its_identity(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_login_commit login = a_login(&alice, 1);
	struct stauth_session *in = &login.session;
	struct stauth_session out;

	memset(in->email, 'e', sizeof(in->email) - 1);
	memset(in->display_name, 'd', sizeof(in->display_name) - 1);
	memset(in->groups, 'g', sizeof(in->groups) - 1);
	memset(in->address, 'a', sizeof(in->address) - 1);
	memset(in->agent, 'b', sizeof(in->agent) - 1);
	in->remember = true;
	in->must_change = true;
	in->factors = STAUTH_FACTOR_PASSWORD | STAUTH_FACTOR_PIN;
	in->level = 2;
	in->auth_at = NOW - 3;
	in->confirmed_at = NOW - 2;
	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	assert_ok(fix->state->ops->session_by_hash(fix->state, login.token_hash,
		&(const struct stauth_alive){.now_s = NOW}, &out, &err));
	/* These two are the store's. */
	in->created_at = NOW;
	in->last_seen_at = NOW;
	assert_string_equal(out.handle, in->handle);
	assert_string_equal(out.user, "alice");
	assert_string_equal(out.email, in->email);
	assert_string_equal(out.display_name, in->display_name);
	assert_string_equal(out.groups, in->groups);
	assert_string_equal(out.channel, "web");
	assert_string_equal(out.address, in->address);
	assert_string_equal(out.agent, in->agent);
	assert_true(out.remember && out.must_change);
	assert_int_equal(out.uid, alice.uid);
	assert_int_equal(out.epoch, alice.epoch);
	assert_int_equal(out.factors, in->factors);
	assert_int_equal(out.level, 2);
	assert_int_equal(out.auth_at, NOW - 3);
	assert_int_equal(out.confirmed_at, NOW - 2);
	assert_int_equal(out.created_at, NOW);
	assert_int_equal(out.last_seen_at, NOW);
	assert_int_equal(out.expires_at, NOW + 3600);
	assert_ok(fix->accounts->ops->user_by_name(
		fix->accounts, "alice", &alice, &err));
	assert_int_equal(alice.last_login_at, NOW);
	assert_int_equal(count_audit(fix, ""), 2);
}

static void a_log_in_of_yesterdays_account_is_refused(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("user.set");
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_login_commit login = a_login(&alice, 1);
	struct stauth_device device;

	login.device = true;
	fill_hash(login.device_hash, 101);
	login.device_expires_at = NOW + 1000;
	login.session.epoch++;
	assert_rc(commit_at(fix, &login, NOW), STAUTH_EXPIRED);
	login.session.epoch -= 2;
	assert_rc(commit_at(fix, &login, NOW), STAUTH_EXPIRED);
	login.session.epoch++;
	login.session.uid++;
	assert_rc(commit_at(fix, &login, NOW), STAUTH_EXPIRED);
	login.session.uid--;
	alice.disabled = true;
	assert_ok(fix->accounts->ops->user_update(
		fix->accounts, &alice, &change, NULL, &err));
	assert_rc(commit_at(fix, &login, NOW), STAUTH_EXPIRED);
	assert_false(stands(fix, 1));
	assert_rc(fix->state->ops->device_by_hash(
			  fix->state, login.device_hash, NOW, &device, &err),
		STAUTH_NOTFOUND);
	assert_int_equal(count_audit(fix, ""), 2);
	assert_ok(fix->accounts->ops->user_by_name(
		fix->accounts, "alice", &alice, &err));
	alice.disabled = false;
	assert_ok(fix->accounts->ops->user_update(
		fix->accounts, &alice, &change, NULL, &err));
	assert_ok(fix->accounts->ops->user_by_name(
		fix->accounts, "alice", &alice, &err));
	login.session.epoch = alice.epoch;
	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
}

static void a_token_is_never_taken_twice(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_account bob = add_user(fix, "bob");
	struct stauth_login_commit login = a_login(&alice, 1);
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_session out;

	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	login = a_login(&bob, 1);
	assert_true(commit_at(fix, &login, NOW) < 0);
	assert_ok(fix->state->ops->session_by_hash(fix->state, login.token_hash,
		&(const struct stauth_alive){.now_s = NOW}, &out, &err));
	assert_string_equal(out.user, "alice");
}

static void c11_the_stored_value_is_no_token(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_login_commit login = a_login(&alice, 1);
	const char token[] = "abcdefghijklmnopqrstuvwxyz012345";
	struct stauth_session out;
	uint8_t stolen[32];

	assert_true(stauth_sha256(token, 32, login.token_hash));
	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	/* Who reads the table and sends what is in it is hashed again. */
	assert_true(stauth_sha256(login.token_hash, 32, stolen));
	assert_rc(
		fix->state->ops->session_by_hash(fix->state, stolen,
			&(const struct stauth_alive){.now_s = NOW}, &out, &err),
		STAUTH_NOTFOUND);
}

static void c12_k8_over_the_cap_the_oldest_end(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_account bob = add_user(fix, "bob");
	struct stauth_touch touch = {"handle0000000001", NOW + 50};
	struct stauth_login_commit login = a_login(&bob, 90);

	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	login = a_login(&alice, 91);
	(void)snprintf(login.session.channel, sizeof(login.session.channel),
		"pam:sshd");
	assert_rc(commit_at(fix, &login, NOW - 1000), STAUTH_OK);
	for (int i = 1; i <= 10; i++) {
		login = a_login(&alice, i);
		login.sessions_max = 10;
		assert_rc(commit_at(fix, &login, NOW + i), STAUTH_OK);
	}
	for (int i = 1; i <= 10; i++) {
		assert_true(stands(fix, i));
	}
	/* The first was used again, so the second is the oldest. */
	assert_ok(fix->touch.state->ops->session_touch(
		fix->touch.state, &touch, 1, &err));
	login = a_login(&alice, 11);
	login.sessions_max = 10;
	assert_rc(commit_at(fix, &login, NOW + 60), STAUTH_OK);
	for (int i = 1; i <= 11; i++) {
		assert_int_equal(stands(fix, i), i != 2);
	}
	/* Others are not counted, nor what PAM opened. */
	assert_true(stands(fix, 90));
	assert_true(stands(fix, 91));
	/* A smaller cap takes effect at the next log-in. */
	login = a_login(&alice, 12);
	login.sessions_max = 1;
	assert_rc(commit_at(fix, &login, NOW + 70), STAUTH_OK);
	for (int i = 1; i <= 11; i++) {
		assert_false(stands(fix, i));
	}
	assert_true(stands(fix, 12));
	assert_true(stands(fix, 91));
}

static void a_log_in_ends_the_presented_session(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_account bob = add_user(fix, "bob");
	struct stauth_login_commit login = a_login(&alice, 1);

	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	login = a_login(&bob, 2);
	login.end_presented = true;
	fill_hash(login.presented_hash, 1);
	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	assert_false(stands(fix, 1));
	assert_true(stands(fix, 2));
}

static void one_session_ends_once(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_login_commit login = a_login(&alice, 1);
	struct stauth_audit_row audit = login.audit;

	(void)snprintf(audit.event, sizeof(audit.event), "logout");
	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	assert_ok(fix->state->ops->session_end(
		fix->state, login.session.handle, &audit, NOW, &err));
	assert_int_equal(verdict_of(fix, 1), STAUTH_DENY);
	assert_rc(fix->state->ops->session_end(
			  fix->state, login.session.handle, &audit, NOW, &err),
		STAUTH_NOTFOUND);
	assert_int_equal(count_audit(fix, ""), 3);
}

static void all_but_one_end(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_state_ops *ops = fix->state->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_account bob = add_user(fix, "bob");
	int ended = -1;

	for (int i = 1; i <= 6; i++) {
		struct stauth_login_commit login =
			a_login(i <= 3 ? &alice : &bob, i);

		assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	}
	assert_ok(ops->session_end_user(fix->state,
		&(const struct stauth_session_end){.uid = alice.uid,
			.keep = "handle0000000002",
			.now_s = NOW},
		&ended, &err));
	assert_int_equal(ended, 2);
	assert_false(stands(fix, 1));
	assert_true(stands(fix, 2));
	assert_true(stands(fix, 4));
	assert_ok(ops->session_end_user(fix->state,
		&(const struct stauth_session_end){.keep = "", .now_s = NOW},
		&ended, &err));
	assert_int_equal(ended, 4);
	assert_ok(ops->session_end_user(fix->state,
		&(const struct stauth_session_end){.keep = "", .now_s = NOW},
		&ended, &err));
	assert_int_equal(ended, 0);
	for (int i = 1; i <= 6; i++) {
		assert_int_equal(verdict_of(fix, i), STAUTH_DENY);
	}
}

static void lists_live_sessions_in_pages(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_account bob = add_user(fix, "bob");
	struct stauth_session page[8];

	for (int i = 1; i <= 6; i++) {
		struct stauth_login_commit login =
			a_login(i % 2 ? &alice : &bob, i);

		login.session.expires_at = i == 5 ? NOW + 1 : NOW + 100;
		assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	}
	struct stauth_session_query query = {.limit = 4, .now_s = NOW};
	assert_int_equal(list_sessions(fix, &query, page), 4);
	assert_string_equal(page[0].handle, "handle0000000001");
	query = (struct stauth_session_query){
		.after = "handle0000000004", .limit = 8, .now_s = NOW + 1};
	assert_int_equal(list_sessions(fix, &query, page), 1);
	assert_string_equal(page[0].handle, "handle0000000006");
	query = (struct stauth_session_query){
		.uid = alice.uid, .limit = 8, .now_s = NOW};
	assert_int_equal(list_sessions(fix, &query, page), 3);
	assert_string_equal(page[2].handle, "handle0000000005");
	assert_string_equal(page[2].user, "alice");
	query = (struct stauth_session_query){
		.limit = 8, .idle_s = 50, .now_s = NOW + 50};
	assert_int_equal(list_sessions(fix, &query, page), 0);
}

static void e2_lists_the_sessions_of_hosts_alone(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_session page[8];

	for (int i = 1; i <= 4; i++) {
		struct stauth_login_commit login = a_login(&alice, i);

		if (i % 2 == 0) {
			snprintf(login.session.channel,
				sizeof(login.session.channel), "pam:sshd");
		}
		assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	}
	struct stauth_session_query query = {
		.of_hosts = true, .limit = 8, .now_s = NOW};
	assert_int_equal(list_sessions(fix, &query, page), 2);
	assert_string_equal(page[0].handle, "handle0000000002");
	assert_string_equal(page[1].handle, "handle0000000004");
	query.after = page[0].handle;
	assert_int_equal(list_sessions(fix, &query, page), 1);
}

static enum stauth_rc confirm_at(
	struct fixture *fix, struct stauth_session_confirm confirm)
{
	struct stauth_audit_row row = {.event = "confirm", .ok = true};
	struct stauth_err err = {STAUTH_OK, ""};

	confirm.audit = &row;
	return fix->state->ops->session_confirm(fix->state, &confirm, &err);
}

static int64_t confirmed_at(struct fixture *fix, const char *handle)
{
	struct stauth_session out;
	struct stauth_err err = {STAUTH_OK, ""};

	assert_ok(fix->state->ops->session_by_handle(fix->state, handle,
		&(const struct stauth_alive){.now_s = NOW}, &out, &err));
	return out.confirmed_at;
}

static void a_session_is_confirmed_by_its_own_user_only(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_account bob = add_user(fix, "bob");
	struct stauth_login_commit login = a_login(&alice, 1);
	const struct stauth_session_confirm right = {
		.handle = login.session.handle,
		.uid = alice.uid,
		.epoch = alice.epoch,
		.now_s = NOW + 20,
	};

	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	struct stauth_session_confirm wrong = right;
	wrong.uid = bob.uid;
	assert_rc(confirm_at(fix, wrong), STAUTH_EXPIRED);
	wrong = right;
	wrong.epoch++;
	assert_rc(confirm_at(fix, wrong), STAUTH_EXPIRED);
	wrong = right;
	wrong.handle = "handle0000000009";
	assert_rc(confirm_at(fix, wrong), STAUTH_EXPIRED);
	wrong = right;
	wrong.now_s = login.session.expires_at;
	assert_rc(confirm_at(fix, wrong), STAUTH_EXPIRED);
	assert_int_equal(confirmed_at(fix, right.handle), NOW);
	assert_int_equal(count_audit(fix, "confirm"), 0);

	assert_rc(confirm_at(fix, right), STAUTH_OK);
	assert_int_equal(confirmed_at(fix, right.handle), NOW + 20);

	login = a_login(&alice, 2);
	login.session.must_change = true;
	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	wrong = right;
	wrong.handle = login.session.handle;
	assert_rc(confirm_at(fix, wrong), STAUTH_EXPIRED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			e2_lists_the_sessions_of_hosts_alone, begin, end),
		cmocka_unit_test_setup_teardown(
			a_session_carries_its_identity, begin, end),
		cmocka_unit_test_setup_teardown(
			a_log_in_of_yesterdays_account_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(
			a_token_is_never_taken_twice, begin, end),
		cmocka_unit_test_setup_teardown(
			c11_the_stored_value_is_no_token, begin, end),
		cmocka_unit_test_setup_teardown(
			c12_k8_over_the_cap_the_oldest_end, begin, end),
		cmocka_unit_test_setup_teardown(
			a_log_in_ends_the_presented_session, begin, end),
		cmocka_unit_test_setup_teardown(
			one_session_ends_once, begin, end),
		cmocka_unit_test_setup_teardown(all_but_one_end, begin, end),
		cmocka_unit_test_setup_teardown(
			a_session_is_confirmed_by_its_own_user_only, begin,
			end),
		cmocka_unit_test_setup_teardown(
			lists_live_sessions_in_pages, begin, end),
	};

	RUN_ON_EVERY_PROVIDER(tests);
}
