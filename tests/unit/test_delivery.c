/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "mail_case.h"

#include "auth/delivery.h"
#include "auth/reset.h"
#include "mail/mailer.h"

#include "base/banned.h"

#define ALICE "alice@example.com"

/* A mailer that answers as it is told, and counts. */
static enum stauth_rc says;
static int64_t says_retry_s;
static int sent;
static int64_t boot_now_ms;

static enum stauth_rc fake_send(struct stauth_mailer *mailer,
	const struct stauth_mail_message *letter, int64_t *ret_retry_after_s,
	struct stauth_err *err)
{
	(void)mailer;
	assert_string_equal(letter->to, ALICE);
	sent++;
	*ret_retry_after_s = says_retry_s;
	return says == STAUTH_OK ? STAUTH_OK
				 : stauth_fail(err, says, "because");
}

static const struct stauth_mailer_ops fake_ops = {
	.name = "FAKE", .send = fake_send};
static struct stauth_mailer fake = {&fake_ops};
static struct stauth_delivery delivery;

static int64_t fake_boot(void)
{
	return boot_now_ms;
}

static int delivery_setup(void **state)
{
	struct fixture *f;

	(void)mail_setup(state);
	f = *state;
	(void)snprintf(f->config->notification_from_email,
		sizeof(f->config->notification_from_email), "n@example.com");
	f->ctx.mailer = &fake;
	f->ctx.boot_ms = fake_boot;
	memset(&delivery, 0, sizeof(delivery));
	says = STAUTH_OK;
	says_retry_s = 0;
	sent = 0;
	boot_now_ms = 1000000;
	(void)fixture_user(f, ALICE, GOOD_PASSWORD, false);
	return 0;
}

static void ask(struct fixture *f)
{
	struct stauth_err err;

	assert_ok(stauth_reset_ask(&f->ctx, ALICE, MAIL_HOME, &err));
}

static enum stauth_rc step(struct fixture *f)
{
	struct stauth_err err = {.rc = STAUTH_OK};

	return stauth_delivery_step(&f->ctx, &delivery, &err);
}

/* Seconds until the one mail is tried again; -1: it is settled. */
static int64_t again_in_s(struct fixture *f)
{
	int64_t start = fixture_now_s;
	int before = sent;

	while (fixture_now_s < start + 4000) {
		if (step(f) == STAUTH_OK && sent > before) {
			return fixture_now_s - start;
		}
		fixture_now_s++;
		boot_now_ms += 1000;
	}
	return -1;
}

static size_t rows(struct fixture *f, bool *ret_ok)
{
	struct stauth_audit_row row;
	size_t count = fixture_rows(f, "mail", &row);

	*ret_ok = count > 0 && row.ok;
	assert_true(count == 0 || strncmp(row.detail, "reset-link", 10) == 0);
	return count;
}

static void what_is_accepted_is_settled(void **state)
{
	struct fixture *f = *state;
	bool ok;

	assert_rc(step(f), STAUTH_NOTFOUND);
	ask(f);
	assert_rc(step(f), STAUTH_OK);
	assert_int_equal(sent, 1);
	assert_int_equal(rows(f, &ok), 1);
	assert_true(ok);
	assert_int_equal(again_in_s(f), -1);
}

static void h5_a_deferred_mail_backs_off_until_it_expires(void **state)
{
	struct fixture *f = *state;
	static const int64_t pauses[] = {10, 30, 60, 120, 300, 600, 600};
	int64_t start = fixture_now_s;
	bool ok;

	ask(f);
	says = STAUTH_EBUSY;
	assert_rc(step(f), STAUTH_OK);
	for (size_t i = 0; i < sizeof(pauses) / sizeof(*pauses); i++) {
		assert_int_equal(again_in_s(f), pauses[i]);
	}
	/* The last time, half a minute before the end; then never. */
	assert_int_equal(again_in_s(f), start + 1800 - 30 - 1720 - start);
	assert_int_equal(rows(f, &ok), 1);
	assert_false(ok);
	assert_int_equal(again_in_s(f), -1);
}

static void a_wish_for_later_is_granted(void **state)
{
	struct fixture *f = *state;

	ask(f);
	says = STAUTH_EBUSY;
	says_retry_s = 90;
	assert_rc(step(f), STAUTH_OK);
	says = STAUTH_OK;
	assert_int_equal(again_in_s(f), 90);
}

static void a_mail_that_is_refused_is_given_up(void **state)
{
	struct fixture *f = *state;
	static const enum stauth_rc no[] = {STAUTH_REFUSED, STAUTH_BADVALUE};
	bool ok;

	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++) {
		ask(f);
		says = no[i];
		assert_rc(step(f), STAUTH_OK);
		assert_int_equal(rows(f, &ok), i + 1);
		assert_false(ok);
		assert_int_equal(again_in_s(f), -1);
	}
}

