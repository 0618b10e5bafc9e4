/* SPDX-License-Identifier: MIT */
/* What every source of an import shares: auth/import.c. */
#include "unit.h"

#include "fixture.h"

#include "auth/import.h"

#include "base/banned.h"

#define HASH                                                                   \
	"$6$rounds=1000$saltstring$"                                           \
	"FWomhVmv2dtVsDXG1NG.ZBdQPTerw.1Tj5e6HZuDv7qku4lSS9JOqJP1ud.caf9HRFF"  \
	"SQCTwVrZEczm8QkGpR0" /* of pw */

struct list {
	const struct stauth_import_record *records;
	size_t count;
	int readings;
	bool broken;
};

static enum stauth_rc read_list(
	void *self, stauth_import_fn *take, void *arg, struct stauth_err *err)
{
	struct list *list = self;
	enum stauth_rc rc = STAUTH_OK;

	list->readings++;
	for (size_t i = 0; rc == STAUTH_OK && i < list->count; i++) {
		struct stauth_import_record record = list->records[i];

		record.line = i + 1;
		record.name_len = record.name ? strlen(record.name) : 0;
		rc = take(&record, arg, err);
	}
	if (rc == STAUTH_OK && list->broken) {
		return stauth_fail(err, STAUTH_BADVALUE, "no end");
	}
	return rc;
}

static enum stauth_rc import(struct fixture *f, struct list *list, bool dry_run,
	struct stauth_import_count *count, struct stauth_err *err)
{
	const struct stauth_import_source source = {"test", read_list, list};

	return stauth_import(&f->ctx, &source,
		&(struct stauth_import_run){&fixture_actor, dry_run}, count,
		err);
}

/* Counts are the same in a dry run, which is done first and writes nothing. */
static void check(struct fixture *f, const struct stauth_import_record *records,
	size_t n, size_t added, size_t existing, size_t skipped)
{
	struct list list = {.records = records, .count = n};
	struct stauth_import_count count;
	struct stauth_err err;
	size_t rows = fixture_rows(f, "import", NULL);

	for (int real = 0; real < 2; real++) {
		assert_int_equal(fixture_rows(f, "import", NULL), rows);
		assert_ok(import(f, &list, !real, &count, &err));
		assert_int_equal(count.added, added);
		assert_int_equal(count.existing, existing);
		assert_int_equal(count.skipped, skipped);
	}
	assert_int_equal(fixture_rows(f, "import", NULL), rows + added);
}

#define CHECK(f, records, added, existing, skipped)                            \
	check(f, records, sizeof(records) / sizeof(*(records)), added,         \
		existing, skipped)

static enum stauth_rc get(
	struct fixture *f, const char *name, struct stauth_account *account)
{
	return f->real_accounts->user_by_name(
		f->ctx.accounts, name, account, NULL);
}

static void every_field_is_kept(void **state)
{
	struct fixture *f = *state;
	const struct stauth_import_record records[] = {
		{.name = "Alice",
			.email = "Alice@Example.com",
			.display_name = "Alice A.",
			.groups = "ops,dev",
			.hash = HASH,
			.su = true,
			.disabled = true,
			.system_login = true,
			.must_change = true,
			.notes = {"one", "two"}},
		{.name = "bob@example.com"},
		{.name = "carl@example.com", .email = ""},
		{.name = "no@address"},
	};
	struct stauth_account account;
	struct stauth_audit_row row;

	CHECK(f, records, 4, 0, 0);
	assert_int_equal(get(f, "alice", &account), STAUTH_OK);
	assert_string_equal(account.email, "alice@example.com");
	assert_string_equal(account.display_name, "Alice A.");
	assert_string_equal(account.groups, "dev,ops");
	assert_string_equal(account.password, HASH);
	assert_true(account.su && account.disabled && account.system_login &&
		    account.must_change);
	assert_int_equal(get(f, "bob@example.com", &account), STAUTH_OK);
	assert_string_equal(account.email, "bob@example.com");
	assert_string_equal(account.password, "");
	assert_false(account.su || account.disabled || account.system_login ||
		     account.must_change);
	assert_int_equal(get(f, "carl@example.com", &account), STAUTH_OK);
	assert_string_equal(account.email, "");
	assert_non_null(
		strstr(f->reports, "warning|Note on \"Alice\" (line 1): two"));
	assert_int_equal(fixture_rows(f, "import", &row), 4);
	assert_string_equal(row.detail, "test");
}

static void k3_what_breaks_a_rule_is_skipped_whole(void **state)
{
	struct fixture *f = *state;
	static const char many[] = "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,"
				   "v,w,x,y,z,1,2,3,4,5,6,7";
	const struct stauth_import_record records[] = {
		{.name = "a b"},
		{.name = ""},
		{.name = "mail", .email = "no address"},
		{.name = "name", .display_name = "a\x1b[31m"},
		{.name = "group", .groups = "a b"},
		{.name = "rules", .groups = "su"},
		{.name = "many", .groups = many},
		{.name = "told", .hash = HASH, .refused = "locked there"},
		{.name = NULL, .refused = "no colon"},
	};
	struct stauth_account account;

	CHECK(f, records, 0, 0, 9);
	for (size_t i = 2; i < 8; i++) {
		assert_int_equal(
			get(f, records[i].name, &account), STAUTH_NOTFOUND);
	}
	assert_null(strchr(f->reports, '\x1b'));
	assert_non_null(strstr(
		f->reports, "warning|Skipped \"told\" (line 8): locked there"));
	assert_non_null(strstr(f->reports, "warning|Skipped line 9: no colon"));
}

