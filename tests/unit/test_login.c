/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "fixture.h"

#include "auth/rate_limit.h"
#include "password/password.h"

#include "base/banned.h"

#define HOME "192.0.2.1"

static struct fixture *shared;
static int patterns_read;
static int names_read;

static enum stauth_rc count_pattern(struct stauth_accounts *accounts,
	uint64_t seed, char ret_encoded[STAUTH_ENCODED_SIZE],
	struct stauth_err *err)
{
	patterns_read++;
	return shared->real_accounts->password_like(
		accounts, seed, ret_encoded, err);
}

static enum stauth_rc count_name(struct stauth_accounts *accounts,
	const char *name, struct stauth_account *ret_account,
	struct stauth_err *err)
{
	names_read++;
	return shared->real_accounts->user_by_name(
		accounts, name, ret_account, err);
}

static void count_reads(struct fixture *f)
{
	shared = f;
	patterns_read = 0;
	names_read = 0;
	f->accounts_ops.password_like = count_pattern;
	f->accounts_ops.user_by_name = count_name;
}

static void set_encoded(struct fixture *f, int64_t uid, const char *encoded)
{
	const struct stauth_change change = {
		.now_s = fixture_now_s, .audit.event = "password.set"};
	struct stauth_err err;
	int ended;

	assert_ok(f->real_accounts->password_set(f->ctx.accounts,
		&(const struct stauth_password_row){uid, -1, encoded, false, 0},
		&change, &ended, &err));
}

static void read_encoded(
	struct fixture *f, int64_t uid, char out[STAUTH_ENCODED_SIZE])
{
	struct stauth_account account;
	struct stauth_err err;

	assert_ok(f->real_accounts->user_by_uid(
		f->ctx.accounts, uid, &account, &err));
	memcpy(out, account.password, STAUTH_ENCODED_SIZE);
}

static enum stauth_verdict try_it(
	struct fixture *f, const char *name, const char *password)
{
	struct stauth_login login;
	enum stauth_verdict verdict =
		fixture_try(f, &login, name, password, HOME, NULL);

	stauth_login_finish(&login);
	return verdict;
}

static void the_right_password_allows_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	struct stauth_login login;
	struct stauth_account alice =
		fixture_user(f, "alice", GOOD_PASSWORD, true);

	assert_int_equal(alice.password[0], '\0');
	assert_int_equal(
		try_it(f, "alice", "correct horse battery"), STAUTH_DENY);
	assert_int_equal(try_it(f, "alice", GOOD_PASSWORD " "), STAUTH_DENY);
	assert_int_equal(
		fixture_try(f, &login, "Alice", GOOD_PASSWORD, HOME, NULL),
		STAUTH_ALLOW);
	assert_int_equal(login.account.uid, alice.uid);
	assert_string_equal(login.account.name, "alice");
	assert_true(login.account.su);
	assert_int_equal(login.account.password[0], '\0');
	assert_int_equal(login.factors, STAUTH_FACTOR_PASSWORD);
	stauth_login_finish(&login);
	assert_int_equal(login.verdict, STAUTH_DENY);
}

static void zeroed_memory_refuses(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret secret = {.len = 1, .data = "x"};
	struct stauth_login login = {0};
	struct stauth_err err;

	assert_rc(stauth_login_password(&f->ctx, &login, &secret, &err),
		STAUTH_REFUSED);
	assert_int_equal(login.verdict, STAUTH_DENY);
	assert_rc(stauth_login_done(&f->ctx, &login, "verify", &err),
		STAUTH_REFUSED);
}

static void one_start_is_one_try(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret secret = {0};
	struct stauth_login login;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	assert_int_equal(fixture_try(f, &login, "alice", "wrong", HOME, NULL),
		STAUTH_DENY);
	assert_ok(stauth_secret_set(
		&secret, GOOD_PASSWORD, strlen(GOOD_PASSWORD), &err));
	assert_rc(stauth_login_password(&f->ctx, &login, &secret, &err),
		STAUTH_REFUSED);
	assert_int_equal(login.verdict, STAUTH_DENY);
}

