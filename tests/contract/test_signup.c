/* SPDX-License-Identifier: MIT */
/* Sign-ups that wait, PINs and links: store/accounts.h and store/state.h. */
#include "mailfix.h"

#include "base/banned.h"

#define MAIL "ann@example.org"

static void a_browser_waits_for_one_thing(void **state)
{
	struct fixture *fix = *state;
	struct stauth_pending one = a_pending(1, MAIL);
	struct stauth_pending two = a_pending(2, MAIL);
	struct stauth_pending found;

	one.created_at = 7;
	assert_done(put_pending(fix, &one));
	assert_done(put_pending(fix, &two));
	assert_done(pending_at(fix, 1, NOW, &found));
	assert_memory_equal(found.flow_hash, one.flow_hash, 32);
	assert_string_equal(found.email, MAIL);
	assert_string_equal(found.password, one.password);
	assert_int_equal(found.created_at, NOW);
	assert_int_equal(found.expires_at, NOW + 1800);
	one = a_pending(1, "other@example.org");
	one.expires_at = NOW + 60;
	assert_done(put_pending(fix, &one));
	assert_done(pending_at(fix, 1, NOW, &found));
	assert_string_equal(found.email, "other@example.org");
	assert_string_equal(found.password, one.password);
	assert_int_equal(found.expires_at, NOW + 60);
	/* F10: the other browser's row is its own. */
	assert_done(pending_at(fix, 2, NOW, &found));
	assert_string_equal(found.password, two.password);
	assert_rc(pending_at(fix, 3, NOW, &found), STAUTH_NOTFOUND);
	assert_done(pending_at(fix, 1, NOW + 59, &found));
	assert_rc(pending_at(fix, 1, NOW + 60, &found), STAUTH_NOTFOUND);
}

static void promote_makes_the_account(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_pending one = a_pending(1, MAIL);
	struct stauth_pending two = a_pending(2, MAIL);
	struct stauth_pending bob = a_pending(3, "bob@example.org");
	struct stauth_pin pins[] = {a_pin(2, 20), a_pin(3, 30)};
	struct stauth_audit_row row;
	size_t rows = 0;
	struct stauth_account found;
	struct stauth_mail mail;
	struct stauth_pin pin;
	int64_t uid = 0;

	assert_done(put_pending(fix, &one));
	assert_done(put_pending(fix, &two));
	assert_done(put_pending(fix, &bob));
	post(fix, MAIL, "222222", &pins[0], NOW);
	post(fix, "bob@example.org", "333333", &pins[1], NOW);
	assert_done(promote(fix, &one, NOW, &uid));
	assert_ok(fix->accounts->ops->user_by_uid(
		fix->accounts, uid, &found, &err));
	assert_string_equal(found.name, MAIL);
	assert_string_equal(found.email, MAIL);
	assert_string_equal(found.password, one.password);
	assert_int_equal(found.created_at, NOW);
	assert_int_equal(count_audit(fix, ""), 1);
	assert_ok(fix->state->ops->audit_list(fix->state,
		&(const struct stauth_audit_query){.limit = 1}, &row, &rows,
		&err));
	assert_string_equal(row.event, "signup");
	assert_int_equal(row.uid, uid);
	/* Whoever else waited for the address waits no more. */
	assert_false(waits(fix, 1));
	assert_false(waits(fix, 2));
	assert_rc(look_pin(fix, 2, NOW, &pin), STAUTH_NOTFOUND);
	assert_true(waits(fix, 3));
	assert_done(look_pin(fix, 3, NOW, &pin));
	assert_done(take_mail(fix, NOW, &mail));
	assert_string_equal(mail.code, "333333");
	assert_rc(take_mail(fix, NOW, &mail), STAUTH_NOTFOUND);
	assert_rc(promote(fix, &one, NOW, &uid), STAUTH_NOTFOUND);
}

