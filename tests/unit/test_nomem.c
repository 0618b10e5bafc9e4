/* SPDX-License-Identifier: MIT */
/* What must hold when memory runs out at any point: see nomem_world.h. */
#include "unit.h"

#include "auth/signup.h"
#include "base/clock.h"
#include "nomem_world.h"

#include "base/banned.h"

#define NEW  "new@example.com"
#define FLOW "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct stauth_signup_who browser = {FLOW, HOME, "web"};

/* --- checks */

static void ask(struct world *w, const char *token)
{
	struct stauth_check_done done = {.tag = 0};
	struct told *told = w->told;

	told->rc =
		stauth_check_submit(&w->ctx, token, STAUTH_TOKEN_LEN, 1, &done);
	told->check = done.verdict;
	told->entry = stauth_check_judge(&done, "");
	memcpy(told->user, done.session.user, sizeof(told->user));
	w->ctx.check->ops->flush(w->ctx.check);
}

static void check_alive(struct world *w)
{
	ask(w, w->token);
}

/* Never a no for what could not be read, and a yes is a whole one. */
static void judge_alive(struct world *w)
{
	const struct told *told = w->told;

	if (told->rc == STAUTH_OK) {
		assert_int_equal(told->check, STAUTH_ALLOW);
		assert_int_equal(told->entry, STAUTH_ALLOW);
		assert_string_equal(told->user, "alice");
		return;
	}
	assert_true(told->rc < 0);
	assert_int_not_equal(told->entry, STAUTH_ALLOW);
	assert_string_equal(told->user, "");
}

static void x14_a_check_says_yes_only_to_what_it_read(void **state)
{
	static const struct scene scene = {
		STAUTH_ROLE_CHECK, true, NULL, check_alive, judge_alive};

	nomem_play(*state, &scene);
}

static void check_dead(struct world *w)
{
	ask(w, FLOW);
}

static void judge_dead(struct world *w)
{
	assert_int_not_equal(w->told->check, STAUTH_ALLOW);
	assert_int_not_equal(w->told->entry, STAUTH_ALLOW);
}

static void x14_a_check_of_nobody_is_never_a_yes(void **state)
{
	static const struct scene scene = {
		STAUTH_ROLE_CHECK, true, NULL, check_dead, judge_dead};

	nomem_play(*state, &scene);
}

/* --- log-in */

static void forget_failures(struct world *w)
{
	run_sql(w, "DELETE FROM rate_limits");
	run_sql(w, "DELETE FROM sessions");
	run_sql(w, "DELETE FROM devices");
	run_sql(w, "DELETE FROM audit");
}

static void log_in(struct world *w)
{
	struct stauth_login login;
	struct told *told = w->told;

	told->verdict = try_password(w, "alice", PASSWORD, &login, &told->rc);
	if (told->verdict == STAUTH_ALLOW) {
		told->rc = open_session(w, &login, told->token);
	}
	stauth_login_finish(&login);
}

static enum stauth_rc stands(struct world *w, const char *token)
{
	struct stauth_session session;

	return stauth_session_by_token(&w->ctx, token, &session, NULL);
}

static void judge_log_in(struct world *w)
{
	const struct told *told = w->told;
	bool in = told->token[0] != '\0';

	assert_int_equal(told->rc == STAUTH_OK, in);
	assert_int_equal(count_of(w, "SELECT count(*) FROM sessions"), in);
	assert_int_equal(count_of(w, "SELECT count(*) FROM devices"), in);
	assert_int_equal(
		count_of(w, "SELECT count(*) FROM audit WHERE event = 'login'"),
		in);
	if (in) {
		assert_int_equal(told->verdict, STAUTH_ALLOW);
		assert_int_equal(stands(w, told->token), STAUTH_OK);
	}
	/* At most this one try was counted. */
	assert_true(
		count_of(w,
			"SELECT ifnull(max(failures), 0) FROM rate_limits") <=
		!in);
}

static void x14_a_log_in_is_whole_or_none(void **state)
{
	static const struct scene scene = {
		STAUTH_ROLE_PAGE, false, forget_failures, log_in, judge_log_in};

	nomem_play(*state, &scene);
}

static void guess(struct world *w)
{
	struct stauth_login login;
	struct told *told = w->told;

	told->verdict = try_password(w, "alice", OTHER, &login, &told->rc);
	stauth_login_finish(&login);
}

