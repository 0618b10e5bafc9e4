/* SPDX-License-Identifier: MIT */
/*
 * The throttle of mail (CONTRACT 3.3), in the order of the code:
 *
 *  1. Nothing MUST be promised that cannot be sent: without a transport, or
 *     without PUBLIC_URL for the links, it is a configuration error.
 *  2. What is asked for an address MUST be counted under the canonical
 *     address and the question, whatever the answer will be, so that the
 *     counters do not tell who has an account.
 *  3. One question and address: once in 60 s and 5 an hour; and 10 PINs a
 *     day from one source, 30 from all, so that 150 guesses a day is all that
 *     one address is worth and no stranger can use up its sign-up.
 *  4. One source: 20 an hour, under the source that log-ins count, "?" if it
 *     is no address; an IPv6 also by its /56 and /48. All together: 500 an
 *     hour, of those that are sent; those that never are have a counter of
 *     their own, so that the price is the same.
 *  5. Mail and what it carries MUST be counted and written in one step, and
 *     nothing when it is refused. An outbox with 1,000 mails takes no more.
 *  6. A mail that is not sent in time MUST NOT be sent at all.
 */
#include "auth/mailing.h"

#include <stdio.h>
#include <string.h>

#include "auth/name.h"
#include "auth/rate_limit.h"
#include "auth/source.h"
#include "store/rate_limit.h"

#include "base/banned.h"

#define OUTBOX_MAX 1000

/* --- 1. */

enum stauth_rc stauth_mailing_ready(
	const struct stauth_config *config, struct stauth_err *err)
{
	if (config->public_url_count == 0) {
		return stauth_fail(
			err, STAUTH_ECONFIG, "PUBLIC_URL is not set");
	}
	if (config->mail_transport == STAUTH_TRANSPORT_NONE) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"no mail can be sent: set SENDGRID_API_KEY, SMTP_URL "
			"or MAIL_TRANSPORT=FILE");
	}
	return STAUTH_OK;
}

/* --- 2. to 4. */

static const char *const topic_names[] = {
	[STAUTH_MAILING_SIGNUP] = "signup",
	[STAUTH_MAILING_RESET] = "reset",
	[STAUTH_MAILING_APPROVAL] = "approval",
	[STAUTH_MAILING_EMAIL] = "email",
};

static void fill_limits(const struct stauth_mailing_question *question,
	bool never_sent, struct stauth_limits *limits)
{
	const char *email = question->email;
	const char *name = topic_names[question->topic];
	char source[STAUTH_ADDRESS_SIZE];

	stauth_source_key(question->address, source);
	stauth_limits_add(limits, STAUTH_LIMIT_MAIL_PAUSE, email, name);
	stauth_limits_add(limits, STAUTH_LIMIT_MAIL, email, name);
	if (question->topic == STAUTH_MAILING_SIGNUP ||
		question->topic == STAUTH_MAILING_EMAIL) {
		stauth_limits_add(
			limits, STAUTH_LIMIT_MAIL_PINS, email, source);
		stauth_limits_add(
			limits, STAUTH_LIMIT_MAIL_PINS_ALL, email, NULL);
	}
	stauth_limits_add(limits, STAUTH_LIMIT_MAIL_SOURCE, source, NULL);
	for (int bits = 56; bits >= 48; bits -= 8) {
		char network[STAUTH_ADDRESS_SIZE];

		stauth_source_network(source, bits, network);
		if (network[0] != '\0') {
			stauth_limits_add(limits, STAUTH_LIMIT_MAIL_SOURCE,
				network, NULL);
		}
	}
	stauth_limits_add(
		limits, STAUTH_LIMIT_MAIL_ALL, never_sent ? "-" : "*", NULL);
}

void stauth_mailing_set_limits(struct stauth_mailing *mailing,
	const struct stauth_mailing_question *question, bool never_sent)
{
	fill_limits(question, never_sent, &mailing->limits);
}