static void promote_needs_the_row_that_was_seen(void **state)
{
	struct fixture *fix = *state;
	struct stauth_pending seen = a_pending(1, MAIL);
	struct stauth_pending now = seen;
	int64_t uid = -1;

	assert_rc(promote(fix, &seen, NOW, &uid), STAUTH_NOTFOUND);
	now.password[0] = '\0';
	assert_done(put_pending(fix, &now));
	assert_rc(promote(fix, &now, NOW, &uid), STAUTH_NOTFOUND);
	assert_rc(promote(fix, &seen, NOW, &uid), STAUTH_NOTFOUND);
	now = a_pending(1, MAIL);
	(void)snprintf(now.password, sizeof(now.password), "$another");
	assert_done(put_pending(fix, &now));
	assert_rc(promote(fix, &seen, NOW, &uid), STAUTH_NOTFOUND);
	now = a_pending(1, "eve@example.org");
	memcpy(now.password, seen.password, sizeof(now.password));
	assert_done(put_pending(fix, &now));
	assert_rc(promote(fix, &seen, NOW, &uid), STAUTH_NOTFOUND);
	assert_done(put_pending(fix, &seen));
	assert_rc(promote(fix, &seen, NOW + 1800, &uid), STAUTH_NOTFOUND);
	assert_int_equal(uid, -1);
	assert_int_equal(count_audit(fix, ""), 0);
	assert_done(promote(fix, &seen, NOW + 1799, &uid));
	assert_true(uid > 0);
}

static void f8_a_taken_address_stays_whose_it_is(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account owner = an_account("owner");
	struct stauth_pending one = a_pending(1, MAIL);
	struct stauth_pin first = a_pin(1, 10);
	struct stauth_account found;
	struct stauth_pin pin;
	int64_t uid = -1;

	(void)snprintf(owner.email, sizeof(owner.email), "%s", MAIL);
	(void)add_account(fix, &owner);
	assert_done(put_pending(fix, &one));
	post(fix, MAIL, "111111", &first, NOW);
	assert_rc(promote(fix, &one, NOW, &uid), STAUTH_EXISTS);
	assert_int_equal(uid, -1);
	assert_true(waits(fix, 1));
	assert_done(look_pin(fix, 1, NOW, &pin));
	assert_ok(fix->accounts->ops->user_by_email(
		fix->accounts, MAIL, &found, &err));
	assert_string_equal(found.name, "owner");
	assert_string_equal(found.password, owner.password);
	assert_int_equal(count_audit(fix, ""), 1);
}

static void the_list_pages_and_hides(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_accounts_ops *ops = fix->accounts->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_pending rows[4];
	struct stauth_pending put;
	size_t count = 99;

	assert_ok(ops->pending_list(fix->accounts,
		&(const struct stauth_pending_page){.limit = 4, .now_s = NOW},
		rows, &count, &err));
	assert_int_equal(count, 0);
	for (int i = 1; i <= 3; i++) {
		put = a_pending(i, i == 1 ? "z@example.org" : MAIL);
		assert_done(put_pending(fix, &put));
	}
	put = a_pending(4, MAIL);
	put.password[0] = '\0';
	assert_done(put_pending(fix, &put));
	put = a_pending(5, MAIL);
	put.expires_at = NOW;
	assert_done(put_pending(fix, &put));
	assert_ok(ops->pending_list(fix->accounts,
		&(const struct stauth_pending_page){.limit = 2, .now_s = NOW},
		rows, &count, &err));
	assert_int_equal(count, 2);
	assert_string_equal(rows[0].email, MAIL);
	assert_string_equal(rows[0].password, "");
	assert_int_equal(rows[0].flow_hash[0], 2);
	assert_int_equal(rows[1].flow_hash[0], 3);
	assert_int_equal(rows[1].created_at, NOW);
	put = rows[1];
	assert_ok(ops->pending_list(fix->accounts,
		&(const struct stauth_pending_page){
			.after = &put, .limit = 2, .now_s = NOW},
		rows, &count, &err));
	assert_int_equal(count, 1);
	assert_string_equal(rows[0].email, "z@example.org");
}

static void delete_takes_every_row_of_the_address(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_accounts_ops *ops = fix->accounts->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("pending.delete");
	struct stauth_pin first = a_pin(1, 10);
	struct stauth_pending put;
	struct stauth_mail mail;
	struct stauth_pin pin;
	int count = -1;

	for (int i = 1; i <= 3; i++) {
		put = a_pending(i, i == 3 ? "z@example.org" : MAIL);
		assert_done(put_pending(fix, &put));
	}
	post(fix, MAIL, "111111", &first, NOW);
	assert_rc(ops->pending_delete(fix->accounts, "no@example.org", &change,
			  &count, &err),
		STAUTH_NOTFOUND);
	assert_int_equal(count, -1);
	assert_int_equal(count_audit(fix, ""), 0);
	assert_ok(ops->pending_delete(
		fix->accounts, MAIL, &change, &count, &err));
	assert_int_equal(count, 2);
	assert_int_equal(count_audit(fix, ""), 1);
	assert_false(waits(fix, 1));
	assert_false(waits(fix, 2));
	assert_true(waits(fix, 3));
	assert_rc(look_pin(fix, 1, NOW, &pin), STAUTH_NOTFOUND);
	assert_rc(take_mail(fix, NOW, &mail), STAUTH_NOTFOUND);
}

