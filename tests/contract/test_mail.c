/* SPDX-License-Identifier: MIT */
/* The outbox and the notices: store/state.h, store/accounts.h. */
#include "mailfix.h"

#include "base/banned.h"

#define MAIL "ann@example.org"

static struct stauth_rate_limit a_limit(
	const char *name, int most, int64_t window_s)
{
	struct stauth_rate_limit limit;

	memset(&limit, 0, sizeof(limit));
	limit.name = name;
	(void)snprintf(limit.key, sizeof(limit.key), "%s", MAIL);
	limit.free = most;
	limit.window_s = window_s;
	limit.fixed_window = true;
	limit.closed_when_full = true;
	return limit;
}

static void a_mail_is_handed_out_whole(void **state)
{
	struct fixture *fix = *state;
	struct stauth_mail mail;

	memset(&mail, 0, sizeof(mail));
	assert_rc(take_mail(fix, NOW, &mail), STAUTH_NOTFOUND);
	assert_int_equal(mail.id, 0);
	post(fix, MAIL, "123456", NULL, NOW);
	assert_rc(take_mail(fix, NOW - 1, &mail), STAUTH_NOTFOUND);
	assert_done(take_mail(fix, NOW, &mail));
	assert_true(mail.id > 0);
	assert_string_equal(mail.kind, "signup-pin");
	assert_string_equal(mail.recipient, MAIL);
	assert_string_equal(mail.user, MAIL);
	assert_string_equal(mail.code, "123456");
	assert_string_equal(mail.message_id, "messageid0000001");
	assert_int_equal(mail.created_at, NOW);
	assert_int_equal(mail.expires_at, NOW + 1800);
	assert_int_equal(mail.tries, 1);
}

static void a_lease_belongs_to_one_worker(void **state)
{
	struct fixture *fix = *state;
	struct stauth_mail first;
	struct stauth_mail mail;

	post(fix, "a@example.org", "111111", NULL, NOW);
	post(fix, "b@example.org", "222222", NULL, NOW - 5);
	/* Due longest first. */
	assert_done(take_mail(fix, NOW, &mail));
	assert_string_equal(mail.code, "222222");
	assert_done(take_mail(fix, NOW + 1, &first));
	assert_string_equal(first.code, "111111");
	assert_rc(take_mail(fix, NOW + 59, &mail), STAUTH_NOTFOUND);
	/* Its worker died: it comes back, as it was. */
	assert_done(take_mail(fix, NOW + 60, &mail));
	assert_string_equal(mail.code, "222222");
	assert_int_equal(mail.tries, 2);
	assert_done(take_mail(fix, NOW + 61, &mail));
	assert_int_equal(mail.id, first.id);
	assert_string_equal(mail.message_id, first.message_id);
}

static void later_is_later_and_done_is_gone(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_state_ops *ops = fix->state->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_audit_row audit = a_change("mail.sent").audit;
	struct stauth_mail mail;
	int64_t id;

	post(fix, MAIL, "111111", NULL, NOW);
	assert_done(take_mail(fix, NOW, &mail));
	id = mail.id;
	assert_ok(ops->mail_later(fix->state, id, NOW + 500, &err));
	assert_rc(take_mail(fix, NOW + 499, &mail), STAUTH_NOTFOUND);
	assert_done(take_mail(fix, NOW + 500, &mail));
	assert_int_equal(mail.id, id);
	assert_int_equal(mail.tries, 2);
	assert_ok(ops->mail_done(fix->state, id, &audit, NOW, &err));
	assert_int_equal(count_audit(fix, ""), 1);
	assert_rc(take_mail(fix, NOW + 1700, &mail), STAUTH_NOTFOUND);
	/* A slower worker's words change nothing. */
	assert_ok(ops->mail_done(fix->state, id, NULL, NOW, &err));
	assert_ok(ops->mail_later(fix->state, id, NOW, &err));
	assert_rc(take_mail(fix, NOW, &mail), STAUTH_NOTFOUND);
	/* The number is never another mail's. */
	post(fix, MAIL, "222222", NULL, NOW);
	assert_done(take_mail(fix, NOW, &mail));
	assert_true(mail.id > id);
}

static void x21_expired_mail_is_never_taken(void **state)
{
	struct fixture *fix = *state;
	struct stauth_mail mail;

	post(fix, MAIL, "111111", NULL, NOW);
	post(fix, MAIL, "222222", NULL, NOW + 10);
	assert_rc(take_mail(fix, NOW + 1800, &mail), STAUTH_NOTFOUND);
	/* It was dropped, so a clock that goes back finds none either. */
	assert_rc(take_mail(fix, NOW + 100, &mail), STAUTH_NOTFOUND);
}

