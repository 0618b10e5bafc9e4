/* SPDX-License-Identifier: MIT */
/* What every provider of accounts must do: store/accounts.h. */
#include "fixture.h"

#include "base/banned.h"

static void reads_back_what_was_written(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account in = an_account("alice@example.com");
	struct stauth_account out;
	struct stauth_account again;

	(void)snprintf(in.email, sizeof(in.email), "alice@example.com");
	(void)snprintf(in.display_name, sizeof(in.display_name),
		"Al\xc3\xad"
		"ce");
	(void)snprintf(in.groups, sizeof(in.groups), "dev,ops");
	in.su = true;
	in.system_login = true;
	in.must_change = true;
	in.password_expires_at = NOW + 3600;
	out = add_account(fix, &in);
	assert_true(out.uid > 0);
	assert_true(out.epoch > 0);
	assert_string_equal(out.name, in.name);
	assert_string_equal(out.email, in.email);
	assert_string_equal(out.display_name, in.display_name);
	assert_string_equal(out.groups, in.groups);
	assert_string_equal(out.password, in.password);
	assert_true(out.su && out.system_login && out.must_change);
	assert_false(out.disabled);
	assert_int_equal(out.password_expires_at, NOW + 3600);
	assert_int_equal(out.created_at, NOW);
	assert_int_equal(out.last_login_at, 0);
	assert_int_equal(out.mfa_since, 0);
	assert_ok(fix->accounts->ops->user_by_name(
		fix->accounts, in.name, &again, &err));
	assert_memory_equal(&again, &out, sizeof(out));
	assert_ok(fix->accounts->ops->user_by_email(
		fix->accounts, in.email, &again, &err));
	assert_memory_equal(&again, &out, sizeof(out));
}

static void reads_the_longest_values_whole(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account in = an_account("x");
	struct stauth_account out;

	memset(in.name, 'n', sizeof(in.name) - 1);
	memset(in.email, 'e', sizeof(in.email) - 1);
	memset(in.display_name, 'd', sizeof(in.display_name) - 1);
	memset(in.groups, 'g', sizeof(in.groups) - 1);
	memset(in.password, 'p', sizeof(in.password) - 1);
	out = add_account(fix, &in);
	assert_string_equal(out.name, in.name);
	assert_string_equal(out.email, in.email);
	assert_string_equal(out.display_name, in.display_name);
	assert_string_equal(out.groups, in.groups);
	assert_string_equal(out.password, in.password);
}

static void finds_nobody(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_accounts_ops *ops = fix->accounts->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account account;

	(void)add_user(fix, "alice");
	memset(&account, 0x55, sizeof(account));
	/* Names are bytes: folding is the business of others. */
	assert_rc(ops->user_by_name(fix->accounts, "Alice", &account, &err),
		STAUTH_NOTFOUND);
	assert_rc(ops->user_by_name(fix->accounts, "alice ", &account, &err),
		STAUTH_NOTFOUND);
	assert_rc(ops->user_by_name(fix->accounts, "", &account, &err),
		STAUTH_NOTFOUND);
	/* An account without an address is not found by "no address". */
	assert_rc(ops->user_by_email(fix->accounts, "", &account, &err),
		STAUTH_NOTFOUND);
	assert_rc(ops->user_by_uid(fix->accounts, 99, &account, &err),
		STAUTH_NOTFOUND);
	assert_int_equal(account.uid, INT64_C(0x5555555555555555));
}

static void k4_insert_never_replaces(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_accounts_ops *ops = fix->accounts->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("user.add");
	struct stauth_account account = an_account("alice");
	struct stauth_account after;
	int64_t uid = -5;

	(void)snprintf(account.email, sizeof(account.email), "a@x.org");
	account = add_account(fix, &account);
	(void)snprintf(account.password, sizeof(account.password), "stolen");
	assert_rc(
		ops->user_insert(fix->accounts, &account, &change, &uid, &err),
		STAUTH_EXISTS);
	assert_non_null(strstr(err.msg, "name"));
	(void)snprintf(account.name, sizeof(account.name), "bob");
	assert_rc(
		ops->user_insert(fix->accounts, &account, &change, &uid, &err),
		STAUTH_EXISTS);
	assert_non_null(strstr(err.msg, "e-mail"));
	assert_int_equal(uid, -5);
	assert_ok(ops->user_by_name(fix->accounts, "alice", &after, &err));
	assert_string_equal(after.password, "$argon2id$of-alice");
	assert_rc(ops->user_by_name(fix->accounts, "bob", &after, &err),
		STAUTH_NOTFOUND);
	/* What did not happen is not in the audit. */
	assert_int_equal(count_audit(fix, ""), 1);
}

static void many_may_have_no_address(void **state)
{
	struct fixture *fix = *state;

	(void)add_user(fix, "alice");
	(void)add_user(fix, "bob");
}