static void f1_five_tries_and_it_is_dead(void **state)
{
	struct fixture *fix = *state;
	struct stauth_pin first = a_pin(1, 10);
	struct stauth_pin pin;
	int left = -1;

	first.created_at = 5;
	post(fix, MAIL, "111111", &first, NOW);
	for (int i = 4; i >= 0; i--) {
		assert_done(look_pin(fix, 1, NOW, &pin));
		assert_int_equal(pin.tries_left, i + 1);
		assert_int_equal(pin.created_at, NOW);
		assert_int_equal(pin.expires_at, NOW + 1800);
		assert_string_equal(pin.purpose, "signup");
		assert_memory_equal(pin.pin_mac, first.pin_mac, 32);
		assert_rc(try_pin(fix, "signup", 1, 11, NOW, &left),
			STAUTH_BADVALUE);
		assert_int_equal(left, i);
	}
	left = -1;
	assert_rc(look_pin(fix, 1, NOW, &pin), STAUTH_NOTFOUND);
	assert_rc(try_pin(fix, "signup", 1, 10, NOW, &left), STAUTH_EXPIRED);
	assert_rc(try_pin(fix, "signup", 1, 11, NOW, &left), STAUTH_EXPIRED);
	assert_int_equal(left, -1);
}

static void a_right_pin_is_right_once(void **state)
{
	struct fixture *fix = *state;
	struct stauth_pin first = a_pin(1, 10);
	struct stauth_pin pin;
	int left = -1;

	post(fix, MAIL, "111111", &first, NOW);
	assert_rc(try_pin(fix, "signup", 1, 10, NOW + 1800, &left),
		STAUTH_EXPIRED);
	assert_rc(look_pin(fix, 1, NOW + 1800, &pin), STAUTH_NOTFOUND);
	assert_done(look_pin(fix, 1, NOW + 1799, &pin));
	assert_int_equal(pin.tries_left, 5);
	/* The last of the five may be the right one. */
	for (int i = 0; i < 4; i++) {
		assert_rc(try_pin(fix, "signup", 1, 11, NOW, &left),
			STAUTH_BADVALUE);
	}
	assert_done(try_pin(fix, "signup", 1, 10, NOW + 1799, &left));
	assert_rc(try_pin(fix, "signup", 1, 10, NOW, &left), STAUTH_EXPIRED);
	assert_rc(look_pin(fix, 1, NOW, &pin), STAUTH_NOTFOUND);
}

static void f5_a_pin_is_for_one_flow_and_purpose(void **state)
{
	struct fixture *fix = *state;
	struct stauth_pin first = a_pin(1, 10);
	struct stauth_pin other = a_pin(2, 20);
	struct stauth_pin newer = a_pin(1, 12);
	struct stauth_pin pin;
	int left = -1;

	post(fix, MAIL, "111111", &first, NOW);
	post(fix, MAIL, "222222", &other, NOW);
	assert_rc(try_pin(fix, "signup", 2, 10, NOW, &left), STAUTH_BADVALUE);
	assert_rc(try_pin(fix, "other", 1, 10, NOW, &left), STAUTH_EXPIRED);
	assert_rc(try_pin(fix, "signup", 3, 10, NOW, &left), STAUTH_EXPIRED);
	assert_done(look_pin(fix, 1, NOW, &pin));
	assert_int_equal(pin.tries_left, 5);
	/* F2, F5: a new one, and the old one is a wrong one. */
	assert_rc(try_pin(fix, "signup", 1, 11, NOW, &left), STAUTH_BADVALUE);
	post(fix, MAIL, "333333", &newer, NOW + 60);
	assert_done(look_pin(fix, 1, NOW + 60, &pin));
	assert_int_equal(pin.tries_left, 5);
	assert_int_equal(pin.created_at, NOW + 60);
	assert_rc(try_pin(fix, "signup", 1, 10, NOW, &left), STAUTH_BADVALUE);
	assert_done(try_pin(fix, "signup", 1, 12, NOW, &left));
	assert_done(try_pin(fix, "signup", 2, 20, NOW, &left));
}