static void judge_guess(struct world *w)
{
	assert_int_equal(w->told->verdict, STAUTH_DENY);
	assert_int_equal(count_of(w, "SELECT count(*) FROM sessions"), 0);
}

static void x14_a_wrong_password_stays_wrong(void **state)
{
	static const struct scene scene = {
		STAUTH_ROLE_PAGE, false, forget_failures, guess, judge_guess};

	nomem_play(*state, &scene);
}

/* --- log-out */

static void two_sessions(struct world *w)
{
	forget_failures(w);
	a_session(w, w->token);
	a_session(w, w->second);
}

static void log_out(struct world *w)
{
	struct stauth_err err;

	w->told->rc =
		stauth_session_logout(&w->ctx, w->token, &nomem_actor, &err);
}

static void judge_log_out(struct world *w)
{
	bool done = w->told->rc == STAUTH_OK;

	assert_true(done || w->told->rc < 0);
	assert_int_equal(
		stands(w, w->token), done ? STAUTH_NOTFOUND : STAUTH_OK);
	assert_int_equal(stands(w, w->second), STAUTH_OK);
	assert_int_equal(count_of(w, "SELECT count(*) FROM audit "
				     "WHERE event = 'logout'"),
		done);
}

static void x14_a_log_out_is_done_or_reported_to_be_not(void **state)
{
	static const struct scene scene = {
		STAUTH_ROLE_PAGE, false, two_sessions, log_out, judge_log_out};

	nomem_play(*state, &scene);
}

/* --- change of password */

static void old_password(struct world *w)
{
	struct stauth_secret secret = secret_of(PASSWORD);
	struct stauth_err err = {.rc = STAUTH_OK};
	int ended = 0;

	const struct stauth_password_set set = {
		.name = "alice", .password = &secret};
	assert_ok(
		stauth_password_set(&w->ctx, &set, &nomem_actor, &ended, &err));
	two_sessions(w);
	run_sql(w, "DELETE FROM outbox");
}

static void change_password(struct world *w)
{
	struct stauth_secret secret = secret_of(OTHER);
	struct stauth_session session;
	struct stauth_login login;
	struct stauth_err err;
	struct told *told = w->told;
	int ended = 0;

	told->rc = stauth_session_by_token(&w->ctx, w->token, &session, &err);
	if (told->rc != STAUTH_OK) {
		return;
	}
	told->verdict = try_password(w, "alice", PASSWORD, &login, &told->rc);
	if (told->verdict == STAUTH_ALLOW) {
		const struct stauth_password_change change = {
			&login, &session, NULL, &secret};
		told->rc = stauth_password_change(
			&w->ctx, &change, &nomem_actor, &ended, &err);
	}
	stauth_login_finish(&login);
}

static void judge_change(struct world *w)
{
	bool done = w->told->rc == STAUTH_OK && w->told->through;
	struct stauth_login login;

	run_sql(w, "DELETE FROM rate_limits");
	assert_int_equal(
		try_password(w, "alice", done ? OTHER : PASSWORD, &login, NULL),
		STAUTH_ALLOW);
	assert_int_equal(
		try_password(w, "alice", done ? PASSWORD : OTHER, &login, NULL),
		STAUTH_DENY);
	assert_int_equal(stands(w, w->token), STAUTH_OK);
	assert_int_equal(
		stands(w, w->second), done ? STAUTH_NOTFOUND : STAUTH_OK);
	assert_int_equal(count_of(w, "SELECT count(*) FROM audit "
				     "WHERE event = 'password.change'"),
		done);
}

static void x14_a_password_is_the_old_one_or_the_new(void **state)
{
	static const struct scene scene = {STAUTH_ROLE_PAGE, false,
		old_password, change_password, judge_change};

	nomem_play(*state, &scene);
}

/* --- sign-up */

static void nobody_waits(struct world *w)
{
	forget_failures(w);
	run_sql(w, "DELETE FROM users WHERE name <> 'alice'");
	run_sql(w, "DELETE FROM pending_users");
	run_sql(w, "DELETE FROM pins");
	run_sql(w, "DELETE FROM outbox");
}

static void sign_up(struct world *w)
{
	struct stauth_secret secret = secret_of(PASSWORD);
	const struct stauth_signup_form form = {NEW, &secret, NULL};
	struct stauth_signup_refusal refusal;
	struct stauth_err err;

	w->told->rc =
		stauth_signup_start(&w->ctx, &browser, &form, &refusal, &err);
}

