/* SPDX-License-Identifier: MIT */
/* A clock that jumps: store/state.h, 12 and 13, on every provider. */
#include "mailfix.h"

#include "store/rate_limit.h"

#include "base/banned.h"

#define MAIL  "ann@example.org"
#define DAY   INT64_C(86400)
#define YEAR  (365 * DAY)
#define SLACK STAUTH_CLOCK_SLACK_S

/* A log-in of this number at an instant, for an hour. */
static void log_in(struct fixture *fix, const struct stauth_account *account,
	int number, int64_t now_s)
{
	struct stauth_login_commit login = a_login(account, number);

	login.sessions_max = 3;
	login.session.auth_at = now_s;
	login.session.confirmed_at = now_s;
	login.session.expires_at = now_s + 3600;
	assert_rc(commit_at(fix, &login, now_s), STAUTH_OK);
}

static enum stauth_rc by_handle(
	struct fixture *fix, const char *handle, int64_t now_s)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_session session;

	return fix->state->ops->session_by_handle(fix->state, handle,
		&(const struct stauth_alive){.now_s = now_s}, &session, &err);
}

static size_t listed(struct fixture *fix, int64_t uid, int64_t now_s)
{
	const struct stauth_session_query query = {
		.uid = uid, .limit = 8, .now_s = now_s};
	struct stauth_session sessions[8];

	return list_sessions(fix, &query, sessions);
}

static void x18_a_session_from_the_future_is_dead(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");

	log_in(fix, &alice, 1, NOW + YEAR);
	assert_rc(find_at(fix, 1, 0, NOW + YEAR), STAUTH_OK);
	assert_rc(find_at(fix, 1, 0, NOW), STAUTH_NOTFOUND);
	assert_rc(find_at(fix, 1, 600, NOW), STAUTH_NOTFOUND);
	assert_rc(by_handle(fix, "handle0000000001", NOW), STAUTH_NOTFOUND);
	assert_int_equal(listed(fix, 0, NOW), 0);
	assert_int_equal(listed(fix, alice.uid, NOW), 0);
	/* And harms no log-in of now. */
	log_in(fix, &alice, 2, NOW);
	assert_rc(find_at(fix, 2, 0, NOW), STAUTH_OK);
	assert_int_equal(listed(fix, alice.uid, NOW), 1);
}

static void x19_what_was_seen_later_is_not_revived(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_login_commit login = a_login(&alice, 1);
	struct stauth_touch touch = {"handle0000000001", NOW + DAY};

	/* As long as a year, without idle limit: only the clock ends it. */
	login.session.remember = true;
	login.session.expires_at = NOW + YEAR;
	assert_rc(commit_at(fix, &login, NOW), STAUTH_OK);
	assert_ok(fix->state->ops->session_touch(fix->state, &touch, 1, &err));
	assert_rc(find_at(fix, 1, 0, NOW + DAY), STAUTH_OK);
	assert_rc(find_at(fix, 1, 0, NOW), STAUTH_NOTFOUND);
	/* One that was over, and comes into its time again. */
	log_in(fix, &alice, 2, NOW);
	touch.seen_at = NOW + 3599;
	memcpy(touch.handle, "handle0000000002", sizeof(touch.handle));
	assert_ok(fix->state->ops->session_touch(fix->state, &touch, 1, &err));
	assert_rc(find_at(fix, 2, 0, NOW + 3600), STAUTH_NOTFOUND);
	assert_rc(find_at(fix, 2, 0, NOW + 100), STAUTH_NOTFOUND);
}