/* Known, unknown, disabled, without a password, no possible name. */
static void e1_all_refusals_look_the_same_and_cost_one_read(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = {
		"alice", "nobody", "closed", "empty", "x\" OR \"1\"=\"1"};
	const struct stauth_account_new empty = {.name = "empty"};
	const struct stauth_account_edit disable = {
		.su = -1, .system_login = -1, .disabled = 1};
	struct stauth_account account;
	struct stauth_login login;
	struct stauth_err err;
	int ended;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	(void)fixture_user(f, "closed", GOOD_PASSWORD, false);
	assert_ok(fixture_edit(
		&f->ctx, "closed", &disable, &fixture_actor, &ended, &err));
	assert_ok(stauth_account_add(
		&f->ctx, &empty, &fixture_actor, &account, &err));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		count_reads(f);
		assert_int_equal(fixture_try(f, &login, names[i], "wrong one",
					 "203.0.113.7", NULL),
			STAUTH_DENY);
		assert_int_equal(login.wait_s, 0);
		assert_int_equal(login.account.uid, 0);
		assert_int_equal(names_read, 1);
		assert_int_equal(patterns_read, 1);
	}
	assert_int_equal(
		fixture_try(f, &login, "closed", GOOD_PASSWORD, HOME, NULL),
		STAUTH_DENY);
	assert_true(login.right_but_disabled);
	assert_int_equal(login.account.uid, 0);
	assert_int_equal(fixture_try(f, &login, "closed", "wrong", HOME, NULL),
		STAUTH_DENY);
	assert_false(login.right_but_disabled);
}

static void e3_a_throttled_try_ends_before_any_read(void **state)
{
	struct fixture *f = *state;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(try_it(f, "alice", "wrong"), STAUTH_DENY);
	}
	count_reads(f);
	assert_int_equal(
		try_it(f, "alice", GOOD_PASSWORD), STAUTH_DENY_THROTTLED);
	assert_int_equal(names_read, 0);
	assert_int_equal(patterns_read, 0);
}

/* Reserved before the hash: what the store says while it runs. */
static enum stauth_rc while_hashing;

static enum stauth_rc try_beside(struct stauth_accounts *accounts,
	uint64_t seed, char ret_encoded[STAUTH_ENCODED_SIZE],
	struct stauth_err *err)
{
	struct stauth_limits limits = {.count = 1};
	int64_t wait_s = 0;

	limits.limit[0] = stauth_rate_limit_of(
		STAUTH_LIMIT_ACCOUNT_SOURCE, "alice", HOME);
	limits.limit[0].free = 1;
	while_hashing = shared->real_state->throttle_reserve(
		shared->ctx.state, &limits, fixture_now_s, &wait_s, NULL);
	return shared->real_accounts->password_like(
		accounts, seed, ret_encoded, err);
}

static void e8_the_try_is_on_disk_before_the_hash(void **state)
{
	struct fixture *f = *state;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	shared = f;
	f->accounts_ops.password_like = try_beside;
	while_hashing = STAUTH_OK;
	(void)try_it(f, "alice", "wrong");
	assert_int_equal(while_hashing, STAUTH_EBUSY);
}

static int reservations;

static enum stauth_rc count_reservation(struct stauth_state *state,
	struct stauth_limits *limits, int64_t now_s, int64_t *ret_wait_s,
	struct stauth_err *err)
{
	reservations++;
	return shared->real_state->throttle_reserve(
		state, limits, now_s, ret_wait_s, err);
}