static const char *const hostile[] = {
	"' OR '1'='1",
	"\" OR \"1\"=\"1",
	"x'; DROP TABLE users; --",
	"x\" ; DELETE FROM sessions WHERE 1=1 --",
	"' UNION SELECT 1,2,3,4,5,6,7,8,9,10,11,12,13,14 --",
	"admin'--",
	"%",
	"_",
	"?1",
	":name",
	"$1",
	"@x",
	"\\",
	"\\'",
	"''",
	"`id`",
	"[users]",
	"*",
	"\x01\x02\x7f",
	"char(0)",
	"0x31",
	"NULL",
	"\xf0\x9f\x92\xa9",
	"') OR instr(lower(name), 'a",
};
#define HOSTILE (sizeof(hostile) / sizeof(hostile[0]))

static void g1_k3_metacharacters_are_inert(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_accounts_ops *ops = fix->accounts->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account found;

	(void)add_user(fix, "plain");
	for (size_t i = 0; i < HOSTILE; i++) {
		assert_rc(ops->user_by_name(
				  fix->accounts, hostile[i], &found, &err),
			STAUTH_NOTFOUND);
		assert_rc(ops->user_by_email(
				  fix->accounts, hostile[i], &found, &err),
			STAUTH_NOTFOUND);
	}
	for (size_t i = 0; i < HOSTILE; i++) {
		struct stauth_account in = an_account(hostile[i]);

		(void)snprintf(in.email, sizeof(in.email), "%s", hostile[i]);
		(void)snprintf(in.display_name, sizeof(in.display_name), "%s",
			hostile[i]);
		(void)snprintf(in.groups, sizeof(in.groups), "%s", hostile[i]);
		(void)snprintf(
			in.password, sizeof(in.password), "%s", hostile[i]);
		found = add_account(fix, &in);
		assert_string_equal(found.name, hostile[i]);
		assert_string_equal(found.email, hostile[i]);
		assert_string_equal(found.display_name, hostile[i]);
		assert_string_equal(found.groups, hostile[i]);
		assert_string_equal(found.password, hostile[i]);
	}
	assert_int_equal(count_audit(fix, ""), HOSTILE + 1);
}

static size_t list(struct fixture *fix, const char *search, const char *after,
	size_t limit, struct stauth_account *accounts)
{
	struct stauth_err err = {STAUTH_OK, ""};
	size_t count = 0;

	assert_ok(fix->accounts->ops->user_list(fix->accounts,
		&(const struct stauth_account_page){
			.search = search, .after = after, .limit = limit},
		accounts, &count, &err));
	return count;
}

static void lists_by_name_in_pages(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account page[4];

	(void)add_user(fix, "carol");
	(void)add_user(fix, "alice");
	(void)add_user(fix, "bob");
	assert_int_equal(list(fix, "", "", 2, page), 2);
	assert_string_equal(page[0].name, "alice");
	assert_string_equal(page[1].name, "bob");
	/* Hashes have no business in a list. */
	assert_string_equal(page[0].password, "");
	assert_int_equal(list(fix, "", "bob", 4, page), 1);
	assert_string_equal(page[0].name, "carol");
	assert_int_equal(list(fix, "", "carol", 4, page), 0);
	assert_int_equal(list(fix, "", "", 0, page), 0);
}

static void searches_parts_literally(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account in = an_account("carol");
	struct stauth_account page[8];

	(void)snprintf(in.email, sizeof(in.email), "c@Example.com");
	(void)snprintf(in.display_name, sizeof(in.display_name), "50%% Carol");
	(void)add_account(fix, &in);
	(void)add_user(fix, "under_score");
	(void)add_user(fix, "underxscore");
	assert_int_equal(list(fix, "ARO", "", 8, page), 1);
	assert_string_equal(page[0].name, "carol");
	assert_int_equal(list(fix, "example.COM", "", 8, page), 1);
	assert_int_equal(list(fix, "50%", "", 8, page), 1);
	assert_int_equal(list(fix, "r_s", "", 8, page), 1);
	assert_string_equal(page[0].name, "under_score");
	assert_int_equal(list(fix, "%", "", 8, page), 1);
	assert_int_equal(list(fix, "nobody", "", 8, page), 0);
	for (size_t i = 0; i < HOSTILE; i++) {
		(void)list(fix, hostile[i], hostile[i], 8, page);
	}
}

static void check_names(struct fixture *fix,
	const struct stauth_account_page *asked, const char *wanted)
{
	struct stauth_account page[8];
	struct stauth_err err = {STAUTH_OK, ""};
	size_t count = 0;
	char got[64] = "";

	assert_ok(fix->accounts->ops->user_list(
		fix->accounts, asked, page, &count, &err));
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(got);
		(void)snprintf(
			got + len, sizeof(got) - len, "%s ", page[i].name);
	}
	assert_string_equal(got, wanted);
}

/* Those that were made in the same second are in order of uid: no row of a
 * page is lost or comes twice. */
