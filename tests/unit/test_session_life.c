/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "fixture.h"

#include "base/banned.h"

#define HOME "192.0.2.1"

/* A right try, ready to open. */
static void right(struct fixture *f, struct stauth_login *login)
{
	assert_int_equal(
		fixture_try(f, login, "alice", GOOD_PASSWORD, HOME, NULL),
		STAUTH_ALLOW);
}

static void c7_logout_of_what_is_gone_is_not_found(void **state)
{
	struct fixture *f = *state;
	const struct stauth_actor actor = {"", "web", HOME};
	struct stauth_session_grant grant;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &grant);
	assert_ok(stauth_session_logout(&f->ctx, grant.token, &actor, &err));
	assert_rc(fixture_find(f, grant.token), STAUTH_NOTFOUND);
	assert_rc(stauth_session_logout(&f->ctx, grant.token, &actor, &err),
		STAUTH_NOTFOUND);
	assert_int_equal(fixture_rows(f, "logout", NULL), 1);
}

static void c10_a_session_is_dead_at_its_second(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant grant;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &grant);
	fixture_now_s = grant.session.expires_at - 1;
	assert_rc(fixture_find(f, grant.token), STAUTH_OK);
	fixture_now_s++;
	assert_rc(fixture_find(f, grant.token), STAUTH_NOTFOUND);
	fixture_now_s++;
	assert_rc(fixture_find(f, grant.token), STAUTH_NOTFOUND);
}

static void k7_c10_times_are_integers_beyond_2106(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant grant;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	fixture_now_s = INT64_C(4294967295) - 10;
	fixture_open(f, "alice", GOOD_PASSWORD, &grant);
	fixture_now_s += 20;
	assert_rc(fixture_find(f, grant.token), STAUTH_OK);
	fixture_now_s += 12 * 3600 - 20;
	assert_rc(fixture_find(f, grant.token), STAUTH_NOTFOUND);
}

static void c10_idle_sessions_die_unless_used_or_remembered(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_request ask = {.address = HOME, .remember = true};
	struct stauth_session_grant idle;
	struct stauth_session_grant used;
	struct stauth_session_grant kept;
	struct stauth_login login;
	struct stauth_err err;

	f->config->session_idle_minutes = 10;
	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &idle);
	fixture_open(f, "alice", GOOD_PASSWORD, &used);
	right(f, &login);
	assert_ok(stauth_session_open(&f->ctx, &login, &ask, &kept, &err));
	fixture_now_s += 599;
	stauth_session_touch(&f->ctx, &used.session);
	assert_rc(fixture_find(f, idle.token), STAUTH_OK);
	fixture_now_s += 1;
	assert_rc(fixture_find(f, idle.token), STAUTH_NOTFOUND);
	assert_rc(fixture_find(f, used.token), STAUTH_OK);
	assert_rc(fixture_find(f, kept.token), STAUTH_OK);
}

static void remember_me_is_long_and_absolute(void **state)
{
	struct fixture *f = *state;
	const struct stauth_session_request ask = {
		.address = HOME, .remember = true};
	struct stauth_session_grant grant;
	struct stauth_login login;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	right(f, &login);
	assert_ok(stauth_session_open(&f->ctx, &login, &ask, &grant, &err));
	assert_int_equal(grant.max_age_s, 30 * 86400);
	assert_int_equal(grant.session.expires_at, fixture_now_s + 30 * 86400);
	fixture_now_s += 30 * 86400 - 1;
	stauth_session_touch(&f->ctx, &grant.session);
	assert_rc(fixture_find(f, grant.token), STAUTH_OK);
	fixture_now_s += 1;
	assert_rc(fixture_find(f, grant.token), STAUTH_NOTFOUND);
}