static void e11_who_finds_no_place_to_wait_writes_nothing(void **state)
{
	struct fixture *f = *state;
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	const struct stauth_login_request who = {
		.username = "alice",
		.username_len = 5,
		.address = HOME,
		.channel = "web",
	};
	struct stauth_secret password = fixture_secret(GOOD_PASSWORD);
	struct stauth_login login;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	shared = f;
	f->state_ops.throttle_reserve = count_reservation;
	reservations = 0;
	char path[PATH_MAX + 16];
	(void)snprintf(
		path, sizeof(path), "%s/slots.lock", f->config->state_dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &all), 0);
	assert_ok(stauth_login_start(&f->ctx, &who, &login, &err));
	assert_int_equal(
		stauth_login_password(&f->ctx, &login, &password, &err),
		STAUTH_EBUSY);
	assert_int_equal(login.verdict, STAUTH_DENY);
	assert_int_equal(reservations, 0);
	close(fd);
	stauth_login_finish(&login);
	assert_int_equal(try_it(f, "alice", GOOD_PASSWORD), STAUTH_ALLOW);
	assert_int_equal(reservations, 1);
}

static void e12_an_overlong_password_is_wrong_without_a_hash(void **state)
{
	struct fixture *f = *state;
	const struct stauth_login_request who = {
		.username = "alice",
		.username_len = 5,
		.address = HOME,
		.channel = "web",
	};
	struct stauth_login login;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	count_reads(f);
	for (int i = 0; i < 6; i++) {
		assert_ok(stauth_login_start(&f->ctx, &who, &login, &err));
		assert_ok(stauth_login_password(&f->ctx, &login, NULL, &err));
		assert_int_equal(login.verdict,
			i < 5 ? STAUTH_DENY : STAUTH_DENY_THROTTLED);
	}
	assert_int_equal(patterns_read, 0);
	assert_int_equal(fixture_rows(f, "login.wrong", NULL), 5);
}

static void e12_an_empty_password_is_wrong_and_no_failure(void **state)
{
	struct fixture *f = *state;
	const struct stauth_login_request who = {
		.username = "alice",
		.username_len = 5,
		.address = HOME,
		.channel = "web",
	};
	const struct stauth_secret empty = {0};
	struct stauth_session_grant grant;
	struct stauth_login login;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	count_reads(f);
	for (int i = 0; i < 50; i++) {
		assert_ok(stauth_login_start(&f->ctx, &who, &login, &err));
		assert_ok(stauth_login_password(&f->ctx, &login, &empty, &err));
		assert_int_equal(login.verdict, STAUTH_DENY);
	}
	assert_int_equal(patterns_read, 0);
	assert_int_equal(fixture_rows(f, "login.wrong", NULL), 0);
	fixture_open(f, "alice", GOOD_PASSWORD, &grant);
}

static void old_forms_are_made_again_at_the_next_log_in(void **state)
{
	struct fixture *f = *state;
	const struct stauth_password_cost cheap = {1024, 2};
	char old[STAUTH_PASSWORD_ENCODED_SIZE];
	char now[STAUTH_ENCODED_SIZE];
	struct stauth_secret secret = {0};
	struct stauth_account alice =
		fixture_user(f, "alice", GOOD_PASSWORD, false);
	struct stauth_err err;

	assert_ok(stauth_secret_set(
		&secret, GOOD_PASSWORD, strlen(GOOD_PASSWORD), &err));
	assert_ok(stauth_password_encode(
		&cheap, stauth_random, &secret, old, &err));
	set_encoded(f, alice.uid, old);
	assert_int_equal(try_it(f, "alice", "wrong"), STAUTH_DENY);
	read_encoded(f, alice.uid, now);
	assert_string_equal(now, old);
	assert_int_equal(try_it(f, "alice", GOOD_PASSWORD), STAUTH_ALLOW);
	read_encoded(f, alice.uid, now);
	assert_string_not_equal(now, old);
	assert_non_null(strstr(now, "m=1024,t=1,p=1"));
	memcpy(old, now, sizeof(now));
	assert_int_equal(try_it(f, "alice", GOOD_PASSWORD), STAUTH_ALLOW);
	read_encoded(f, alice.uid, now);
	assert_string_equal(now, old);
}

static enum stauth_rc with_factor(struct stauth_accounts *accounts,
	const char *name, struct stauth_account *ret_account,
	struct stauth_err *err)
{
	enum stauth_rc rc = shared->real_accounts->user_by_name(
		accounts, name, ret_account, err);

