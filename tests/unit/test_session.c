/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "fixture.h"

#include "auth/device.h"

#include "base/banned.h"

#define HOME "192.0.2.1"

/* A right try, ready to open. */
static void right(struct fixture *f, struct stauth_login *login)
{
	assert_int_equal(
		fixture_try(f, login, "alice", GOOD_PASSWORD, HOME, NULL),
		STAUTH_ALLOW);
}

static void a_session_carries_the_identity(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret secret = {0};
	const struct stauth_account_new given = {
		.name = "Alice",
		.email = "Alice@Example.com",
		.display_name = "Al \xc3\xbc",
		.groups = "ops,dev",
		.su = true,
		.password = &secret,
	};
	const struct stauth_session_request ask = {
		.address = "2001:db8::5", .agent = "Mozilla\n5"};
	struct stauth_session_grant grant;
	struct stauth_account account;
	struct stauth_session session;
	struct stauth_audit_row row;
	struct stauth_login login;
	struct stauth_err err;

	assert_ok(stauth_secret_set(
		&secret, GOOD_PASSWORD, strlen(GOOD_PASSWORD), &err));
	assert_ok(stauth_account_add(
		&f->ctx, &given, &fixture_actor, &account, &err));
	right(f, &login);
	assert_ok(stauth_session_open(&f->ctx, &login, &ask, &grant, &err));
	assert_int_equal(grant.max_age_s, 0);
	assert_ok(
		stauth_session_by_token(&f->ctx, grant.token, &session, &err));
	assert_string_equal(session.user, "alice");
	assert_string_equal(session.email, "alice@example.com");
	assert_string_equal(session.display_name, "Al \xc3\xbc");
	assert_string_equal(session.groups, "su,dev,ops");
	assert_string_equal(session.address, "2001:db8::5");
	assert_string_equal(session.agent, "Mozilla?5");
	assert_string_equal(session.channel, "web");
	assert_string_equal(session.handle, grant.session.handle);
	assert_int_equal(session.factors, STAUTH_FACTOR_PASSWORD);
	assert_int_equal(session.level, 1);
	assert_int_equal(session.auth_at, fixture_now_s);
	assert_int_equal(session.expires_at, fixture_now_s + 12 * 3600);
	assert_int_equal(fixture_rows(f, "login", &row), 1);
	assert_true(row.ok);
	assert_string_equal(row.user, "alice");
}

static void only_a_right_log_in_opens_a_session(void **state)
{
	struct fixture *f = *state;
	const struct stauth_session_request ask = {.address = HOME};
	static const enum stauth_verdict no[] = {STAUTH_DENY,
		STAUTH_DENY_THROTTLED, STAUTH_NEED_PASSWORD,
		STAUTH_NEED_FACTOR};
	struct stauth_session_grant grant;
	struct stauth_login login;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	right(f, &login);
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++) {
		login.verdict = no[i];
		assert_rc(stauth_session_open(
				  &f->ctx, &login, &ask, &grant, &err),
			STAUTH_REFUSED);
	}
}

static void c1_malformed_tokens_touch_no_store(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"", "a",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ",
		"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
		"%41aaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa+"};
	char big[4097];

	fixture_hash_reads = 0;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_rc(fixture_find(f, bad[i]), STAUTH_NOTFOUND);
	}
	memset(big, 'a', 4096);
	big[4096] = '\0';
	assert_rc(fixture_find(f, big), STAUTH_NOTFOUND);
	assert_rc(fixture_find(f, NULL), STAUTH_NOTFOUND);
	assert_int_equal(fixture_hash_reads, 0);
	assert_rc(fixture_find(f, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
		STAUTH_NOTFOUND);
	assert_int_equal(fixture_hash_reads, 1);
}

static void c3_a_log_in_makes_a_new_token_and_ends_the_presented(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant planted;
	struct stauth_session_grant grant;
	struct stauth_session_request ask = {.address = HOME};
	struct stauth_login login;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	(void)fixture_user(f, "mallory", OTHER_PASSWORD, false);
	fixture_open(f, "mallory", OTHER_PASSWORD, &planted);
	assert_rc(fixture_find(f, planted.token), STAUTH_OK);
	ask.presented = planted.token;
	right(f, &login);
	assert_ok(stauth_session_open(&f->ctx, &login, &ask, &grant, &err));
	assert_string_not_equal(grant.token, planted.token);
	assert_string_not_equal(grant.session.handle, planted.session.handle);
	assert_rc(fixture_find(f, planted.token), STAUTH_NOTFOUND);
	assert_rc(fixture_find(f, grant.token), STAUTH_OK);
}

static void c4_handle_and_device_token_are_no_session(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant grant;
	struct stauth_login login;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &grant);
	assert_rc(fixture_find(f, grant.device_token), STAUTH_NOTFOUND);
	assert_rc(fixture_find(f, grant.session.handle), STAUTH_NOTFOUND);
	/* Nor the other way round. */
	(void)fixture_try(f, &login, "alice", "wrong", HOME, grant.token);
	assert_false(login.known_device);
}