static void x19_small_steps_harm_nobody(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_pending pending;
	struct stauth_pending wait = a_pending(1, MAIL);
	struct stauth_pin pin = a_pin(1, 10);
	struct stauth_reset reset;

	log_in(fix, &alice, 1, NOW);
	assert_rc(find_at(fix, 1, 600, NOW - SLACK), STAUTH_OK);
	assert_rc(find_at(fix, 1, 600, NOW - SLACK - 1), STAUTH_NOTFOUND);
	assert_rc(by_handle(fix, "handle0000000001", NOW - SLACK), STAUTH_OK);
	assert_int_equal(listed(fix, 0, NOW - SLACK), 1);
	assert_int_equal(listed(fix, 0, NOW - SLACK - 1), 0);
	assert_done(put_pending(fix, &wait));
	post(fix, MAIL, "111111", &pin, NOW);
	assert_done(put_reset(fix, 1, 7, NULL));
	assert_done(pending_at(fix, 1, NOW - SLACK, &pending));
	assert_done(look_pin(fix, 1, NOW - SLACK, &pin));
	assert_done(look_reset(fix, 1, NOW - SLACK, &reset));
}

static void x19_the_check_sees_the_same_future(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	int64_t now_s = fix->check.check->ops->now(fix->check.check);

	log_in(fix, &alice, 1, now_s + SLACK - 60);
	assert_int_equal(verdict_of(fix, 1), STAUTH_ALLOW);
	/* From the row that was kept, too. */
	assert_int_equal(verdict_of(fix, 1), STAUTH_ALLOW);
	log_in(fix, &alice, 2, now_s + SLACK + 60);
	assert_int_equal(verdict_of(fix, 2), STAUTH_DENY);
	assert_int_equal(verdict_of(fix, 2), STAUTH_DENY);
	log_in(fix, &alice, 3, now_s + YEAR);
	assert_int_equal(verdict_of(fix, 3), STAUTH_DENY);
}

/* Else it would live again when that time comes; and as those used last they
 * would push the present ones out. */
static void x18_the_next_log_in_ends_them(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_account bob = add_user(fix, "bob");

	for (int i = 1; i <= 3; i++) {
		log_in(fix, &alice, i, NOW + YEAR);
	}
	log_in(fix, &bob, 11, NOW + YEAR);
	for (int i = 4; i <= 6; i++) {
		log_in(fix, &alice, i, NOW);
	}
	assert_int_equal(listed(fix, alice.uid, NOW), 3);
	for (int i = 1; i <= 3; i++) {
		assert_rc(find_at(fix, i, 0, NOW + YEAR), STAUTH_NOTFOUND);
	}
	assert_rc(find_at(fix, 11, 0, NOW + YEAR), STAUTH_OK);
}

static void x19_a_sweep_in_1970_costs_nobody_anything(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_pin pin = a_pin(1, 10);
	struct stauth_mail mail;
	int count = -1;

	log_in(fix, &alice, 1, NOW);
	post(fix, MAIL, "111111", &pin, NOW);
	assert_rc(find_at(fix, 1, 0, 1000), STAUTH_NOTFOUND);
	assert_ok(fix->state->ops->expire_batch(fix->state,
		&(const struct stauth_expiry){.idle_s = 600,
			.audit_before_s = 1000 - 400 * DAY,
			.limit = 100,
			.now_s = 1000},
		&count, &err));
	assert_int_equal(count, 0);
	assert_rc(find_at(fix, 1, 0, NOW), STAUTH_OK);
	assert_done(look_pin(fix, 1, NOW, &pin));
	assert_done(take_mail(fix, NOW, &mail));
	assert_string_equal(mail.code, "111111");
}

static void x18_devices_from_the_future_are_unknown(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_state_ops *ops = fix->state->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_device device = {.uid = alice.uid, .epoch = alice.epoch};
	uint8_t hash[32];

	fill_hash(hash, 1);
	device.expires_at = NOW + 180 * DAY;
	assert_ok(ops->device_put(fix->state, hash, &device, NOW, &err));
	device.expires_at = NOW + YEAR + 180 * DAY;
	assert_ok(ops->device_put(fix->state, hash, &device, NOW + YEAR, &err));
	assert_rc(ops->device_by_hash(fix->state, hash, NOW, &device, &err),
		STAUTH_NOTFOUND);
	/* The next use makes it one of now: PAM's have the same hash always. */
	device.expires_at = NOW + 180 * DAY;
	assert_ok(ops->device_put(fix->state, hash, &device, NOW, &err));
	assert_ok(ops->device_by_hash(fix->state, hash, NOW, &device, &err));
	assert_int_equal(device.expires_at, NOW + 180 * DAY);
}

