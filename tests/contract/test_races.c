/* SPDX-License-Identifier: MIT */
/* One winner, whatever the number of processes: store/state.h. */
#include "mailfix.h"

#include <sys/wait.h>

#include "base/banned.h"

#define MAIL      "ann@example.org"
#define PROCESSES 10

struct tally {
	int ok;
	int bad;
	int expired;
	int other;
};

typedef enum stauth_rc racer(struct fixture *fix, int number);

static void count_one(struct tally *tally, enum stauth_rc rc)
{
	if (rc == STAUTH_OK) {
		tally->ok++;
	} else if (rc == STAUTH_BADVALUE) {
		tally->bad++;
	} else if (rc == STAUTH_EXPIRED || rc == STAUTH_NOTFOUND ||
		   rc == STAUTH_EXISTS) {
		tally->expired++;
	} else {
		tally->other++;
	}
}

/* A lock that is waited for in vain is no verdict: asked again. */
static enum stauth_rc ask(struct fixture *fix, racer *one, int number)
{
	enum stauth_rc rc = STAUTH_EUNREACHABLE;

	for (int i = 0; i < 30 && rc == STAUTH_EUNREACHABLE; i++) {
		rc = one(fix, number);
	}
	return rc;
}

/* Each process has a connection of its own; none starts before all are up. */
static void run_process(const struct fixture *fix, racer *one, int first,
	int each, int start_fd, int out_fd)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct fixture own = *fix;
	struct tally tally = {0, 0, 0, 0};
	char go;

	if (open_store(fix, STAUTH_ROLE_PAGE, &own.page, &err) != STAUTH_OK) {
		_exit(1);
	}
	own.accounts = own.page.accounts;
	own.state = own.page.state;
	(void)!read(start_fd, &go, 1);
	for (int i = 0; i < each; i++) {
		count_one(&tally, ask(&own, one, first + i));
	}
	(void)!write(out_fd, &tally, sizeof(tally));
	stauth_store_close(&own.page);
	_exit(0);
}

static struct tally race(struct fixture *fix, racer *one, int each)
{
	struct tally all = {0, 0, 0, 0};
	int start[2];
	int out[2];

	close_stores(fix);
	assert_int_equal(pipe(start), 0);
	assert_int_equal(pipe(out), 0);
	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			(void)close(start[1]);
			run_process(fix, one, i * each, each, start[0], out[1]);
		}
	}
	(void)close(start[0]);
	(void)close(start[1]);
	for (int i = 0; i < PROCESSES; i++) {
		struct tally part;
		int status = 1;

		assert_int_equal(
			read(out[0], &part, sizeof(part)), sizeof(part));
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
		all.ok += part.ok;
		all.bad += part.bad;
		all.expired += part.expired;
		all.other += part.other;
	}
	(void)close(out[0]);
	(void)close(out[1]);
	open_stores(fix);
	return all;
}

static enum stauth_rc right_pin(struct fixture *fix, int number)
{
	int left = 0;

	(void)number;
	return try_pin(fix, "signup", 1, 10, NOW, &left);
}

static enum stauth_rc wrong_pin(struct fixture *fix, int number)
{
	int left = 0;

	return try_pin(fix, "signup", 1, 1000 + number, NOW, &left);
}

static void f3_of_1000_right_pins_one_wins(void **state)
{
	struct fixture *fix = *state;
	struct stauth_pin pin = a_pin(1, 10);
	struct tally tally;

	post(fix, MAIL, "111111", &pin, NOW);
	tally = race(fix, right_pin, 100);
	assert_int_equal(tally.ok, 1);
	assert_int_equal(tally.bad, 0);
	assert_int_equal(tally.expired, 999);
}

static void f4_of_1000_wrong_pins_five_are_compared(void **state)
{
	struct fixture *fix = *state;
	struct stauth_pin pin = a_pin(1, 10);
	struct tally tally;

	post(fix, MAIL, "111111", &pin, NOW);
	tally = race(fix, wrong_pin, 100);
	assert_int_equal(tally.ok, 0);
	assert_int_equal(tally.bad, 5);
	assert_int_equal(tally.expired, 995);
}