static void c9_an_account_that_changed_since_gets_no_session(void **state)
{
	struct fixture *f = *state;
	const struct stauth_session_request ask = {.address = HOME};
	struct stauth_account_edit edit = {
		.su = -1, .system_login = -1, .disabled = -1, .groups = "new"};
	struct stauth_session_grant grant;
	struct stauth_session sessions[4];
	struct stauth_login login;
	struct stauth_err err;
	size_t count;
	int ended;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	right(f, &login);
	assert_ok(fixture_edit(
		&f->ctx, "alice", &edit, &fixture_actor, &ended, &err));
	assert_rc(stauth_session_open(&f->ctx, &login, &ask, &grant, &err),
		STAUTH_EXPIRED);
	assert_int_equal(login.verdict, STAUTH_DENY);
	right(f, &login);
	edit.groups = NULL;
	edit.disabled = 1;
	assert_ok(fixture_edit(
		&f->ctx, "alice", &edit, &fixture_actor, &ended, &err));
	assert_rc(stauth_session_open(&f->ctx, &login, &ask, &grant, &err),
		STAUTH_EXPIRED);
	assert_ok(stauth_session_list(&f->ctx,
		&(const struct stauth_session_query){.after = "", .limit = 4},
		sessions, &count, &err));
	assert_int_equal(count, 0);
}

static void c11_the_store_holds_no_token(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_grant grant;
	uint8_t hash[32];
	char shown[STAUTH_B64URL_SIZE(32)];
	char hex[65];

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &grant);
	assert_true(stauth_sha256(grant.token, STAUTH_TOKEN_LEN, hash));
	stauth_b64url_encode(hash, sizeof(hash), shown);
	stauth_hex_encode(hash, sizeof(hash), hex);
	assert_rc(fixture_find(f, shown), STAUTH_NOTFOUND);
	assert_rc(fixture_find(f, hex), STAUTH_NOTFOUND);
	shown[32] = '\0';
	hex[32] = '\0';
	assert_rc(fixture_find(f, shown), STAUTH_NOTFOUND);
	assert_rc(fixture_find(f, hex), STAUTH_NOTFOUND);
	assert_rc(fixture_find(f, grant.token), STAUTH_OK);
}

static int bytes_left;

static enum stauth_rc failing_random(
	void *data, size_t len, struct stauth_err *err)
{
	if (bytes_left < (int)len) {
		memset(data, 0, len);
		return stauth_fail(err, STAUTH_ECRYPTO, "no entropy");
	}
	bytes_left -= (int)len;
	return stauth_random(data, len, err);
}

static void c14_no_random_no_session(void **state)
{
	struct fixture *f = *state;
	const struct stauth_session_request ask = {.address = HOME};
	static const int left[] = {0, 24, 36, 60};
	struct stauth_session_grant grant;
	struct stauth_session_grant untouched;
	struct stauth_session sessions[4];
	struct stauth_login login;
	struct stauth_err err;
	size_t count;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	memset(&grant, 0x5a, sizeof(grant));
	memcpy(&untouched, &grant, sizeof(grant));
	for (size_t i = 0; i < sizeof(left) / sizeof(*left); i++) {
		right(f, &login);
		bytes_left = left[i];
		f->ctx.random = failing_random;
		assert_rc(stauth_session_open(
				  &f->ctx, &login, &ask, &grant, &err),
			STAUTH_ECRYPTO);
		f->ctx.random = stauth_random;
		assert_int_equal(login.verdict, STAUTH_DENY);
		assert_int_equal(login.limits.reserved_at, 0);
		assert_memory_equal(&grant, &untouched, sizeof(grant));
	}
	assert_ok(stauth_session_list(&f->ctx,
		&(const struct stauth_session_query){.after = "", .limit = 4},
		sessions, &count, &err));
	assert_int_equal(count, 0);
}

static enum stauth_rc commit_fails(struct stauth_state *state,
	const struct stauth_login_commit *login, int64_t now_s,
	struct stauth_err *err)
{
	(void)state;
	(void)login;
	(void)now_s;
	return stauth_fail(err, STAUTH_EUNREACHABLE, "locked");
}

static void a_fault_opens_nothing_and_is_no_failure(void **state)
{
	struct fixture *f = *state;
	const struct stauth_session_request ask = {.address = HOME};
	struct stauth_session_grant grant;
	struct stauth_login login;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	f->state_ops.login_commit = commit_fails;
	for (int i = 0; i < 20; i++) {
		right(f, &login);
		assert_rc(stauth_session_open(
				  &f->ctx, &login, &ask, &grant, &err),
			STAUTH_EUNREACHABLE);
		assert_int_equal(login.verdict, STAUTH_DENY);
	}
}

