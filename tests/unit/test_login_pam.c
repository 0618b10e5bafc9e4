/* SPDX-License-Identifier: MIT */
/* Log-ins through PAM, and by e-mail address. */
#include "unit.h"

#include "fixture.h"

#include "base/banned.h"

#define HOME "192.0.2.1"

static enum stauth_verdict try_as(struct fixture *f,
	const struct stauth_login_request *like, const char *name,
	const char *password, struct stauth_login *ret_login)
{
	struct stauth_login_request request = *like;
	struct stauth_secret secret = fixture_secret(password);
	struct stauth_err err;

	request.username = name;
	request.username_len = strlen(name);
	assert_ok(stauth_login_start(&f->ctx, &request, ret_login, &err));
	assert_ok(stauth_login_password(&f->ctx, ret_login, &secret, &err));
	return ret_login->verdict;
}

static size_t counters(struct fixture *f)
{
	struct stauth_counter list[50];
	struct stauth_err err;
	size_t count = 0;

	assert_ok(f->ctx.state->ops->throttle_list(f->ctx.state,
		&(const struct stauth_counter_page){
			.limit = 50, .now_s = fixture_now_s},
		list, &count, &err));
	return count;
}

static int draws;

static enum stauth_rc count_draw(void *buf, size_t len, struct stauth_err *err)
{
	draws++;
	return stauth_random(buf, len, err);
}

/* Another module of the host may know the name. */
static void u3_an_unknown_name_is_no_failure_in_pam(void **state)
{
	struct fixture *f = *state;
	const struct stauth_login_request sshd = {
		.address = HOME, .channel = "pam:sshd", .pam = true};
	static const char *const names[] = {"nobody", "a b", ""};
	struct stauth_login login;

	f->ctx.random = count_draw;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (int n = 0; n < 40; n++) {
			draws = 0;
			assert_int_equal(
				try_as(f, &sshd, names[i], "wrong", &login),
				STAUTH_DENY);
			assert_true(login.unknown);
			/* It costs what a known one does. */
			assert_int_equal(draws, 1);
		}
	}
	assert_int_equal(counters(f), 0);
	assert_int_equal(fixture_rows(f, "login.wrong", NULL), 0);
	assert_int_equal(fixture_rows(f, "login.throttled", NULL), 0);
}

static void u3_a_known_name_is_counted_in_pam(void **state)
{
	struct fixture *f = *state;
	const struct stauth_login_request sshd = {
		.address = HOME, .channel = "pam:sshd", .pam = true};
	struct stauth_login login;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(try_as(f, &sshd, "alice", "wrong", &login),
			STAUTH_DENY);
		assert_false(login.unknown);
	}
	assert_int_equal(try_as(f, &sshd, "alice", "wrong", &login),
		STAUTH_DENY_THROTTLED);
	assert_int_equal(fixture_rows(f, "login.wrong", NULL), 5);
}

/* sshd that gives a name for an address, saslauthd that gives none. */
static void u4_a_remote_source_is_a_stranger_of_its_own(void **state)
{
	struct fixture *f = *state;
	const struct stauth_login_request remote = {
		.address = "remote:sshd", .channel = "pam:sshd", .pam = true};
	const struct stauth_login_request local = {.address = "local:login:0",
		.channel = "pam:login",
		.pam = true};
	struct stauth_login login;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	/* Neither before nor after a success is it a known device. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			try_as(f, &remote, "alice", GOOD_PASSWORD, &login),
			STAUTH_ALLOW);
		assert_false(login.known_device);
		assert_string_equal(login.source, "remote:sshd");
		assert_ok(stauth_login_done(&f->ctx, &login, "login", &err));
	}
	for (int i = 0; i < 30; i++) {
		(void)try_as(f, &remote, "alice", "wrong", &login);
	}
	assert_int_equal(login.verdict, STAUTH_DENY_THROTTLED);
	/* The owner at the terminal is not kept out. */
	assert_int_equal(try_as(f, &local, "alice", GOOD_PASSWORD, &login),
		STAUTH_ALLOW);
	assert_true(login.known_device);
}

static void u4_no_web_client_is_local_or_remote(void **state)
{
	struct fixture *f = *state;
	static const char *const claims[] = {"local:cli", "remote:sshd"};
	struct stauth_login login;

	for (size_t i = 0; i < 2; i++) {
		const struct stauth_login_request web = {
			.address = claims[i], .channel = "web"};

		(void)try_as(f, &web, "alice", "wrong", &login);
		assert_string_equal(login.source, "");
		assert_string_equal(login.limits.limit[2].key, "?");
	}
}

