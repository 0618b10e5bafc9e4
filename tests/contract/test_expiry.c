/* SPDX-License-Identifier: MIT */
/* Time, devices and the check half: store/state.h, on every provider. */
#include "fixture.h"

#include "base/banned.h"

static void c10_k7_sessions_end_at_their_second(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	/* The last second of 32 bits, unsigned, is in the year 2106. */
	const int64_t ends[] = {NOW + 3600, INT64_C(2147483647),
		INT64_C(2147483648), INT64_C(4294967295), INT64_C(4294967296),
		INT64_C(4298000000)};

	for (int i = 0; i < 6; i++) {
		struct stauth_login_commit login = a_login(&alice, i);

		login.session.expires_at = ends[i];
		assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
		assert_rc(find_at(fix, i, 0, ends[i] - 1), STAUTH_OK);
		assert_rc(find_at(fix, i, 0, ends[i]), STAUTH_NOTFOUND);
		assert_rc(find_at(fix, i, 0, ends[i] + 1), STAUTH_NOTFOUND);
		assert_rc(find_at(fix, i, 0, INT64_C(9999999999)),
			STAUTH_NOTFOUND);
	}
}

static void c10_idle_sessions_end_at_their_second(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_login_commit login = a_login(&alice, 1);

	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	login = a_login(&alice, 2);
	login.session.remember = true;
	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	assert_rc(find_at(fix, 1, 600, NOW + 599), STAUTH_OK);
	assert_rc(find_at(fix, 1, 600, NOW + 600), STAUTH_NOTFOUND);
	assert_rc(find_at(fix, 1, 600, NOW + 601), STAUTH_NOTFOUND);
	/* No limit, and none for those that are remembered. */
	assert_rc(find_at(fix, 1, 0, NOW + 601), STAUTH_OK);
	assert_rc(find_at(fix, 2, 600, NOW + 601), STAUTH_OK);
	/* A clock that was corrected by a little kills nobody. */
	assert_rc(find_at(fix, 1, 600, NOW - 300), STAUTH_OK);
}

static void c10_the_check_sees_the_same_end(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	int64_t now_s = fix->check.check->ops->now(fix->check.check);
	struct stauth_login_commit login = a_login(&alice, 1);

	login.session.expires_at = now_s + 100;
	assert_rc(commit_at(fix, &login, now_s), STAUTH_OK);
	login = a_login(&alice, 2);
	login.session.expires_at = now_s;
	assert_rc(commit_at(fix, &login, now_s), STAUTH_OK);
	assert_int_equal(verdict_of(fix, 1), STAUTH_ALLOW);
	assert_int_equal(verdict_of(fix, 2), STAUTH_DENY);
	assert_int_equal(relay_verdict_of(fix, 1), STAUTH_ALLOW);
	assert_int_equal(relay_verdict_of(fix, 2), STAUTH_DENY);
}

static void devices_are_found_until_they_expire(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_state_ops *ops = fix->state->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_login_commit login = a_login(&alice, 1);
	struct stauth_device device;
	uint8_t other[32];

	login.device = true;
	fill_hash(login.device_hash, 101);
	fill_hash(other, 102);
	login.device_expires_at = NOW + 1000;
	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	assert_ok(ops->device_by_hash(
		fix->state, login.device_hash, NOW + 999, &device, &err));
	assert_int_equal(device.uid, alice.uid);
	assert_int_equal(device.epoch, alice.epoch);
	assert_int_equal(device.created_at, NOW);
	assert_int_equal(device.expires_at, NOW + 1000);
	assert_rc(ops->device_by_hash(fix->state, login.device_hash, NOW + 1000,
			  &device, &err),
		STAUTH_NOTFOUND);
	assert_rc(ops->device_by_hash(fix->state, other, NOW, &device, &err),
		STAUTH_NOTFOUND);
	/* A device is no session. */
	assert_rc(find_at(fix, 101, 0, NOW), STAUTH_NOTFOUND);
	assert_int_equal(verdict_of(fix, 101), STAUTH_DENY);
	/* And is renewed by the next log-in that brings it. */
	fill_hash(login.token_hash, 2);
	(void)snprintf(login.session.handle, sizeof(login.session.handle),
		"handle%010d", 2);
	login.device_expires_at = NOW + 2000;
	assert_rc(commit_at(fix, &login, NOW + 10), STAUTH_OK);
	assert_ok(ops->device_by_hash(
		fix->state, login.device_hash, NOW + 1500, &device, &err));
	assert_int_equal(device.created_at, NOW);
	assert_int_equal(device.last_used_at, NOW + 10);
}

