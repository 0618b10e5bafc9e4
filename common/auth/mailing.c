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
 *     day, so that 50 guesses a day is all that one address is worth.
 *  4. One source: 20 an hour, under the source that log-ins count, "?" if it
 *     is no address. All together: 500 an hour.
 *  5. Mail and what it carries MUST be counted and written in one step, and
 *     nothing when it is refused. An outbox with 1,000 mails takes no more.
 *  6. A mail that is not sent in time MUST NOT be sent at all.
 */
#include "auth/mailing.h"

#include <stdio.h>
#include <string.h>

#include "auth/name.h"
#include "auth/rate_limit.h"
#include "store/rate_limit.h"

#include "base/banned.h"

#define OUTBOX_MAX 1000
#define EVERYBODY  "*"

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

#define LIMIT_CLOSED(limit_name, most, seconds)                                \
	{                                                                      \
		.name = (limit_name), .free = (most), .window_s = (seconds),   \
		.first_wait_s = (seconds), .max_wait_s = (seconds),            \
		.fixed_window = true, .closed_when_full = true,                \
	}

enum limit {
	LIMIT_PAUSE,
	LIMIT_ADDRESS,
	LIMIT_PINS,
	LIMIT_SOURCE,
	LIMIT_ALL,
};

static const struct stauth_rate_limit limits[] = {
	[LIMIT_PAUSE] = LIMIT_CLOSED("mail-pause", 1, 60),
	[LIMIT_ADDRESS] = LIMIT_CLOSED("mail", 5, 3600),
	[LIMIT_PINS] = LIMIT_CLOSED("mail-pins", 10, 86400),
	[LIMIT_SOURCE] = LIMIT_CLOSED("mail-source", 20, 3600),
	[LIMIT_ALL] = LIMIT_CLOSED("mail-all", 500, 3600),
};

const struct stauth_rate_limit *stauth_mailing_limit(const char *name)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		if (strcmp(limits[i].name, name) == 0) {
			return &limits[i];
		}
	}
	return NULL;
}

static const char *topic_name(enum stauth_mailing_topic topic)
{
	return topic == STAUTH_MAILING_SIGNUP ? "signup" : "reset";
}

static struct stauth_rate_limit limit_of_address(
	enum limit which, enum stauth_mailing_topic topic, const char *email)
{
	struct stauth_rate_limit limit = limits[which];

	snprintf(limit.key, sizeof(limit.key), "%s\n%s", email,
		topic_name(topic));
	return limit;
}

static struct stauth_rate_limit limit_of_key(enum limit which, const char *key)
{
	struct stauth_rate_limit limit = limits[which];

	snprintf(limit.key, sizeof(limit.key), "%s", key);
	return limit;
}

void stauth_mailing_set_limits(struct stauth_mailing *mailing,
	enum stauth_mailing_topic topic, const char *email, const char *address)
{
	char source[STAUTH_ADDRESS_SIZE];

	stauth_source_of_address(address != NULL ? address : "", source);
	size_t n = 0;
	mailing->limits[n++] = limit_of_address(LIMIT_PAUSE, topic, email);
	mailing->limits[n++] = limit_of_address(LIMIT_ADDRESS, topic, email);
	if (topic == STAUTH_MAILING_SIGNUP) {
		mailing->limits[n++] =
			limit_of_address(LIMIT_PINS, topic, email);
	}
	mailing->limits[n++] =
		limit_of_key(LIMIT_SOURCE, source[0] ? source : "?");
	mailing->limits[n++] = limit_of_key(LIMIT_ALL, EVERYBODY);
	mailing->limit_count = n;
}

/* The one counter with this key, read from where the list passes it. */
static enum stauth_rc wait_of(struct stauth_ctx *ctx,
	const struct stauth_rate_limit *limit, int64_t now_s,
	int64_t *ret_wait_s, struct stauth_err *err)
{
	char before[STAUTH_RATE_LIMIT_KEY_SIZE];

	snprintf(before, sizeof(before), "%s", limit->key);
	before[strlen(before) - 1] = '\0';
	struct stauth_counter count;
	size_t found = 0;
	enum stauth_rc rc = ctx->state->ops->throttle_list(
		ctx->state, limit->name, before, 1, now_s, &count, &found, err);
	if (rc == STAUTH_OK && found == 1 &&
		strcmp(count.name, limit->name) == 0 &&
		strcmp(count.key, limit->key) == 0) {
		*ret_wait_s = stauth_counter_wait_s(limit, &count, now_s);
	}
	return rc;
}

enum stauth_rc stauth_mailing_wait(struct stauth_ctx *ctx,
	enum stauth_mailing_topic topic, const char *email, int64_t *ret_wait_s,
	struct stauth_err *err)
{
	static const enum limit which[] = {
		LIMIT_PAUSE, LIMIT_ADDRESS, LIMIT_PINS};
	int64_t now_s = ctx->state->ops->now(ctx->state);
	int64_t longest_s = 0;

	for (size_t i = 0; i < sizeof(which) / sizeof(*which); i++) {
		const struct stauth_rate_limit limit =
			limit_of_address(which[i], topic, email);
		int64_t wait_s = 0;
		enum stauth_rc rc = wait_of(ctx, &limit, now_s, &wait_s, err);

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
		.limits = mailing->limits,
		.limit_count = mailing->limit_count,
		.never_refuse = mailing->never_refuse,
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