static void a_caller_is_counted_whatever_service_he_names(void **state)
{
	struct fixture *f = *state;
	char address[40];
	struct stauth_login login;
	int let = 0;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	for (int i = 0; i < 20; i++) {
		const struct stauth_login_request su = {.address = address,
			.channel = "pam:su",
			.pam = true,
			.caller = "local:1000"};

		(void)snprintf(address, sizeof(address), "local:s%d:1000", i);
		let += try_as(f, &su, "alice", "wrong", &login) == STAUTH_DENY;
	}
	assert_int_equal(let, 15);
	assert_string_equal(login.limits.limit[0].name, "caller");
	assert_string_equal(login.limits.limit[0].key, "local:1000");
}

/* An old file, in which bob's address is ann's name. */
static enum stauth_rc bob_by_email(struct stauth_accounts *accounts,
	const char *email, struct stauth_account *ret_account,
	struct stauth_err *err)
{
	assert_string_equal(email, "ann@example.com");
	return accounts->ops->user_by_name(accounts, "bob", ret_account, err);
}

static void u17_a_name_wins_over_an_address(void **state)
{
	struct fixture *f = *state;
	const struct stauth_login_request web = {
		.address = HOME, .channel = "web", .by_email = true};
	struct stauth_login login;

	(void)fixture_user(f, "ann@example.com", GOOD_PASSWORD, false);
	(void)fixture_user(f, "bob", OTHER_PASSWORD, false);
	f->accounts_ops.user_by_email = bob_by_email;
	assert_int_equal(
		try_as(f, &web, "ann@example.com", OTHER_PASSWORD, &login),
		STAUTH_DENY);
	assert_int_equal(
		try_as(f, &web, "ann@example.com", GOOD_PASSWORD, &login),
		STAUTH_ALLOW);
	assert_string_equal(login.account.name, "ann@example.com");
}

static void an_address_stands_for_its_account(void **state)
{
	struct fixture *f = *state;
	const struct stauth_login_request web = {
		.address = HOME, .channel = "web", .by_email = true};
	const struct stauth_login_request sshd = {
		.address = HOME, .channel = "pam:sshd", .pam = true};
	struct stauth_secret secret = fixture_secret(GOOD_PASSWORD);
	const struct stauth_account_new given = {.name = "alice",
		.email = "alice@example.com",
		.password = &secret};
	struct stauth_account account = {0};
	struct stauth_login login;
	struct stauth_err err;

	assert_ok(stauth_account_add(
		&f->ctx, &given, &fixture_actor, &account, &err));
	assert_int_equal(
		try_as(f, &web, "Alice@Example.COM", GOOD_PASSWORD, &login),
		STAUTH_ALLOW);
	assert_string_equal(login.account.name, "alice");
	assert_ok(stauth_login_done(&f->ctx, &login, "login", &err));
	/* Not where a host is opened. */
	assert_int_equal(
		try_as(f, &sshd, "alice@example.com", GOOD_PASSWORD, &login),
		STAUTH_DENY);
	assert_true(login.unknown);
	/* The counters are the account's, whatever was typed. */
	for (int i = 0; i < 5; i++) {
		assert_int_equal(
			try_as(f, &web, i % 2 ? "alice" : "alice@example.com",
				"wrong", &login),
			STAUTH_DENY);
	}
	assert_int_equal(try_as(f, &web, "alice", GOOD_PASSWORD, &login),
		STAUTH_DENY_THROTTLED);
	assert_int_equal(
		try_as(f, &web, "alice@example.com", GOOD_PASSWORD, &login),
		STAUTH_DENY_THROTTLED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(u3_an_unknown_name_is_no_failure_in_pam),
		FIXTURE_TEST(u3_a_known_name_is_counted_in_pam),
		FIXTURE_TEST(u4_a_remote_source_is_a_stranger_of_its_own),
		FIXTURE_TEST(u4_no_web_client_is_local_or_remote),
		FIXTURE_TEST(a_caller_is_counted_whatever_service_he_names),
		FIXTURE_TEST(an_address_stands_for_its_account),
		FIXTURE_TEST(u17_a_name_wins_over_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