static void a_known_device_keeps_its_token(void **state)
{
	struct fixture *f = *state;
	struct stauth_session_request ask = {.address = HOME};
	struct stauth_session_grant first;
	struct stauth_session_grant again;
	struct stauth_login login;
	struct stauth_err err;

	(void)fixture_user(f, "alice", GOOD_PASSWORD, false);
	(void)fixture_user(f, "mallory", OTHER_PASSWORD, false);
	fixture_open(f, "alice", GOOD_PASSWORD, &first);
	fixture_now_s += 179 * 86400;
	assert_int_equal(fixture_try(f, &login, "alice", GOOD_PASSWORD, HOME,
				 first.device_token),
		STAUTH_ALLOW);
	assert_true(login.known_device);
	ask.device_token = first.device_token;
	assert_ok(stauth_session_open(&f->ctx, &login, &ask, &again, &err));
	assert_string_equal(again.device_token, first.device_token);
	/* Renewed by the log-in, dead 180 days after it. */
	fixture_now_s += 180 * 86400 - 1;
	(void)fixture_try(
		f, &login, "alice", "wrong", HOME, first.device_token);
	assert_true(login.known_device);
	fixture_now_s += 1;
	(void)fixture_try(
		f, &login, "alice", "wrong", HOME, first.device_token);
	assert_false(login.known_device);
	/* Somebody else's token is never taken over. */
	assert_int_equal(fixture_try(f, &login, "mallory", OTHER_PASSWORD, HOME,
				 first.device_token),
		STAUTH_ALLOW);
	assert_ok(stauth_session_open(&f->ctx, &login, &ask, &again, &err));
	assert_string_not_equal(again.device_token, first.device_token);
}

static int64_t device_epoch;
static int64_t device_uid;

static enum stauth_rc some_device(struct stauth_state *state,
	const uint8_t device_hash[32], int64_t now_s,
	struct stauth_device *ret_device, struct stauth_err *err)
{
	(void)state;
	(void)device_hash;
	(void)err;
	*ret_device = (struct stauth_device){
		.uid = device_uid,
		.epoch = device_epoch,
		.expires_at = now_s + 1,
	};
	return STAUTH_OK;
}

/* Whatever the store hands out. */
static void a_device_is_of_one_account_and_epoch(void **state)
{
	struct fixture *f = *state;
	struct stauth_account alice;
	struct stauth_known_device device;
	struct stauth_err err;
	static const char token[] = "abcdefghijklmnopqrstuvwxyz012345";

	alice = fixture_user(f, "alice", GOOD_PASSWORD, false);
	f->state_ops.device_by_hash = some_device;
	device_uid = alice.uid;
	device_epoch = alice.epoch;
	assert_ok(stauth_device_known(&f->ctx, token, &alice, &device, &err));
	assert_true(device.known);
	device_epoch = alice.epoch - 1;
	assert_ok(stauth_device_known(&f->ctx, token, &alice, &device, &err));
	assert_false(device.known);
	device_epoch = alice.epoch;
	device_uid = 0;
	alice.uid = 0;
	assert_ok(stauth_device_known(&f->ctx, token, &alice, &device, &err));
	assert_false(device.known);
	assert_ok(stauth_device_known(&f->ctx, "short", &alice, &device, &err));
	assert_false(device.known);
}

static void without_a_proof_there_is_no_session(void **state)
{
	struct fixture *f = *state;
	struct stauth_account alice =
		fixture_user(f, "alice", GOOD_PASSWORD, false);
	struct stauth_login_commit commit = {
		.session = {.handle = "AbCdEfGhIjKlMnOp", .channel = "web"}};
	struct stauth_session found;
	struct stauth_err err;

	commit.session.expires_at = fixture_now_s + 100;
	(void)snprintf(commit.audit.event, sizeof(commit.audit.event), "login");
	assert_rc(stauth_session_insert(
			  &f->ctx, &alice, &commit, fixture_now_s, &err),
		STAUTH_REFUSED);
	assert_rc(stauth_session_by_handle(
			  &f->ctx, commit.session.handle, &found, &err),
		STAUTH_NOTFOUND);
	commit.session.factors = STAUTH_FACTOR_HOST;
	assert_ok(stauth_session_insert(
		&f->ctx, &alice, &commit, fixture_now_s, &err));
	assert_ok(stauth_session_by_handle(
		&f->ctx, commit.session.handle, &found, &err));
	assert_string_equal(found.user, "alice");
	assert_int_equal(found.created_at, fixture_now_s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(without_a_proof_there_is_no_session),
		FIXTURE_TEST(a_session_carries_the_identity),
		FIXTURE_TEST(only_a_right_log_in_opens_a_session),
		FIXTURE_TEST(c1_malformed_tokens_touch_no_store),
		FIXTURE_TEST(
			c3_a_log_in_makes_a_new_token_and_ends_the_presented),
		FIXTURE_TEST(c4_handle_and_device_token_are_no_session),
		FIXTURE_TEST(c9_an_account_that_changed_since_gets_no_session),
		FIXTURE_TEST(c11_the_store_holds_no_token),
		FIXTURE_TEST(c14_no_random_no_session),
		FIXTURE_TEST(a_fault_opens_nothing_and_is_no_failure),
		FIXTURE_TEST(a_known_device_keeps_its_token),
		FIXTURE_TEST(a_device_is_of_one_account_and_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