static void lists_in_other_orders_and_down(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account carol = add_user(fix, "carol");

	(void)add_user(fix, "alice");
	(void)add_user(fix, "bob");
	struct stauth_account_page asked = {.limit = 2, .descending = true};
	check_names(fix, &asked, "carol bob ");
	asked.after = "bob";
	check_names(fix, &asked, "alice ");
	asked = (struct stauth_account_page){
		.limit = 2, .order = STAUTH_BY_CREATED};
	check_names(fix, &asked, "carol alice ");
	asked.after_at = carol.created_at;
	asked.after_uid = carol.uid;
	check_names(fix, &asked, "alice bob ");
	asked.descending = true;
	check_names(fix, &asked, "");
	asked.after_uid = 0;
	check_names(fix, &asked, "bob alice ");
	asked.order = STAUTH_BY_LOGIN;
	check_names(fix, &asked, "bob alice ");
	asked.descending = false;
	asked.after_at = 0;
	check_names(fix, &asked, "carol alice ");
}

static void finds_what_a_text_begins_with(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account in = an_account("zoe");

	(void)snprintf(in.email, sizeof(in.email), "alan@example.com");
	(void)add_account(fix, &in);
	(void)add_user(fix, "alice");
	(void)add_user(fix, "albert");
	(void)add_user(fix, "bal");
	struct stauth_account_page asked = {.limit = 8, .prefix = "AL"};
	check_names(fix, &asked, "albert alice ");
	asked.after = "albert";
	check_names(fix, &asked, "alice ");
	asked = (struct stauth_account_page){
		.limit = 8, .prefix = "al", .order = STAUTH_BY_EMAIL};
	check_names(fix, &asked, "zoe ");
	asked.prefix = "al%";
	check_names(fix, &asked, "");
}

static void a_search_reads_as_many_as_it_may(void **state)
{
	struct fixture *fix = *state;
	struct stauth_account last = {0};

	(void)add_user(fix, "a");
	(void)add_user(fix, "b");
	(void)add_user(fix, "x1");
	(void)add_user(fix, "x2");
	struct stauth_account_page asked = {
		.limit = 8, .search = "x", .scan_max = 3, .ret_last = &last};
	check_names(fix, &asked, "x1 ");
	assert_string_equal(last.name, "x1");
	asked.scan_max = 2;
	check_names(fix, &asked, "");
	assert_string_equal(last.name, "b");
	asked.after = "b";
	asked.scan_max = 3;
	check_names(fix, &asked, "x1 x2 ");
	assert_int_equal(last.uid, 0);
}

static void e2_password_like_is_steady_and_covers_all(void **state)
{
	struct fixture *fix = *state;
	const struct stauth_accounts_ops *ops = fix->accounts->ops;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account none = an_account("none");
	char first[STAUTH_ENCODED_SIZE];
	char again[STAUTH_ENCODED_SIZE];
	bool seen_a = false;
	bool seen_b = false;

	assert_rc(ops->password_like(fix->accounts, 1, first, &err),
		STAUTH_NOTFOUND);
	none.password[0] = '\0';
	(void)add_account(fix, &none);
	assert_rc(ops->password_like(fix->accounts, 1, first, &err),
		STAUTH_NOTFOUND);
	(void)add_user(fix, "a");
	(void)add_user(fix, "b");
	(void)snprintf(none.name, sizeof(none.name), "none2");
	(void)add_account(fix, &none);
	for (uint64_t seed = 0; seed < 64; seed++) {
		uint64_t wide = seed * UINT64_C(0x9e3779b97f4a7c15);

		assert_ok(ops->password_like(fix->accounts, wide, first, &err));
		assert_ok(ops->password_like(fix->accounts, wide, again, &err));
		assert_string_equal(first, again);
		seen_a = seen_a || strcmp(first, "$argon2id$of-a") == 0;
		seen_b = seen_b || strcmp(first, "$argon2id$of-b") == 0;
	}
	assert_true(seen_a && seen_b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			reads_back_what_was_written, begin, end),
		cmocka_unit_test_setup_teardown(
			reads_the_longest_values_whole, begin, end),
		cmocka_unit_test_setup_teardown(finds_nobody, begin, end),
		cmocka_unit_test_setup_teardown(
			k4_insert_never_replaces, begin, end),
		cmocka_unit_test_setup_teardown(
			many_may_have_no_address, begin, end),
		cmocka_unit_test_setup_teardown(
			g1_k3_metacharacters_are_inert, begin, end),
		cmocka_unit_test_setup_teardown(
			lists_by_name_in_pages, begin, end),
		cmocka_unit_test_setup_teardown(
			searches_parts_literally, begin, end),
		cmocka_unit_test_setup_teardown(
			lists_in_other_orders_and_down, begin, end),
		cmocka_unit_test_setup_teardown(
			finds_what_a_text_begins_with, begin, end),
		cmocka_unit_test_setup_teardown(
			a_search_reads_as_many_as_it_may, begin, end),
		cmocka_unit_test_setup_teardown(
			e2_password_like_is_steady_and_covers_all, begin, end),
	};

	RUN_ON_EVERY_PROVIDER(tests);
}
