/* SPDX-License-Identifier: MIT */
/* Invitations and the sign-ups that come by them: store/state.h. */
#include "mailfix.h"

#include "base/banned.h"

static enum stauth_rc look(struct fixture *fix, int number, int64_t now_s,
	struct stauth_invite *ret_invite)
{
	struct stauth_err err = {STAUTH_OK, ""};
	uint8_t hash[32];

	fill_hash(hash, number);
	return fix->state->ops->invite_by_hash(
		fix->state, hash, now_s, ret_invite, &err);
}

static enum stauth_rc revoke_one(struct fixture *fix, const char *id)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_audit_row row = a_change("invite.revoke").audit;

	return fix->state->ops->invite_revoke(fix->state, id, &row, NOW, &err);
}

static size_t list_from(struct fixture *fix, const char *after, size_t limit,
	int64_t now_s, struct stauth_invite *rows)
{
	struct stauth_err err = {STAUTH_OK, ""};
	const struct stauth_invite_page page = {after, limit, now_s};
	size_t count = 99;

	assert_ok(fix->state->ops->invite_list(
		fix->state, &page, rows, &count, &err));
	return count;
}

static void u20_an_invitation_is_found_until_it_is_over(void **state)
{
	struct fixture *fix = *state;
	struct stauth_invite found;
	struct stauth_invite rows[4];

	put_invite(fix, 1, 2);
	put_invite(fix, 2, 1);
	assert_int_equal(count_audit(fix, ""), 2);
	assert_done(look(fix, 1, NOW, &found));
	assert_string_equal(found.id, "invite0000000001");
	assert_string_equal(found.groups, "a,b");
	assert_string_equal(found.email, "");
	assert_int_equal(found.uses, 2);
	assert_int_equal(found.uses_left, 2);
	assert_true(found.approved);
	assert_int_equal(found.created_at, NOW);
	assert_int_equal(found.expires_at, NOW + 1000);
	assert_done(look(fix, 1, NOW + 999, &found));
	assert_rc(look(fix, 1, NOW + 1000, &found), STAUTH_NOTFOUND);
	assert_rc(look(fix, 1, NOW - 301, &found), STAUTH_NOTFOUND);
	assert_rc(look(fix, 3, NOW, &found), STAUTH_NOTFOUND);
	assert_int_equal(list_from(fix, NULL, 4, NOW, rows), 2);
	assert_int_equal(list_from(fix, rows[0].id, 4, NOW, rows), 1);
	assert_string_equal(rows[0].id, "invite0000000002");
	assert_int_equal(list_from(fix, NULL, 1, NOW, rows), 1);
	assert_int_equal(list_from(fix, NULL, 4, NOW + 1000, rows), 0);
}

static void u20_what_is_revoked_is_gone(void **state)
{
	struct fixture *fix = *state;
	struct stauth_invite found;

	put_invite(fix, 1, 2);
	put_invited(fix, 11, 1);
	assert_done(revoke_one(fix, "invite0000000001"));
	assert_rc(revoke_one(fix, "invite0000000001"), STAUTH_NOTFOUND);
	assert_int_equal(count_audit(fix, ""), 2);
	assert_rc(look(fix, 1, NOW, &found), STAUTH_NOTFOUND);
	assert_rc(verify_pending(fix, 11, 0, NOW), STAUTH_REFUSED);
}

static void u20_a_right_pin_takes_one_use(void **state)
{
	struct fixture *fix = *state;
	struct stauth_invite found;
	struct stauth_pending row;

	put_invite(fix, 1, 2);
	for (int flow = 11; flow <= 13; flow++) {
		put_invited(fix, flow, 1);
	}
	put_invited(fix, 14, 0);
	assert_done(verify_pending(fix, 11, 0, NOW + 1));
	/* A second PIN of the same browser takes no second one. */
	assert_done(verify_pending(fix, 11, 0, NOW + 2));
	assert_done(look(fix, 1, NOW, &found));
	assert_int_equal(found.uses_left, 1);
	assert_done(verify_pending(fix, 12, NOW + 5000, NOW + 3));
	assert_rc(look(fix, 1, NOW, &found), STAUTH_NOTFOUND);
	assert_rc(verify_pending(fix, 13, NOW + 5000, NOW), STAUTH_REFUSED);
	assert_done(verify_pending(fix, 14, 0, NOW));
	assert_rc(verify_pending(fix, 15, 0, NOW), STAUTH_NOTFOUND);
	/* Who waits for an administrator waits as long as he was told. */
	assert_done(pending_at(fix, 12, NOW + 4999, &row));
	assert_int_equal(row.verified_at, NOW + 3);
	assert_int_equal(row.expires_at, NOW + 5000);
	assert_string_equal(row.groups, "a,b");
	assert_true(row.invited);
	assert_done(pending_at(fix, 13, NOW, &row));
	assert_int_equal(row.verified_at, 0);
	assert_int_equal(row.expires_at, NOW + 1800);
	/* Used up, it stays in the list. */
	assert_int_equal(list_from(fix, NULL, 1, NOW, &found), 1);
	assert_int_equal(found.uses_left, 0);
	/* The form once more: what was proven is forgotten. */
	put_invited(fix, 12, 0);
	assert_done(pending_at(fix, 12, NOW, &row));
	assert_int_equal(row.verified_at, 0);
	assert_false(row.invited);
}

static void u20_who_has_an_account_takes_no_use(void **state)
{
	struct fixture *fix = *state;
	struct stauth_pending row = a_pending(11, "p@example.org");
	struct stauth_invite found;

	put_invite(fix, 1, 1);
	row.password[0] = '\0';
	row.invited = true;
	fill_hash(row.invite_hash, 1);
	assert_done(put_pending(fix, &row));
	assert_rc(verify_pending(fix, 11, 0, NOW), STAUTH_NOTFOUND);
	assert_done(look(fix, 1, NOW, &found));
}

static void u20_what_is_over_is_swept(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_invite row;
	int count = 0;

	put_invite(fix, 1, 1);
	assert_ok(fix->state->ops->expire_batch(fix->state,
		&(const struct stauth_expiry){
			.limit = 100, .now_s = NOW + 1000},
		&count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(list_from(fix, NULL, 1, NOW, &row), 0);
}

static void superusers_are_those_who_get_mail(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account rows[4];
	size_t count = 99;

	for (int i = 0; i < 5; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "user%d", i);
		struct stauth_account account = an_account(name);
		account.su = i != 0;
		account.disabled = i == 1;
		if (i != 2) {
			(void)snprintf(account.email, sizeof(account.email),
				"%s@example.org", name);
		}
		(void)add_account(fix, &account);
	}
	assert_ok(fix->accounts->ops->superusers(
		fix->accounts, 4, rows, &count, &err));
	assert_int_equal(count, 2);
	assert_string_equal(rows[0].name, "user3");
	assert_string_equal(rows[1].name, "user4");
	assert_string_equal(rows[1].password, "");
	assert_ok(fix->accounts->ops->superusers(
		fix->accounts, 1, rows, &count, &err));
	assert_int_equal(count, 1);
}

#define ON(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON(u20_an_invitation_is_found_until_it_is_over),
		ON(u20_what_is_revoked_is_gone),
		ON(u20_a_right_pin_takes_one_use),
		ON(u20_who_has_an_account_takes_no_use),
		ON(u20_what_is_over_is_swept),
		ON(superusers_are_those_who_get_mail),
	};

	RUN_ON_EVERY_PROVIDER(tests);
}