static void x22_in_doubt_it_is_tried_again_once(void **state)
{
	struct fixture *f = *state;
	bool ok;

	ask(f);
	says = STAUTH_EUNKNOWN;
	assert_rc(step(f), STAUTH_OK);
	assert_int_equal(again_in_s(f), 10);
	assert_int_equal(again_in_s(f), -1);
	assert_int_equal(sent, 2);
	assert_int_equal(rows(f, &ok), 1);
	assert_false(ok);
}

static size_t times_reported(const struct fixture *f, const char *what)
{
	size_t count = 0;

	for (const char *at = f->reports; (at = strstr(at, what)) != NULL;
		at++) {
		count++;
	}
	return count;
}

static void x21_a_closed_way_costs_nobody_his_mail(void **state)
{
	struct fixture *f = *state;
	static const enum stauth_rc closed[] = {
		STAUTH_EUNREACHABLE, STAUTH_ECONFIG, STAUTH_EDENIED};
	bool ok;

	ask(f);
	for (int i = 0; i < 30; i++) {
		says = closed[i % 3];
		assert_in_range(again_in_s(f), i > 0, 31);
	}
	/* 30 s pauses: not one try a second. */
	sent = 0;
	for (int i = 0; i < 120; i++) {
		(void)step(f);
		fixture_now_s++;
		boot_now_ms += 1000;
	}
	assert_in_range(sent, 3, 5);
	assert_int_equal(rows(f, &ok), 0);
	assert_int_equal(times_reported(f, "warning|mail cannot be sent"), 1);
	says = STAUTH_OK;
	assert_in_range(again_in_s(f), 0, 31);
	assert_int_equal(rows(f, &ok), 1);
	assert_true(ok);
	assert_int_equal(times_reported(f, "mail is sent again"), 1);
}

static bool done_fails;

static enum stauth_rc sick_done(struct stauth_state *state, int64_t id,
	const struct stauth_audit_row *audit, int64_t now_s,
	struct stauth_err *err)
{
	(void)state;
	(void)id;
	(void)audit;
	(void)now_s;
	assert_true(done_fails);
	return stauth_fail(err, STAUTH_EUNREACHABLE, "locked");
}

static void what_is_sent_is_written_before_the_next_is_taken(void **state)
{
	struct fixture *f = *state;
	bool ok;

	ask(f);
	done_fails = true;
	f->state_ops.mail_done = sick_done;
	for (int i = 0; i < 5; i++) {
		assert_rc(step(f), STAUTH_EUNREACHABLE);
		fixture_now_s += 60; /* the lease is over */
	}
	assert_int_equal(sent, 1);
	f->state_ops.mail_done = f->real_state->mail_done;
	assert_rc(step(f), STAUTH_NOTFOUND);
	assert_int_equal(sent, 1);
	assert_int_equal(rows(f, &ok), 1);
	assert_true(ok);
}

static void an_expired_mail_is_never_sent(void **state)
{
	struct fixture *f = *state;

	ask(f);
	fixture_now_s += 1800;
	assert_rc(step(f), STAUTH_NOTFOUND);
	assert_int_equal(sent, 0);
}

static void one_that_is_never_sent_leaves_no_row(void **state)
{
	struct fixture *f = *state;
	struct stauth_err err;
	bool ok;

	assert_ok(stauth_reset_ask(
		&f->ctx, "nobody@example.com", MAIL_HOME, &err));
	assert_rc(step(f), STAUTH_OK);
	assert_rc(step(f), STAUTH_NOTFOUND);
	assert_int_equal(sent, 0);
	assert_int_equal(rows(f, &ok), 0);
}

static void a_test_mail_is_sent_at_once(void **state)
{
	struct fixture *f = *state;
	struct stauth_err err;

	assert_ok(stauth_delivery_test(&f->ctx, "Alice@Example.com", &err));
	assert_int_equal(sent, 1);
	assert_rc(stauth_delivery_test(&f->ctx, "nonsense", &err),
		STAUTH_BADVALUE);
	f->ctx.mailer = NULL;
	assert_rc(stauth_delivery_test(&f->ctx, ALICE, &err), STAUTH_ECONFIG);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, delivery_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_accepted_is_settled),
		TEST(h5_a_deferred_mail_backs_off_until_it_expires),
		TEST(a_wish_for_later_is_granted),
		TEST(a_mail_that_is_refused_is_given_up),
		TEST(x22_in_doubt_it_is_tried_again_once),
		TEST(x21_a_closed_way_costs_nobody_his_mail),
		TEST(what_is_sent_is_written_before_the_next_is_taken),
		TEST(an_expired_mail_is_never_sent),
		TEST(one_that_is_never_sent_leaves_no_row),
		TEST(a_test_mail_is_sent_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