/* The one counter with this key, read from where the list passes it. */
static enum stauth_rc wait_of(struct stauth_ctx *ctx,
	const struct stauth_rate_limit *limit, int64_t now_s,
	int64_t *ret_wait_s, struct stauth_err *err)
{
	char before[STAUTH_RATE_LIMIT_KEY_SIZE];

	snprintf(before, sizeof(before), "%s", limit->key);
	before[strlen(before) - 1] = '\0';
	const struct stauth_counter_page page = {.after_name = limit->name,
		.after_key = before,
		.limit = 1,
		.now_s = now_s};
	struct stauth_counter count;
	size_t found = 0;
	enum stauth_rc rc = ctx->state->ops->throttle_list(
		ctx->state, &page, &count, &found, err);
	if (rc == STAUTH_OK && found == 1 &&
		strcmp(count.name, limit->name) == 0 &&
		strcmp(count.key, limit->key) == 0) {
		*ret_wait_s = stauth_counter_wait_s(limit, &count, now_s);
	}
	return rc;
}

enum stauth_rc stauth_mailing_wait(struct stauth_ctx *ctx,
	const struct stauth_mailing_question *question, int64_t *ret_wait_s,
	struct stauth_err *err)
{
	struct stauth_limits limits = {.count = 0};
	int64_t now_s = ctx->state->ops->now(ctx->state);

	fill_limits(question, false, &limits);
	int64_t longest_s = 0;
	for (size_t i = 0; i < limits.count; i++) {
		int64_t wait_s = 0;
		enum stauth_rc rc =
			wait_of(ctx, &limits.limit[i], now_s, &wait_s, err);

		if (rc != STAUTH_OK) {
			return rc;
		}
		longest_s = wait_s > longest_s ? wait_s : longest_s;
	}
	*ret_wait_s = longest_s;
	return STAUTH_OK;
}

/* --- 5. */

enum stauth_rc stauth_mailing_post(struct stauth_ctx *ctx,
	const struct stauth_mailing *mailing, int64_t *ret_wait_s,
	struct stauth_err *err)
{
	const struct stauth_mail_commit commit = {
		.limits = &mailing->limits,
		.mail = mailing->no_mail ? NULL : &mailing->mail,
		.pin = mailing->pin,
		.reset = mailing->reset,
		.outbox_max = OUTBOX_MAX,
		.audit = mailing->audit,
	};

	return ctx->state->ops->mail_commit(
		ctx->state, &commit, mailing->mail.created_at, ret_wait_s, err);
}

/* --- 6. */

enum stauth_rc stauth_mail_fill(struct stauth_ctx *ctx,
	const struct stauth_mail_order *order, struct stauth_mail *ret_mail,
	struct stauth_err *err)
{
	struct stauth_mail mail = {0};
	enum stauth_rc rc =
		stauth_random_handle(ctx->random, mail.message_id, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	mail.created_at = ctx->state->ops->now(ctx->state);
	mail.expires_at = mail.created_at + order->life_s;
	snprintf(mail.kind, sizeof(mail.kind), "%s",
		stauth_mail_kind_name(order->kind));
	snprintf(
		mail.recipient, sizeof(mail.recipient), "%s", order->recipient);
	snprintf(mail.user, sizeof(mail.user), "%s", order->user);
	*ret_mail = mail;
	return STAUTH_OK;
}

enum stauth_rc stauth_notice_fill(struct stauth_ctx *ctx,
	const struct stauth_mail_order *order, struct stauth_change *change,
	struct stauth_mail *ret_mail, struct stauth_err *err)
{
	if (order->recipient[0] == '\0' ||
		ctx->config->mail_transport == STAUTH_TRANSPORT_NONE) {
		return STAUTH_OK;
	}
	change->notice = ret_mail;
	return stauth_mail_fill(ctx, order, ret_mail, err);
}