	ret_account->mfa_since = 1;
	return rc;
}

static void a_second_factor_stands_before_the_session(void **state)
{
	struct fixture *f = *state;
	const struct stauth_session_request ask = {.address = HOME};
	struct stauth_session_grant grant = {0};
	struct stauth_session sessions[2];
	struct stauth_login login;
	struct stauth_err err;
	size_t count = 9;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	shared = f;
	f->accounts_ops.user_by_name = with_factor;
	assert_int_equal(
		fixture_try(f, &login, "alice", "wrong one", HOME, NULL),
		STAUTH_DENY);
	assert_int_equal(
		fixture_try(f, &login, "alice", GOOD_PASSWORD, HOME, NULL),
		STAUTH_NEED_FACTOR);
	assert_rc(stauth_session_open(&f->ctx, &login, &ask, &grant, &err),
		STAUTH_REFUSED);
	assert_string_equal(grant.token, "");
	assert_rc(stauth_login_done(&f->ctx, &login, "verify", &err),
		STAUTH_REFUSED);
	assert_rc(stauth_login_refused(&f->ctx, &login, "group", &err),
		STAUTH_REFUSED);
	assert_int_equal(login.verdict, STAUTH_NEED_FACTOR);
	assert_ok(stauth_session_list(&f->ctx,
		&(const struct stauth_session_query){.after = "", .limit = 2},
		sessions, &count, &err));
	assert_int_equal(count, 0);
	assert_int_equal(fixture_rows(f, "login", NULL), 0);
	/* The try stays reserved until the factor was shown. */
	assert_true(login.limits.reserved_at != 0);
}

static enum stauth_rc down(struct stauth_accounts *accounts, const char *name,
	struct stauth_account *ret_account, struct stauth_err *err)
{
	(void)accounts;
	(void)name;
	(void)ret_account;
	return stauth_fail(err, STAUTH_EUNREACHABLE, "down");
}

static void a_fault_denies_and_is_no_failure_of_the_user(void **state)
{
	struct fixture *f = *state;
	const struct stauth_login_request who = {
		.username = "alice",
		.username_len = 5,
		.address = HOME,
		.channel = "web",
	};
	struct stauth_secret secret = {0};
	struct stauth_login login;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	assert_ok(stauth_secret_set(
		&secret, GOOD_PASSWORD, strlen(GOOD_PASSWORD), &err));
	f->accounts_ops.user_by_name = down;
	for (int i = 0; i < 20; i++) {
		assert_ok(stauth_login_start(&f->ctx, &who, &login, &err));
		assert_rc(stauth_login_password(&f->ctx, &login, &secret, &err),
			STAUTH_EUNREACHABLE);
		assert_int_equal(login.verdict, STAUTH_DENY);
	}
	f->accounts_ops.user_by_name = f->real_accounts->user_by_name;
	assert_int_equal(try_it(f, "alice", GOOD_PASSWORD), STAUTH_ALLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(the_right_password_allows_and_nothing_else),
		FIXTURE_TEST(zeroed_memory_refuses),
		FIXTURE_TEST(one_start_is_one_try),
		FIXTURE_TEST(e1_all_refusals_look_the_same_and_cost_one_read),
		FIXTURE_TEST(e3_a_throttled_try_ends_before_any_read),
		FIXTURE_TEST(e8_the_try_is_on_disk_before_the_hash),
		FIXTURE_TEST(e11_who_finds_no_place_to_wait_writes_nothing),
		FIXTURE_TEST(e12_an_overlong_password_is_wrong_without_a_hash),
		FIXTURE_TEST(e12_an_empty_password_is_wrong_and_no_failure),
		FIXTURE_TEST(old_forms_are_made_again_at_the_next_log_in),
		FIXTURE_TEST(a_second_factor_stands_before_the_session),
		FIXTURE_TEST(a_fault_denies_and_is_no_failure_of_the_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