static enum stauth_rc promote_one(struct fixture *fix, int number)
{
	struct stauth_pending wait = a_pending(number, MAIL);
	int64_t uid = 0;

	return promote(fix, &wait, NOW, &uid);
}

static void f9_of_100_sign_ups_for_an_address_one_is_made(void **state)
{
	struct fixture *fix = *state;
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_account found;
	struct tally tally;
	size_t count = 0;
	struct stauth_account rows[3];

	for (int i = 0; i < 100; i++) {
		struct stauth_pending wait = a_pending(i, MAIL);

		assert_done(put_pending(fix, &wait));
	}
	tally = race(fix, promote_one, 10);
	assert_int_equal(tally.ok, 1);
	assert_int_equal(tally.expired, 99);
	assert_ok(fix->accounts->ops->user_by_email(
		fix->accounts, MAIL, &found, &err));
	assert_ok(fix->accounts->ops->user_list(fix->accounts,
		&(const struct stauth_account_page){.limit = 3}, rows, &count,
		&err));
	assert_int_equal(count, 1);
	assert_false(waits(fix, 50));
}

/* By turns a name, and an address of somebody else, that are the same. */
static enum stauth_rc claim(struct fixture *fix, int number)
{
	struct stauth_change change = a_change("user.add");
	char name[32];
	(void)snprintf(name, sizeof(name), "racer%d", number);
	struct stauth_account account = an_account(number % 2 ? MAIL : name);
	struct stauth_err err = {STAUTH_OK, ""};
	int64_t uid = 0;

	if (number % 2 == 0) {
		(void)snprintf(account.email, sizeof(account.email), MAIL);
	}
	return fix->accounts->ops->user_insert(
		fix->accounts, &account, &change, &uid, &err);
}

static void u17_of_100_who_claim_a_name_or_address_one_has_it(void **state)
{
	struct fixture *fix = *state;
	struct tally tally = race(fix, claim, 10);

	assert_int_equal(tally.ok, 1);
	assert_int_equal(tally.expired, 99);
}

static enum stauth_rc take_link(struct fixture *fix, int number)
{
	struct stauth_reset reset;

	(void)number;
	return take_reset(fix, 1, NOW, &reset);
}

static void f12_of_100_who_take_a_link_one_has_it(void **state)
{
	struct fixture *fix = *state;
	struct tally tally;

	assert_done(put_reset(fix, 1, 7, NULL));
	tally = race(fix, take_link, 10);
	assert_int_equal(tally.ok, 1);
	assert_int_equal(tally.expired, 99);
}

static enum stauth_rc take_use(struct fixture *fix, int number)
{
	enum stauth_rc rc = verify_pending(fix, number, 0, NOW);

	return rc == STAUTH_REFUSED ? STAUTH_EXPIRED : rc;
}

static void u20_of_100_who_are_invited_once_one_comes_in(void **state)
{
	struct fixture *fix = *state;
	struct tally tally;

	put_invite(fix, 1, 1);
	for (int i = 0; i < 100; i++) {
		put_invited(fix, i, 1);
	}
	tally = race(fix, take_use, 10);
	assert_int_equal(tally.ok, 1);
	assert_int_equal(tally.expired, 99);
}

static enum stauth_rc take_one(struct fixture *fix, int number)
{
	struct stauth_mail mail;

	(void)number;
	return take_mail(fix, NOW, &mail);
}

static void workers_never_share_a_mail(void **state)
{
	struct fixture *fix = *state;
	struct tally tally;

	for (int i = 0; i < 60; i++) {
		post(fix, MAIL, "111111", NULL, NOW);
	}
	tally = race(fix, take_one, 10);
	assert_int_equal(tally.ok, 60);
	assert_int_equal(tally.expired, 40);
}

#define ON(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON(f3_of_1000_right_pins_one_wins),
		ON(f4_of_1000_wrong_pins_five_are_compared),
		ON(f9_of_100_sign_ups_for_an_address_one_is_made),
		ON(u17_of_100_who_claim_a_name_or_address_one_has_it),
		ON(f12_of_100_who_take_a_link_one_has_it),
		ON(u20_of_100_who_are_invited_once_one_comes_in),
		ON(workers_never_share_a_mail),
	};

	RUN_ON_EVERY_PROVIDER(tests);
}