static void uses_are_written_once_a_minute(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant grant;
	struct stauth_session session;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &grant);
	fixture_now_s += 59;
	stauth_session_touch(&f->ctx, &grant.session);
	assert_ok(
		stauth_session_by_token(&f->ctx, grant.token, &session, &err));
	assert_int_equal(session.last_seen_at, fixture_now_s - 59);
	fixture_now_s += 1;
	stauth_session_touch(&f->ctx, &session);
	assert_ok(
		stauth_session_by_token(&f->ctx, grant.token, &session, &err));
	assert_int_equal(session.last_seen_at, fixture_now_s);
}

static void c12_over_the_limit_the_one_used_longest_ago_ends(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant grant[12];

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	for (int i = 0; i < 10; i++) {
		fixture_now_s += 100;
		fixture_open(f, "alice", GOOD_PASSWORD, &grant[i]);
	}
	fixture_now_s += 100;
	stauth_session_touch(&f->ctx, &grant[0].session);
	fixture_open(f, "alice", GOOD_PASSWORD, &grant[10]);
	assert_rc(fixture_find(f, grant[0].token), STAUTH_OK);
	assert_rc(fixture_find(f, grant[1].token), STAUTH_NOTFOUND);
	for (int i = 2; i <= 10; i++) {
		assert_rc(fixture_find(f, grant[i].token), STAUTH_OK);
	}
}

static void k8_two_devices_are_logged_in_at_once(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant one;
	struct stauth_session_grant two;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &one);
	fixture_open(f, "alice", GOOD_PASSWORD, &two);
	assert_rc(fixture_find(f, one.token), STAUTH_OK);
	assert_rc(fixture_find(f, two.token), STAUTH_OK);
}

static void nobody_ends_the_session_of_another(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant mine;
	struct stauth_session_grant theirs;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	(void)fixture_user(f, "mallory", OTHER_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &mine);
	fixture_open(f, "mallory", OTHER_PASSWORD, &theirs);
	assert_rc(stauth_session_revoke(&f->ctx, mine.session.handle,
			  theirs.session.uid, &fixture_actor, &err),
		STAUTH_NOTFOUND);
	assert_rc(fixture_find(f, mine.token), STAUTH_OK);
	assert_rc(stauth_session_revoke(
			  &f->ctx, "short", 0, &fixture_actor, &err),
		STAUTH_NOTFOUND);
	assert_ok(stauth_session_revoke(&f->ctx, mine.session.handle,
		mine.session.uid, &fixture_actor, &err));
	assert_rc(fixture_find(f, mine.token), STAUTH_NOTFOUND);
	assert_ok(stauth_session_revoke(
		&f->ctx, theirs.session.handle, 0, &fixture_actor, &err));
	assert_rc(fixture_find(f, theirs.token), STAUTH_NOTFOUND);
	assert_int_equal(fixture_rows(f, "session.revoke", NULL), 2);
}

static void all_sessions_of_a_user_end_but_the_kept_one(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant one;
	struct stauth_session_grant two;
	struct stauth_session_grant other;
	struct stauth_audit_row row;
	struct stauth_err err;
	int ended = 0;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	(void)fixture_user(f, "bob", OTHER_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &one);
	fixture_open(f, "alice", GOOD_PASSWORD, &two);
	fixture_open(f, "bob", OTHER_PASSWORD, &other);
	assert_ok(stauth_session_revoke_all(&f->ctx,
		&(const struct stauth_session_end){
			.uid = one.session.uid, .keep = one.session.handle},
		&fixture_actor, &ended, &err));
	assert_int_equal(ended, 1);
	assert_rc(fixture_find(f, one.token), STAUTH_OK);
	assert_rc(fixture_find(f, two.token), STAUTH_NOTFOUND);
	assert_rc(fixture_find(f, other.token), STAUTH_OK);
	assert_int_equal(fixture_rows(f, "session.revoke_all", &row), 1);
	assert_string_equal(row.user, "alice");
	assert_string_equal(row.actor, "root");
	assert_ok(stauth_session_revoke_all(&f->ctx,
		&(const struct stauth_session_end){.uid = 0}, &fixture_actor,
		&ended, &err));
	assert_int_equal(ended, 2);
	assert_rc(fixture_find(f, other.token), STAUTH_NOTFOUND);
}