static void x18_pins_links_and_sign_ups_from_the_future_are_dead(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	int64_t then = NOW - YEAR;
	struct stauth_pending wait = a_pending(1, MAIL);
	struct stauth_pending found[2];
	struct stauth_reset reset;
	struct stauth_pin pin = a_pin(1, 10);
	size_t count = 9;
	int left = -1;

	assert_done(put_pending(fix, &wait));
	post(fix, MAIL, "111111", &pin, NOW);
	assert_done(put_reset(fix, 1, 7, NULL));
	assert_rc(look_pin(fix, 1, then, &pin), STAUTH_NOTFOUND);
	assert_rc(try_pin(fix, "signup", 1, 10, then, &left), STAUTH_EXPIRED);
	assert_rc(pending_at(fix, 1, then, &found[0]), STAUTH_NOTFOUND);
	assert_rc(promote(fix, &wait, then, NULL), STAUTH_NOTFOUND);
	assert_ok(fix->accounts->ops->pending_list(fix->accounts,
		&(const struct stauth_pending_page){.limit = 2, .now_s = then},
		found, &count, &err));
	assert_int_equal(count, 0);
	assert_rc(look_reset(fix, 1, then, &reset), STAUTH_NOTFOUND);
	assert_rc(take_reset(fix, 1, then, &reset), STAUTH_NOTFOUND);
	/* A try that found nothing took none away. */
	assert_done(look_pin(fix, 1, NOW, &pin));
	assert_int_equal(pin.tries_left, 5);
	assert_done(look_reset(fix, 1, NOW, &reset));
}

/* Steps of a little and of a lot; each wait comes to its end. */
static void x18_x19_no_wait_is_longer_than_the_longest(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit growing = {.name = "growing",
		.key = "alice",
		.free = 5,
		.window_s = 3600,
		.first_wait_s = 1,
		.max_wait_s = 60};
	struct stauth_rate_limit closed = {.name = "closed",
		.key = "alice",
		.free = 5,
		.window_s = 600,
		.fixed_window = true,
		.closed_when_full = true};
	struct stauth_counter counts[2];
	struct stauth_err err = {STAUTH_OK, ""};
	const int64_t steps[] = {100, 4000, DAY, YEAR};
	size_t count = 0;
	int64_t now_s = NOW + 2 * YEAR;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		for (int n = 0; n < 12; n++) {
			fail_always(fix, &growing, now_s);
			(void)fail_at(fix, &closed, 1, now_s);
		}
		now_s -= steps[i];
		assert_int_equal(fail_at(fix, &growing, 1, now_s), 60);
		assert_int_equal(fail_at(fix, &growing, 1, now_s + 30), 30);
		assert_int_equal(fail_at(fix, &growing, 1, now_s + 59), 1);
		assert_int_equal(fail_at(fix, &growing, 1, now_s + 60), 0);
		assert_int_equal(fail_at(fix, &closed, 1, now_s), 600);
		assert_int_equal(fail_at(fix, &closed, 1, now_s + 599), 1);
		assert_int_equal(fail_at(fix, &closed, 1, now_s + 600), 0);
		/* What is shown is not a year either. */
		assert_ok(fix->state->ops->throttle_list(fix->state,
			&(const struct stauth_counter_page){
				.limit = 2, .now_s = now_s - YEAR},
			counts, &count, &err));
		assert_int_equal(count, 2);
		assert_int_equal(stauth_rate_limit_wait_s(&growing,
					 counts[1].failures, counts[1].first_at,
					 counts[1].last_at, now_s - YEAR),
			60);
	}
}