static void one_of_two_that_expired_is_left(void **state)
{
	struct fixture *fix = *state;
	struct stauth_mail long_one = a_mail(MAIL, "222222");
	struct stauth_mail_commit commit;
	struct stauth_mail mail;

	memset(&commit, 0, sizeof(commit));
	commit.mail = &long_one;
	long_one.expires_at = NOW + 1801;
	post(fix, MAIL, "111111", NULL, NOW);
	assert_done(commit_mail(fix, &commit, NOW));
	assert_done(take_mail(fix, NOW + 1800, &mail));
	assert_string_equal(mail.code, "222222");
	assert_rc(take_mail(fix, NOW + 1800, &mail), STAUTH_NOTFOUND);
}

static void a_full_outbox_writes_nothing(void **state)
{
	struct fixture *fix = *state;
	struct stauth_pin pin = a_pin(1, 10);
	struct stauth_mail mail = a_mail(MAIL, "333333");
	struct stauth_rate_limit limit = a_limit("mail", 1, 60);
	struct stauth_mail_commit commit;
	struct stauth_pin found;

	post(fix, "a@example.org", "111111", NULL, NOW);
	post(fix, "b@example.org", "222222", NULL, NOW);
	memset(&commit, 0, sizeof(commit));
	struct stauth_limits limits = limits_of(&limit, 1);
	commit.limits = &limits;
	commit.mail = &mail;
	commit.pin = &pin;
	commit.outbox_max = 2;
	commit.audit = a_change("signup.ask").audit;
	assert_rc(commit_mail(fix, &commit, NOW), STAUTH_EBUSY);
	assert_rc(look_pin(fix, 1, NOW, &found), STAUTH_NOTFOUND);
	assert_int_equal(count_audit(fix, ""), 0);
	commit.outbox_max = 3;
	/* The refused one was not counted either. */
	assert_done(commit_mail(fix, &commit, NOW));
	assert_done(look_pin(fix, 1, NOW, &found));
	assert_int_equal(count_audit(fix, ""), 1);
	assert_rc(commit_mail(fix, &commit, NOW), STAUTH_THROTTLED);
	/* The newer one of the same browser takes the older one's place. */
	assert_done(commit_mail(fix, &commit, NOW + 60));
	commit.outbox_max = 2;
	assert_rc(commit_mail(fix, &commit, NOW + 120), STAUTH_EBUSY);
	/* What expired takes no room. */
	mail.expires_at = NOW + 9000;
	pin.expires_at = NOW + 9000;
	assert_done(commit_mail(fix, &commit, NOW + 1800));
}

static void a_newer_pin_takes_the_older_mail_along(void **state)
{
	struct fixture *fix = *state;
	struct stauth_pin pins[] = {a_pin(1, 10), a_pin(1, 11), a_pin(2, 20)};
	struct stauth_mail link = a_mail(MAIL, "first-token");
	struct stauth_mail mail;

	post(fix, MAIL, "111111", &pins[0], NOW);
	post(fix, MAIL, "333333", &pins[2], NOW + 1);
	post(fix, MAIL, "222222", &pins[1], NOW + 2);
	assert_done(put_reset(fix, 1, 7, &link));
	(void)snprintf(link.code, sizeof(link.code), "second-token");
	assert_done(put_reset(fix, 2, 7, &link));
	assert_done(take_mail(fix, NOW + 9, &mail));
	assert_string_equal(mail.code, "second-token");
	assert_done(take_mail(fix, NOW + 9, &mail));
	assert_string_equal(mail.code, "333333");
	assert_done(take_mail(fix, NOW + 9, &mail));
	assert_string_equal(mail.code, "222222");
	assert_rc(take_mail(fix, NOW + 9, &mail), STAUTH_NOTFOUND);
}

static void f7_limits_are_counted_with_the_mail(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_state_ops *ops = fix->state->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_rate_limit both[] = {
		a_limit("pause", 1, 60), a_limit("mail", 3, 3600)};
	struct stauth_mail mail = a_mail(MAIL, "111111");
	struct stauth_mail_commit commit;
	int64_t wait_s = -1;

	memset(&commit, 0, sizeof(commit));
	struct stauth_limits limits = limits_of(both, 2);
	commit.limits = &limits;
	commit.mail = &mail;
	commit.outbox_max = 1000;
	assert_ok(ops->mail_commit(fix->state, &commit, NOW, &wait_s, &err));
	assert_int_equal(wait_s, -1);
	assert_rc(
		ops->mail_commit(fix->state, &commit, NOW + 59, &wait_s, &err),
		STAUTH_THROTTLED);
	assert_int_equal(wait_s, 1);
	assert_ok(
		ops->mail_commit(fix->state, &commit, NOW + 60, &wait_s, &err));
	assert_ok(ops->mail_commit(
		fix->state, &commit, NOW + 120, &wait_s, &err));
	assert_rc(
		ops->mail_commit(fix->state, &commit, NOW + 180, &wait_s, &err),
		STAUTH_THROTTLED);
	assert_int_equal(wait_s, 3420);
	limits.never_refuse = true;
	assert_ok(ops->mail_commit(
		fix->state, &commit, NOW + 181, &wait_s, &err));
	limits.never_refuse = false;
	assert_rc(ops->mail_commit(
			  fix->state, &commit, NOW + 3599, &wait_s, &err),
		STAUTH_THROTTLED);
	assert_int_equal(wait_s, 1);
	assert_ok(ops->mail_commit(
		fix->state, &commit, NOW + 3600, &wait_s, &err));
}

