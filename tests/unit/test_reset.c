/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "reset_case.h"

#include "auth/device.h"
#include "auth/rate_limit.h"

#include "base/banned.h"

static void f12_a_link_works_once_and_ends_everything(void **state)
{
	struct fixture *f = *state;
	struct stauth_account account =
		fixture_user(f, ALICE, GOOD_PASSWORD, false);
	struct stauth_session_grant grant;
	struct stauth_mail mail;
	struct stauth_mail notice;
	struct stauth_known_device device = {.known = true};
	struct stauth_err err;

	fixture_open(f, ALICE, GOOD_PASSWORD, &grant);
	asked(f, "ALICE@Example.com");
	mail = next_mail(f);
	assert_string_equal(mail.kind, "reset-link");
	assert_string_equal(mail.recipient, ALICE);
	assert_int_equal(strlen(mail.code), STAUTH_RESET_TOKEN_LEN);
	assert_int_equal(mail.expires_at, fixture_now_s + 1800);
	/* F13: looking takes nothing. */
	for (int i = 0; i < 5; i++) {
		assert_rc(look(f, mail.code), STAUTH_OK);
	}
	assert_rc(commit(f, mail.code, "password12"), STAUTH_BADVALUE);
	assert_rc(commit(f, mail.code, OTHER_PASSWORD), STAUTH_OK);
	notice = next_mail(f);
	assert_string_equal(notice.kind, "password-changed");
	assert_string_equal(notice.code, "");
	assert_rc(commit(f, mail.code, OTHER_PASSWORD), STAUTH_EXPIRED);
	assert_rc(look(f, mail.code), STAUTH_EXPIRED);
	assert_rc(fixture_find(f, grant.token), STAUTH_NOTFOUND);
	assert_ok(f->ctx.accounts->ops->user_by_uid(
		f->ctx.accounts, account.uid, &account, &err));
	assert_ok(stauth_device_known(
		&f->ctx, grant.device_token, &account, &device, &err));
	assert_false(device.known);
	assert_int_equal(log_in(f, GOOD_PASSWORD), STAUTH_DENY);
	assert_int_equal(log_in(f, OTHER_PASSWORD), STAUTH_ALLOW);
	assert_int_equal(fixture_rows(f, "reset", NULL), 1);
}

static void f12_newest_only_and_half_an_hour(void **state)
{
	struct fixture *f = *state;
	struct stauth_mail first;
	struct stauth_mail second;

	(void)fixture_user(f, ALICE, GOOD_PASSWORD, false);
	asked(f, ALICE);
	first = next_mail(f);
	fixture_now_s += 60;
	asked(f, ALICE);
	second = next_mail(f);
	assert_rc(look(f, first.code), STAUTH_EXPIRED);
	fixture_now_s += 1799;
	assert_rc(look(f, second.code), STAUTH_OK);
	fixture_now_s += 1;
	assert_rc(commit(f, second.code, OTHER_PASSWORD), STAUTH_EXPIRED);
}

static void f12_a_flipped_bit_or_another_form_is_refused(void **state)
{
	struct fixture *f = *state;
	struct stauth_mail mail;
	char token[STAUTH_MAIL_CODE_SIZE];

	(void)fixture_user(f, ALICE, GOOD_PASSWORD, false);
	asked(f, ALICE);
	mail = next_mail(f);
	for (size_t i = 0; i < STAUTH_RESET_TOKEN_LEN; i++) {
		memcpy(token, mail.code, sizeof(token));
		token[i] = token[i] == 'A' ? 'B' : 'A';
		assert_rc(look(f, token), STAUTH_EXPIRED);
	}
	assert_rc(look(f, ""), STAUTH_EXPIRED);
	assert_rc(look(f, NULL), STAUTH_EXPIRED);
	mail.code[STAUTH_RESET_TOKEN_LEN - 1] = '\0';
	assert_rc(look(f, mail.code), STAUTH_EXPIRED);
}