static void f12_f13_a_link_works_once_and_the_newest_only(void **state)
{
	struct fixture *fix = *state;
	struct stauth_reset reset;

	assert_done(put_reset(fix, 1, 7, NULL));
	assert_done(put_reset(fix, 2, 8, NULL));
	for (int i = 0; i < 5; i++) {
		assert_done(look_reset(fix, 1, NOW + 1799, &reset));
	}
	assert_int_equal(reset.uid, 7);
	assert_int_equal(reset.epoch, 3);
	assert_int_equal(reset.created_at, NOW);
	assert_int_equal(reset.expires_at, NOW + 1800);
	assert_rc(look_reset(fix, 1, NOW + 1800, &reset), STAUTH_NOTFOUND);
	assert_rc(take_reset(fix, 1, NOW + 1800, &reset), STAUTH_NOTFOUND);
	assert_rc(take_reset(fix, 9, NOW, &reset), STAUTH_NOTFOUND);
	assert_done(put_reset(fix, 3, 7, NULL));
	assert_rc(look_reset(fix, 1, NOW, &reset), STAUTH_NOTFOUND);
	assert_rc(take_reset(fix, 1, NOW, &reset), STAUTH_NOTFOUND);
	memset(&reset, 0, sizeof(reset));
	assert_done(take_reset(fix, 3, NOW, &reset));
	assert_int_equal(reset.uid, 7);
	assert_int_equal(reset.epoch, 3);
	assert_rc(take_reset(fix, 3, NOW, &reset), STAUTH_NOTFOUND);
	assert_rc(look_reset(fix, 3, NOW, &reset), STAUTH_NOTFOUND);
	assert_done(take_reset(fix, 2, NOW, &reset));
	assert_int_equal(reset.uid, 8);
}

static void f12_what_ends_sessions_ends_the_link(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_accounts_ops *ops = fix->accounts->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account alice = add_user(fix, "alice");
	struct stauth_account bob = add_user(fix, "bob");
	struct stauth_mail link = a_mail(MAIL, "token-of-alice");
	struct stauth_change change = a_change("user.change");
	struct stauth_reset reset;
	struct stauth_mail mail;
	int ended = 0;

	assert_done(put_reset(fix, 1, alice.uid, &link));
	assert_done(put_reset(fix, 2, bob.uid, NULL));
	assert_ok(ops->password_set(fix->accounts,
		&(const struct stauth_password_row){
			alice.uid, -1, "$new", false, 0},
		&change, &ended, &err));
	assert_done(look_reset(fix, 1, NOW, &reset));
	change.end_sessions = true;
	assert_ok(ops->password_set(fix->accounts,
		&(const struct stauth_password_row){
			alice.uid, -1, "$newer", false, 0},
		&change, &ended, &err));
	assert_rc(look_reset(fix, 1, NOW, &reset), STAUTH_NOTFOUND);
	assert_rc(take_mail(fix, NOW, &mail), STAUTH_NOTFOUND);
	change.end_sessions = false;
	change.raise_epoch = true;
	assert_done(put_reset(fix, 3, alice.uid, NULL));
	alice.disabled = true;
	assert_ok(
		ops->user_update(fix->accounts, &alice, &change, &ended, &err));
	assert_rc(look_reset(fix, 3, NOW, &reset), STAUTH_NOTFOUND);
	change.raise_epoch = false;
	assert_done(put_reset(fix, 4, alice.uid, NULL));
	assert_ok(ops->user_delete(
		fix->accounts, alice.uid, &change, &ended, &err));
	assert_rc(look_reset(fix, 4, NOW, &reset), STAUTH_NOTFOUND);
	assert_done(look_reset(fix, 2, NOW, &reset));
}

#define ON(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON(a_browser_waits_for_one_thing),
		ON(promote_makes_the_account),
		ON(promote_needs_the_row_that_was_seen),
		ON(f8_a_taken_address_stays_whose_it_is),
		ON(the_list_pages_and_hides),
		ON(delete_takes_every_row_of_the_address),
		ON(f1_five_tries_and_it_is_dead),
		ON(a_right_pin_is_right_once),
		ON(f5_a_pin_is_for_one_flow_and_purpose),
		ON(f12_f13_a_link_works_once_and_the_newest_only),
		ON(f12_what_ends_sessions_ends_the_link),
	};

	RUN_ON_EVERY_PROVIDER(tests);
}