static void take_notice(struct fixture *fix, const char *user)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_mail mail;

	assert_done(take_mail(fix, NOW, &mail));
	assert_string_equal(mail.kind, "password-changed");
	assert_string_equal(mail.user, user);
	assert_string_equal(mail.code, "");
	assert_ok(fix->state->ops->mail_done(
		fix->state, mail.id, NULL, NOW, &err));
	assert_rc(take_mail(fix, NOW, &mail), STAUTH_NOTFOUND);
}

static void notices_go_with_the_change(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_accounts_ops *ops = fix->accounts->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_mail notice = a_mail(MAIL, "");
	struct stauth_change change = a_change("user.change");
	struct stauth_account alice = an_account("alice");
	struct stauth_pending wait = a_pending(1, MAIL);
	struct stauth_account made = account_of(&wait);
	struct stauth_mail mail;
	int64_t uid = 0;
	int ended = 0;

	(void)snprintf(notice.kind, sizeof(notice.kind), "password-changed");
	(void)snprintf(notice.user, sizeof(notice.user), "alice");
	change.notice = &notice;
	assert_ok(ops->user_insert(fix->accounts, &alice, &change, &uid, &err));
	take_notice(fix, "alice");
	assert_rc(ops->user_insert(fix->accounts, &alice, &change, &uid, &err),
		STAUTH_EXISTS);
	assert_rc(take_mail(fix, NOW, &mail), STAUTH_NOTFOUND);
	assert_ok(ops->user_by_uid(fix->accounts, uid, &alice, &err));
	assert_ok(
		ops->user_update(fix->accounts, &alice, &change, &ended, &err));
	take_notice(fix, "alice");
	assert_ok(ops->password_set(fix->accounts,
		&(const struct stauth_password_row){uid, -1, "$new", false, 0},
		&change, &ended, &err));
	take_notice(fix, "alice");
	assert_rc(ops->password_set(fix->accounts,
			  &(const struct stauth_password_row){
				  uid, 99, "$new", false, 0},
			  &change, &ended, &err),
		STAUTH_EXPIRED);
	assert_rc(take_mail(fix, NOW, &mail), STAUTH_NOTFOUND);
	assert_ok(ops->user_delete(fix->accounts, uid, &change, &ended, &err));
	take_notice(fix, "alice");
	assert_done(put_pending(fix, &wait));
	assert_ok(ops->pending_promote(fix->accounts,
		&(const struct stauth_promotion){wait.flow_hash, &made},
		&change, &uid, &err));
	take_notice(fix, "alice");
	assert_done(put_pending(fix, &wait));
	assert_ok(ops->pending_delete(
		fix->accounts, MAIL, &change, &ended, &err));
	take_notice(fix, "alice");
}

static void what_is_over_is_swept(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_pin pin = a_pin(1, 10);
	struct stauth_pending wait = a_pending(1, MAIL);
	struct stauth_pending found;
	struct stauth_reset reset;
	int count = -1;
	int all = 0;

	assert_done(put_pending(fix, &wait));
	post(fix, MAIL, "111111", &pin, NOW);
	assert_done(put_reset(fix, 1, 7, NULL));
	assert_ok(fix->state->ops->expire_batch(fix->state,
		&(const struct stauth_expiry){
			.limit = 100, .now_s = NOW + 1799},
		&count, &err));
	assert_int_equal(count, 0);
	assert_done(look_pin(fix, 1, NOW, &pin));
	assert_done(look_reset(fix, 1, NOW, &reset));
	assert_done(pending_at(fix, 1, NOW, &found));
	do {
		assert_ok(fix->state->ops->expire_batch(fix->state,
			&(const struct stauth_expiry){
				.limit = 1, .now_s = NOW + 1800},
			&count, &err));
		assert_true(count <= 1);
		all += count;
	} while (count > 0);
	assert_int_equal(all, 4);
	assert_rc(look_pin(fix, 1, NOW, &pin), STAUTH_NOTFOUND);
	assert_rc(look_reset(fix, 1, NOW, &reset), STAUTH_NOTFOUND);
	assert_rc(pending_at(fix, 1, NOW, &found), STAUTH_NOTFOUND);
}

#define ON(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON(a_mail_is_handed_out_whole),
		ON(a_lease_belongs_to_one_worker),
		ON(later_is_later_and_done_is_gone),
		ON(x21_expired_mail_is_never_taken),
		ON(one_of_two_that_expired_is_left),
		ON(a_full_outbox_writes_nothing),
		ON(a_newer_pin_takes_the_older_mail_along),
		ON(f7_limits_are_counted_with_the_mail),
		ON(notices_go_with_the_change),
		ON(what_is_over_is_swept),
	};

	RUN_ON_EVERY_PROVIDER(tests);
}