static void judge_sign_up(struct world *w)
{
	int64_t mails = count_of(w, "SELECT count(*) FROM outbox");

	/* No mail without its PIN, no PIN without its mail. */
	assert_int_equal(count_of(w, "SELECT count(*) FROM pins"), mails);
	assert_int_equal(count_of(w, "SELECT count(*) FROM users"), 1);
	if (w->told->rc == STAUTH_OK && w->told->through) {
		assert_int_equal(mails, 1);
		assert_int_equal(
			count_of(w, "SELECT count(*) FROM pending_users"), 1);
	}
}

static void x14_a_pin_has_its_mail(void **state)
{
	static const struct scene scene = {
		STAUTH_ROLE_PAGE, false, nobody_waits, sign_up, judge_sign_up};

	nomem_play(*state, &scene);
}

static void a_pin(struct world *w)
{
	struct stauth_mail mail = {0};
	struct stauth_err err = {.rc = STAUTH_OK};

	nobody_waits(w);
	sign_up(w);
	assert_int_equal(w->told->rc, STAUTH_OK);
	assert_ok(w->ctx.state->ops->mail_take(
		w->ctx.state, 60, stauth_wall_s(), &mail, &err));
	memcpy(w->pin, mail.code, sizeof(w->pin));
}

static void bring_pin(struct world *w)
{
	struct stauth_login login;
	struct stauth_err err;
	struct told *told = w->told;
	struct stauth_signup_attempt attempt = {.pin = w->pin};

	told->rc =
		stauth_signup_verify(&w->ctx, &browser, &attempt, &login, &err);
	told->verdict = login.verdict;
	if (told->rc == STAUTH_OK) {
		told->rc = open_session(w, &login, told->token);
	}
	stauth_login_finish(&login);
}

static void judge_pin(struct world *w)
{
	const struct told *told = w->told;
	int64_t accounts = count_of(
		w, "SELECT count(*) FROM users WHERE name = '" NEW "'");
	struct stauth_login login;

	assert_int_equal(told->rc == STAUTH_OK, told->token[0] != '\0');
	assert_int_equal(count_of(w, "SELECT count(*) FROM sessions"),
		told->token[0] != '\0');
	if (told->verdict == STAUTH_ALLOW) {
		assert_int_equal(accounts, 1);
	}
	/* The account is there with its password, or the sign-up still is. */
	assert_int_equal(count_of(w, "SELECT count(*) FROM pending_users"),
		1 - accounts);
	run_sql(w, "DELETE FROM rate_limits");
	assert_int_equal(try_password(w, NEW, PASSWORD, &login, NULL),
		accounts == 1 ? STAUTH_ALLOW : STAUTH_DENY);
}

static void x14_a_pin_makes_an_account_or_none(void **state)
{
	static const struct scene scene = {
		STAUTH_ROLE_PAGE, false, a_pin, bring_pin, judge_pin};

	nomem_play(*state, &scene);
}

/* --- the configuration */

static void load(struct world *w)
{
	struct stauth_config *config = NULL;
	struct stauth_err err;

	w->told->rc = stauth_config_load(
		w->conf, STAUTH_READER_SERVICE, &config, &err);
	if (w->told->rc == STAUTH_OK) {
		(void)snprintf(w->told->user, sizeof(w->told->user), "%s",
			config->state_dir);
		stauth_config_free(config);
	}
}

static void judge_load(struct world *w)
{
	assert_true(w->told->rc <= 0);
	assert_string_equal(w->told->user,
		w->told->rc == STAUTH_OK ? w->config->state_dir : "");
}

static void x14_a_configuration_is_whole_or_none(void **state)
{
	static const struct scene scene = {
		STAUTH_ROLE_CHECK, true, NULL, load, judge_load};

	nomem_play(*state, &scene);
}

#define ON(test)                                                               \
	cmocka_unit_test_setup_teardown(test, nomem_setup, nomem_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON(x14_a_check_says_yes_only_to_what_it_read),
		ON(x14_a_check_of_nobody_is_never_a_yes),
		ON(x14_a_log_in_is_whole_or_none),
		ON(x14_a_wrong_password_stays_wrong),
		ON(x14_a_log_out_is_done_or_reported_to_be_not),
		ON(x14_a_password_is_the_old_one_or_the_new),
		ON(x14_a_pin_has_its_mail),
		ON(x14_a_pin_makes_an_account_or_none),
		ON(x14_a_configuration_is_whole_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