static void the_sweep_takes_the_dead_and_leaves_the_living(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant old;
	struct stauth_session_grant new;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &old);
	fixture_now_s += 401 * 86400;
	fixture_open(f, "alice", GOOD_PASSWORD, &new);
	assert_int_equal(fixture_rows(f, "login", NULL), 2);
	assert_ok(stauth_sweep(&f->ctx, &err));
	assert_int_equal(fixture_rows(f, "login", NULL), 1);
	assert_rc(fixture_find(f, new.token), STAUTH_OK);
}

static void a_fresh_proof_confirms_the_session(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant grant;
	struct stauth_session_grant other;
	struct stauth_audit_row row;
	struct stauth_login login;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	(void)fixture_user(f, "bob", OTHER_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &grant);
	fixture_open(f, "bob", OTHER_PASSWORD, &other);
	int64_t before = fixture_now_s;
	fixture_now_s += 1000;
	/* A failure is taken back by the right password, like at a log-in. */
	(void)fixture_try(f, &login, "alice", "wrong", HOME, NULL);
	assert_rc(stauth_session_confirm(&f->ctx, &login, &grant.session, &err),
		STAUTH_REFUSED);
	right(f, &login);
	assert_rc(stauth_session_confirm(&f->ctx, &login, &other.session, &err),
		STAUTH_REFUSED);
	assert_ok(
		stauth_session_confirm(&f->ctx, &login, &grant.session, &err));
	assert_int_equal(grant.session.confirmed_at, fixture_now_s);
	struct stauth_session session;
	assert_ok(
		stauth_session_by_token(&f->ctx, grant.token, &session, &err));
	assert_int_equal(session.confirmed_at, fixture_now_s);
	assert_int_equal(session.auth_at, before);
	assert_ok(
		stauth_session_by_token(&f->ctx, other.token, &session, &err));
	assert_int_equal(session.confirmed_at, before);
	assert_int_equal(fixture_rows(f, "confirm", &row), 1);
	assert_true(row.ok);
	assert_string_equal(row.user, "alice");

	right(f, &login);
	assert_ok(stauth_session_revoke(
		&f->ctx, grant.session.handle, 0, &fixture_actor, &err));
	assert_rc(stauth_session_confirm(&f->ctx, &login, &grant.session, &err),
		STAUTH_EXPIRED);
	assert_int_equal(login.verdict, STAUTH_DENY);
	struct stauth_counter counters[4];
	size_t count = 0;
	const struct stauth_counter_page page = {
		.limit = 4, .now_s = fixture_now_s};
	assert_ok(f->ctx.state->ops->throttle_list(
		f->ctx.state, &page, counters, &count, &err));
	for (size_t i = 0; i < count; i++) {
		assert_string_not_equal(counters[i].name, "account+source");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(a_fresh_proof_confirms_the_session),
		FIXTURE_TEST(c7_logout_of_what_is_gone_is_not_found),
		FIXTURE_TEST(c10_a_session_is_dead_at_its_second),
		FIXTURE_TEST(k7_c10_times_are_integers_beyond_2106),
		FIXTURE_TEST(c10_idle_sessions_die_unless_used_or_remembered),
		FIXTURE_TEST(remember_me_is_long_and_absolute),
		FIXTURE_TEST(uses_are_written_once_a_minute),
		FIXTURE_TEST(c12_over_the_limit_the_one_used_longest_ago_ends),
		FIXTURE_TEST(k8_two_devices_are_logged_in_at_once),
		FIXTURE_TEST(nobody_ends_the_session_of_another),
		FIXTURE_TEST(all_sessions_of_a_user_end_but_the_kept_one),
		FIXTURE_TEST(the_sweep_takes_the_dead_and_leaves_the_living),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