static void the_check_half_keeps_its_contract(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_check *check = fix->check.check;
	struct stauth_account alice = add_user(fix, "alice");
	int64_t now_s = check->ops->now(check);
	struct stauth_login_commit login = a_login(&alice, 1);
	struct stauth_check_done done;

	assert_null(fix->check.accounts);
	assert_null(fix->check.state);
	assert_null(fix->touch.accounts);
	assert_null(fix->touch.check);
	assert_null(fix->page.check);
	assert_int_equal(verdict_of(fix, 1), STAUTH_DENY);
	login.session.expires_at = now_s + 100;
	login.session.must_change = true;
	assert_rc(commit_at(fix, &login, now_s), STAUTH_OK);
	assert_int_equal(
		check->ops->submit(check, login.token_hash, 0, 42, &done),
		STAUTH_OK);
	assert_int_equal(done.tag, 42);
	assert_int_equal(done.verdict, STAUTH_ALLOW);
	assert_string_equal(done.session.user, "alice");
	/* Whether that is enough is for the domain to say. */
	assert_true(done.session.must_change);
	assert_int_equal(check->ops->submit_handle(
				 check, login.session.handle, 0, 43, &done),
		STAUTH_OK);
	assert_int_equal(done.tag, 43);
	assert_int_equal(done.verdict, STAUTH_ALLOW);
	assert_string_equal(done.session.user, "alice");
	assert_string_equal(done.session.handle, login.session.handle);
	assert_int_equal(done.session.last_seen_at, now_s);
	for (size_t i = 0; i < 4; i++) {
		static const char *const none[] = {
			"", "handle", "handle0000000002", "handle00000000010"};
		assert_int_equal(
			check->ops->submit_handle(check, none[i], 0, 44, &done),
			STAUTH_OK);
		assert_int_equal(done.verdict, STAUTH_DENY);
		assert_string_equal(done.session.user, "");
	}
	/* A round may be judged by its start; the next one sees all. */
	check->ops->flush(check);
	assert_rc(fix->state->ops->session_end(
			  fix->state, login.session.handle, NULL, now_s, &err),
		STAUTH_OK);
	assert_int_equal(relay_verdict_of(fix, 1), STAUTH_DENY);
	assert_int_equal(verdict_of(fix, 1), STAUTH_DENY);
	check->ops->tick(check, 1);
	assert_int_equal(check->ops->reap(check, &done, 1), 0);
	assert_true(check->ops->pollfd(check) >= -1);
	assert_true(check->ops->next_ms(check) > 0);
}

static void a_touch_moves_forward_only(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_login_commit login = a_login(&alice, 1);
	struct stauth_state *half[] = {fix->touch.state, fix->state};
	struct stauth_session out;

	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	for (size_t i = 0; i < 2; i++) {
		int64_t later = NOW + 100 + (int64_t)i;
		struct stauth_touch touches[] = {
			{"nosuchsession000", NOW + 5},
			{"handle0000000001", later},
			{"handle0000000001", NOW + 50},
		};

		assert_ok(
			half[i]->ops->session_touch(half[i], touches, 3, &err));
		assert_ok(fix->state->ops->session_by_hash(fix->state,
			login.token_hash,
			&(const struct stauth_alive){.now_s = NOW}, &out,
			&err));
		assert_int_equal(out.last_seen_at, later);
	}
	assert_ok(half[0]->ops->session_touch(half[0], NULL, 0, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			c10_k7_sessions_end_at_their_second, begin, end),
		cmocka_unit_test_setup_teardown(
			c10_idle_sessions_end_at_their_second, begin, end),
		cmocka_unit_test_setup_teardown(
			c10_the_check_sees_the_same_end, begin, end),
		cmocka_unit_test_setup_teardown(
			devices_are_found_until_they_expire, begin, end),
		cmocka_unit_test_setup_teardown(
			the_check_half_keeps_its_contract, begin, end),
		cmocka_unit_test_setup_teardown(
			a_touch_moves_forward_only, begin, end),
	};

	RUN_ON_EVERY_PROVIDER(tests);
}