/* The mail throttle's, too: refused, nothing else is written with it. */
static void x18_the_limits_of_mail_open_again(void **state)
{
	struct fixture *fix = *state;
	struct stauth_rate_limit limit = {.name = "mail",
		.key = MAIL,
		.free = 1,
		.window_s = 600,
		.fixed_window = true,
		.closed_when_full = true};
	struct stauth_limits limits = limits_of(&limit, 1);
	struct stauth_mail mail = a_mail(MAIL, "111111");
	struct stauth_mail_commit commit = {.limits = &limits, .mail = &mail};

	commit.audit = a_change("signup.ask").audit;
	assert_rc(commit_mail(fix, &commit, NOW + YEAR), STAUTH_OK);
	assert_rc(commit_mail(fix, &commit, NOW), STAUTH_THROTTLED);
	assert_rc(commit_mail(fix, &commit, NOW + 599), STAUTH_THROTTLED);
	assert_int_equal(count_audit(fix, ""), 1);
	assert_rc(commit_mail(fix, &commit, NOW + 600), STAUTH_OK);
	assert_int_equal(count_audit(fix, ""), 2);
}

static void x18_mails_put_off_by_a_year_go_out(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_state_ops *ops = fix->state->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_mail mail = a_mail(MAIL, "");
	struct stauth_mail_commit commit = {.mail = &mail};
	int64_t id;

	mail.expires_at = NOW + 2 * YEAR;
	assert_rc(commit_mail(fix, &commit, NOW), STAUTH_OK);
	assert_done(take_mail(fix, NOW + YEAR, &mail));
	id = mail.id;
	assert_ok(ops->mail_later(fix->state, id, NOW + YEAR + 600, &err));
	assert_done(take_mail(fix, NOW, &mail));
	assert_int_equal(mail.id, id);
	/* Its lease is one of now. */
	assert_rc(take_mail(fix, NOW + 59, &mail), STAUTH_NOTFOUND);
	assert_done(take_mail(fix, NOW + 60, &mail));
	/* The longest pause there is stays one. */
	assert_ok(ops->mail_later(fix->state, id, NOW + 3600, &err));
	assert_rc(take_mail(fix, NOW, &mail), STAUTH_NOTFOUND);
	assert_rc(take_mail(fix, NOW - SLACK, &mail), STAUTH_NOTFOUND);
	assert_rc(take_mail(fix, NOW + 3599, &mail), STAUTH_NOTFOUND);
	assert_done(take_mail(fix, NOW + 3600, &mail));
}

static void x18_the_last_log_in_is_one_of_now(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice = add_user(fix, "alice");
	const int64_t at[] = {NOW + YEAR, NOW, NOW - 10};
	const int64_t shown[] = {NOW + YEAR, NOW, NOW};

	for (int i = 0; i < 3; i++) {
		log_in(fix, &alice, i, at[i]);
		assert_ok(fix->accounts->ops->user_by_uid(
			fix->accounts, alice.uid, &alice, &err));
		assert_int_equal(alice.last_login_at, shown[i]);
	}
}

#define ON(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON(x18_a_session_from_the_future_is_dead),
		ON(x19_what_was_seen_later_is_not_revived),
		ON(x19_small_steps_harm_nobody),
		ON(x19_the_check_sees_the_same_future),
		ON(x18_the_next_log_in_ends_them),
		ON(x19_a_sweep_in_1970_costs_nobody_anything),
		ON(x18_devices_from_the_future_are_unknown),
		ON(x18_pins_links_and_sign_ups_from_the_future_are_dead),
		ON(x18_x19_no_wait_is_longer_than_the_longest),
		ON(x18_the_limits_of_mail_open_again),
		ON(x18_mails_put_off_by_a_year_go_out),
		ON(x18_the_last_log_in_is_one_of_now),
	};

	RUN_ON_EVERY_PROVIDER(tests);
}