static void unknown_disabled_and_marked_get_no_link(void **state)
{
	struct fixture *f = *state;
	struct stauth_audit_row row;
	struct stauth_mail mail;
	struct stauth_err err;

	asked(f, "nobody@example.com");
	assert_string_equal(next_mail(f).kind, "-");
	(void)fixture_user(f, ALICE, GOOD_PASSWORD, false);
	do_change(f, DISABLE);
	asked(f, ALICE);
	assert_string_equal(next_mail(f).kind, "-");
	assert_int_equal(fixture_rows(f, "reset.ask", &row), 2);
	assert_false(row.ok);
	(void)fixture_user(f, "root@example.com", GOOD_PASSWORD, false);
	assert_ok(fixture_edit(&f->ctx, "root@example.com",
		&(struct stauth_account_edit){
			.su = -1, .system_login = 1, .disabled = -1},
		&fixture_actor, &(int){0}, &err));
	asked(f, "root@example.com");
	mail = next_mail(f);
	assert_string_equal(mail.kind, "reset-ask");
	assert_string_equal(mail.code, "");
}

static void f7_the_limits_count_known_and_unknown_alike(void **state)
{
	struct fixture *f = *state;
	struct stauth_err err;
	struct stauth_counter counts[20];
	size_t count = 0;

	(void)fixture_user(f, ALICE, GOOD_PASSWORD, false);
	for (int i = 0; i < 6; i++) {
		asked(f, ALICE);
		asked(f, "nobody@example.com");
		fixture_now_s += 60;
	}
	assert_ok(f->ctx.state->ops->throttle_list(f->ctx.state,
		&(const struct stauth_counter_page){.after_name = "mail",
			.limit = 20,
			.now_s = fixture_now_s},
		counts, &count, &err));
	assert_string_equal(counts[0].key, ALICE "\nreset");
	assert_int_equal(counts[0].failures, 5);
	assert_string_equal(counts[1].key, "nobody@example.com\nreset");
	assert_int_equal(counts[1].failures, 5);
	/* What is never sent is not charged to what is. */
	assert_string_equal(counts[2].name, "mail-all");
	assert_string_equal(counts[2].key, "*");
	assert_int_equal(counts[2].failures, 5);
	assert_string_equal(counts[3].key, "-");
	assert_int_equal(counts[3].failures, 5);
}

/* Strangers who ask for addresses that nobody has cannot end the recovery of
 * those who have one. */
static void u14_mails_never_sent_leave_the_limit_alone(void **state)
{
	struct fixture *f = *state;
	struct stauth_err err;

	(void)fixture_user(f, ALICE, GOOD_PASSWORD, false);
	for (int i = 0; i < 501; i++) {
		char email[64];
		char address[64];

		snprintf(email, sizeof(email), "nobody%d@example.com", i);
		snprintf(address, sizeof(address), "198.51.%d.%d", i / 250,
			1 + i % 250);
		assert_ok(stauth_reset_ask(&f->ctx, email, address, &err));
		assert_string_equal(next_mail(f).kind, "-");
	}
	asked(f, ALICE);
	assert_string_equal(next_mail(f).kind, "reset-link");
}

/* One customer has many networks of 64 bits. */
static int links_from(struct fixture *f, const char *head, const char *tail)
{
	struct stauth_err err;
	int sent = 0;

	for (int i = 0; i < 30; i++) {
		char email[64];
		char address[64];

		snprintf(email, sizeof(email), "u%d@example.com", i);
		snprintf(address, sizeof(address), "2001:db8:%s%x%s::1", head,
			i, tail);
		assert_ok(stauth_reset_ask(&f->ctx, email, address, &err));
		sent += strcmp(next_mail(f).kind, "reset-link") == 0;
	}
	return sent;
}

static void u14_ipv6_sources_are_counted_by_their_networks_too(void **state)
{
	struct fixture *f = *state;
	struct stauth_err err;
	int cleared = 0;

	for (int i = 0; i < 30; i++) {
		char email[64];

		snprintf(email, sizeof(email), "u%d@example.com", i);
		(void)fixture_user(f, email, GOOD_PASSWORD, false);
	}
	assert_int_equal(links_from(f, "0:", ""), 20);
	fixture_now_s += 86400;
	assert_int_equal(links_from(f, "0:", "00"), 20);
	fixture_now_s += 86400;
	assert_int_equal(links_from(f, "1:", "0"), 20);
	fixture_now_s += 60;
	assert_int_equal(links_from(f, "1:", "0"), 0);
	/* Cleared by the names that the list shows. */
	assert_ok(stauth_rate_limit_clear(
		&f->ctx, "2001:db8:1::/56", &fixture_actor, &cleared, &err));
	assert_int_equal(cleared, 1);
	assert_ok(stauth_rate_limit_clear(
		&f->ctx, "2001:db8:1::/48", &fixture_actor, &cleared, &err));
	assert_int_equal(cleared, 1);
	assert_rc(stauth_rate_limit_clear(&f->ctx, "2001:db8:1::/40",
			  &fixture_actor, &cleared, &err),
		STAUTH_BADVALUE);
	fixture_now_s += 86400;
	assert_int_equal(links_from(f, "", ""), 30);
}