static void e14_hashes_that_no_login_would_check_are_skipped(void **state)
{
	struct fixture *f = *state;
	static const char *const hashes[] = {
		"$apr1$abcdefgh$5VEbMkemELfbhC5ck.U.z1",
		"$1$abcdefgh$irWbblnpmw.5z7wgBnprh0",
		"{SHA}jMmDnhJO9mgBMsgQTnXu1SkhmK8=",
		"rqXexS6ZhobKA",
		"hunter two",
		"",
		"*",
		"!",
		"$6$",
		"$6$rounds=99999999$saltstring$x",
		"$2b$15$KBCwKxOzLha2MUDgW0PjXeXHQVWCVtOhzdU4MzfKRnuYBR8Xw7U8y",
		"$argon2id$v=19$m=4194304,t=3,p=1$azJYQW5FSEJxUTFDdDJhTQ$"
		"5JmXt+kcoC8He/oXIiPBseSB2mDFLK4Z4WM//riufd0",
		"$99$what$ever",
	};
	struct stauth_import_record records[13] = {{.line = 0}};
	char names[13][8];

	for (size_t i = 0; i < 13; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "u%zu", i);
		records[i].name = names[i];
		records[i].hash = hashes[i];
	}
	CHECK(f, records, 0, 0, 13);
	for (size_t i = 0; i < 13; i++) {
		if (strlen(hashes[i]) > 4) {
			assert_null(strstr(f->reports, hashes[i]));
		}
	}
	assert_non_null(strstr(f->reports, "MD5"));
	assert_non_null(strstr(f->reports, "SHA-1"));
	assert_non_null(strstr(f->reports, "DES"));
	assert_non_null(strstr(f->reports, "plain text"));
}

static void k4_two_of_a_name_or_an_address_are_both_skipped(void **state)
{
	struct fixture *f = *state;
	const struct stauth_import_record records[] = {
		{.name = "Alice", .hash = HASH},
		{.name = "alice", .su = true},
		{.name = "bob", .email = "one@example.com"},
		{.name = "carl", .email = "ONE@example.com"},
		{.name = "dora@example.com"},
		{.name = "dora", .email = "dora@example.com"},
		{.name = "eve"},
	};

	CHECK(f, records, 1, 0, 6);
}

static void k4_what_is_there_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct stauth_account account;
	const struct stauth_import_record records[] = {
		{.name = "Alice", .su = true, .hash = HASH},
		{.name = "bad", .hash = "x"},
		{.name = "mail", .email = "alice@example.com"},
	};
	const struct stauth_account_edit edit = {.email = "alice@example.com",
		.su = -1,
		.system_login = -1,
		.disabled = -1};
	struct stauth_err err;
	int ended;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	assert_ok(fixture_edit(
		&f->ctx, "alice", &edit, &fixture_actor, &ended, &err));
	CHECK(f, records, 0, 1, 2);
	assert_int_equal(get(f, "alice", &account), STAUTH_OK);
	assert_false(account.su);
	assert_string_not_equal(account.password, HASH);
}

static void a_password_in_the_clear_is_hashed(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret weak = fixture_secret("abc");
	struct stauth_secret line = fixture_secret("a\nb");
	struct stauth_secret none = {0};
	const struct stauth_import_record records[] = {
		{.name = "weak", .password = &weak},
		{.name = "line", .password = &line},
		{.name = "none", .password = &none},
	};
	struct stauth_login login;

	CHECK(f, records, 1, 0, 2);
	assert_int_equal(
		fixture_try(f, &login, "weak", "abc", "192.0.2.1", NULL),
		STAUTH_ALLOW);
}

static void a_source_without_an_end_writes_nothing(void **state)
{
	struct fixture *f = *state;
	const struct stauth_import_record records[] = {{.name = "alice"}};
	struct list list = {.records = records, .count = 1, .broken = true};
	struct stauth_import_count count;
	struct stauth_err err;

	assert_rc(import(f, &list, false, &count, &err), STAUTH_BADVALUE);
	assert_string_equal(err.msg, "no end");
	assert_int_equal(list.readings, 1);
	assert_int_equal(count.added + count.skipped, 0);
	assert_int_equal(fixture_rows(f, "import", NULL), 0);
}

static void a_page_marks_nobody_for_system_login(void **state)
{
	struct fixture *f = *state;
	const struct stauth_actor page = {"root", "web", "192.0.2.1"};
	const struct stauth_import_record records[] = {
		{.name = "alice", .system_login = true}};
	struct list list = {.records = records, .count = 1};
	const struct stauth_import_source source = {"test", read_list, &list};
	struct stauth_import_count count;
	struct stauth_err err;

	assert_ok(stauth_import(&f->ctx, &source,
		&(struct stauth_import_run){&page, false}, &count, &err));
	assert_int_equal(count.skipped, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(every_field_is_kept),
		FIXTURE_TEST(k3_what_breaks_a_rule_is_skipped_whole),
		FIXTURE_TEST(e14_hashes_that_no_login_would_check_are_skipped),
		FIXTURE_TEST(k4_two_of_a_name_or_an_address_are_both_skipped),
		FIXTURE_TEST(k4_what_is_there_is_left_alone),
		FIXTURE_TEST(a_password_in_the_clear_is_hashed),
		FIXTURE_TEST(a_source_without_an_end_writes_nothing),
		FIXTURE_TEST(a_page_marks_nobody_for_system_login),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