static void an_administrators_link_is_printed_or_sent(void **state)
{
	struct fixture *f = *state;
	char link[STAUTH_RESET_LINK_SIZE];
	const char *token;
	struct stauth_mail mail;
	struct stauth_err err;

	(void)fixture_user(f, ALICE, GOOD_PASSWORD, false);
	(void)fixture_user(f, "bob", GOOD_PASSWORD, false);
	f->config->mail_transport = STAUTH_TRANSPORT_NONE;
	assert_ok(stauth_reset_link(&f->ctx,
		&(struct stauth_reset_link){"bob", false}, &fixture_actor, link,
		&err));
	token = strstr(link, "token=");
	assert_non_null(token);
	assert_int_equal(
		strncmp(link, "https://app.example.com/auth/reset?token=", 41),
		0);
	assert_rc(f->ctx.state->ops->mail_take(
			  f->ctx.state, 60, fixture_now_s, &mail, &err),
		STAUTH_NOTFOUND);
	assert_rc(commit(f, token + 6, OTHER_PASSWORD), STAUTH_OK);
	assert_rc(stauth_reset_link(&f->ctx,
			  &(struct stauth_reset_link){ALICE, true},
			  &fixture_actor, link, &err),
		STAUTH_ECONFIG);
	f->config->mail_transport = STAUTH_TRANSPORT_FILE;
	assert_rc(stauth_reset_link(&f->ctx,
			  &(struct stauth_reset_link){"bob", true},
			  &fixture_actor, link, &err),
		STAUTH_BADVALUE);
	assert_ok(stauth_reset_link(&f->ctx,
		&(struct stauth_reset_link){ALICE, true}, &fixture_actor, link,
		&err));
	mail = next_mail(f);
	assert_string_equal(mail.kind, "reset-link");
	assert_string_equal(strstr(link, "token=") + 6, mail.code);
	assert_rc(look(f, mail.code), STAUTH_OK);
	do_change(f, MARK);
	assert_rc(stauth_reset_link(&f->ctx,
			  &(struct stauth_reset_link){ALICE, false},
			  &fixture_actor, link, &err),
		STAUTH_REFUSED);
	assert_rc(stauth_reset_link(&f->ctx,
			  &(struct stauth_reset_link){"nobody", false},
			  &fixture_actor, link, &err),
		STAUTH_NOTFOUND);
}

static void every_change_of_a_password_is_reported_by_mail(void **state)
{
	struct fixture *f = *state;
	struct stauth_secret secret = fixture_secret(OTHER_PASSWORD);
	struct stauth_mail mail;
	struct stauth_err err;
	int ended;

	(void)fixture_user(f, ALICE, GOOD_PASSWORD, false);
	do_change(f, PASSWORD);
	mail = next_mail(f);
	assert_string_equal(mail.kind, "password-changed");
	assert_string_equal(mail.recipient, ALICE);
	assert_int_equal(mail.expires_at, fixture_now_s + 86400);
	(void)fixture_user(f, "bob", GOOD_PASSWORD, false);
	assert_ok(fixture_passwd(
		&f->ctx, "bob", &secret, true, &fixture_actor, &ended, &err));
	assert_string_equal(next_mail(f).kind, "-");
	f->config->mail_transport = STAUTH_TRANSPORT_NONE;
	do_change(f, PASSWORD);
	assert_string_equal(next_mail(f).kind, "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MAIL_TEST(f12_a_link_works_once_and_ends_everything),
		MAIL_TEST(f12_newest_only_and_half_an_hour),
		MAIL_TEST(f12_a_flipped_bit_or_another_form_is_refused),
		MAIL_TEST(unknown_disabled_and_marked_get_no_link),
		MAIL_TEST(f7_the_limits_count_known_and_unknown_alike),
		MAIL_TEST(u14_mails_never_sent_leave_the_limit_alone),
		MAIL_TEST(u14_ipv6_sources_are_counted_by_their_networks_too),
		MAIL_TEST(an_administrators_link_is_printed_or_sent),
		MAIL_TEST(every_change_of_a_password_is_reported_by_mail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
