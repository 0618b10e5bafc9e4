/* SPDX-License-Identifier: MIT */
/*
 * The outbox's other end (CONTRACT 3.2), in the order of the code:
 *
 *  1. What was delivered or given up MUST be written before the next mail is
 *     taken, however often that must be tried: what is not written is sent
 *     again.
 *  2. A mail is taken for longer than a try can last. Who dies over it loses
 *     nothing: it comes back by itself.
 *  3. A mail that will never be accepted is given up, with an audit row;
 *     one that was deferred is tried again after 10 s, 30 s, 1, 2, 5 and
 *     then every 10 minutes, or when the other side asks for it; the last
 *     time shortly before it expires. Expired ones MUST NOT be sent.
 *  4. One that may have been accepted is tried again once, no more: a
 *     doubled mail is better than a lost one, ten are not.
 *  5. When it is the way that is closed (nobody there, wrong credentials,
 *     wrong configuration), nobody MUST be given up for it, and one mail is
 *     tried every 30 s at most. All are due again by then, so that they
 *     leave at once when it opens. It is reported once, and so is its
 *     end.
 *  6. Neither a code nor a mail MUST reach a message or an audit row; the
 *     code is wiped when the mail is gone.
 */
#include "auth/delivery.h"

#include <stdio.h>
#include <string.h>

#include "auth/audit.h"
#include "auth/name.h"
#include "auth/reset.h"
#include "base/secret.h"
#include "mail/compose.h"
#include "mail/mailer.h"
#include "store/state.h"

#include "base/banned.h"

#define LEASE_S       45 /* a try takes 30 at most */
#define CLOSED_MAX_MS 30000
#define CLOSED_MIN_MS 2000
#define CLOSED_DUE_S  1
#define LAST_CALL_S   60

/* --- 1. */

static enum stauth_rc write_done(struct stauth_ctx *ctx,
	struct stauth_delivery *delivery, struct stauth_err *err)
{
	if (delivery->done_id == 0) {
		return STAUTH_OK;
	}
	enum stauth_rc rc =
		ctx->state->ops->mail_done(ctx->state, delivery->done_id,
			delivery->done_silent ? NULL : &delivery->done_row,
			ctx->state->ops->now(ctx->state), err);
	if (rc < 0) {
		return rc;
	}
	/* Or gone already: it expired. */
	delivery->done_id = 0;
	return STAUTH_OK;
}

/* One mail on its way, and what came of the try. */
struct job {
	struct stauth_ctx *ctx;
	struct stauth_delivery *delivery;
	const struct stauth_mail *mail;
	int64_t retry_after_s;
	struct stauth_err why; /* rc and reason */
};

static enum stauth_rc settle(
	struct job *job, bool ok, const char *why, struct stauth_err *err)
{
	static const struct stauth_actor actor = {"", "mail", ""};
	struct stauth_delivery *delivery = job->delivery;
	const struct stauth_mail *mail = job->mail;
	struct stauth_audit_row *row = &delivery->done_row;
	char detail[STAUTH_DETAIL_SIZE];

	snprintf(detail, sizeof(detail), "%s%s%.150s", mail->kind,
		why[0] ? ": " : "", why);
	stauth_audit_fill(row, "mail", mail->user, 0, &actor);
	stauth_text_clean(row->detail, sizeof(row->detail), detail);
	row->ok = ok;
	delivery->done_id = mail->id;
	delivery->done_silent = !mail->kind[0];
	return write_done(job->ctx, delivery, err);
}

/* --- 3. */

static int64_t pause_s(int tries)
{
	static const int64_t pauses[] = {10, 30, 60, 120, 300, 600};
	int last = (int)(sizeof(pauses) / sizeof(*pauses)) - 1;
	int i = tries < 1 ? 0 : tries - 1;

	return pauses[i < last ? i : last];
}

static enum stauth_rc later(
	struct job *job, int64_t after_s, struct stauth_err *err)
{
	struct stauth_state *state = job->ctx->state;
	const struct stauth_mail *mail = job->mail;
	int64_t now_s = state->ops->now(state);
	int64_t next_at = now_s + after_s;

	if (next_at >= mail->expires_at &&
		mail->expires_at - now_s > LAST_CALL_S) {
		next_at = mail->expires_at - LAST_CALL_S / 2;
	}
	if (next_at >= mail->expires_at) {
		return settle(job, false, job->why.msg, err);
	}
	return state->ops->mail_later(state, mail->id, next_at, err);
}

/* --- 4. */

static bool doubted_before(
	struct stauth_delivery *delivery, const struct stauth_mail *mail)
{
	for (int i = 0; i < STAUTH_DELIVERY_DOUBTS; i++) {
		if (delivery->doubts[i] == mail->id) {
			return true;
		}
	}
	delivery->doubts[delivery->doubt_next] = mail->id;
	delivery->doubt_next =
		(delivery->doubt_next + 1) % STAUTH_DELIVERY_DOUBTS;
	return false;
}

/* --- 5. */

static void close_way(struct stauth_ctx *ctx, struct stauth_delivery *delivery,
	const struct stauth_err *trouble)
{
	int64_t pause_ms = CLOSED_MAX_MS;

	if (delivery->closed_count < 4) {
		pause_ms = CLOSED_MIN_MS << delivery->closed_count;
	}
	delivery->closed_count++;
	delivery->closed_until_ms = ctx->boot_ms() + pause_ms;
	if (!delivery->trouble[0]) {
		stauth_report(&ctx->messages, STAUTH_WARNING,
			"mail cannot be sent, will retry: %s", trouble->msg);
	}
	snprintf(delivery->trouble, sizeof(delivery->trouble), "%s",
		trouble->msg[0] ? trouble->msg : "no reason given");
}

static void open_way(struct stauth_ctx *ctx, struct stauth_delivery *delivery)
{
	if (delivery->trouble[0]) {
		stauth_report(
			&ctx->messages, STAUTH_INFO, "mail is sent again");
	}
	delivery->trouble[0] = '\0';
	delivery->closed_count = 0;
	delivery->closed_until_ms = 0;
}

static enum stauth_rc follow_up(
	struct job *job, enum stauth_rc sent, struct stauth_err *err)
{
	int64_t after_s = pause_s(job->mail->tries);

	if (sent == STAUTH_EUNREACHABLE || sent == STAUTH_ECONFIG ||
		sent == STAUTH_EDENIED) {
		close_way(job->ctx, job->delivery, &job->why);
		return later(job, CLOSED_DUE_S, err);
	}
	if (sent >= 0) {
		open_way(job->ctx, job->delivery);
		return settle(job, sent == STAUTH_OK,
			sent == STAUTH_OK ? "" : job->why.msg, err);
	}
	if (sent == STAUTH_EUNKNOWN &&
		doubted_before(job->delivery, job->mail)) {
		return settle(job, false, job->why.msg, err);
	}
	after_s = job->retry_after_s > after_s ? job->retry_after_s : after_s;
	return later(job, after_s, err);
}

/* --- 6. */

static enum stauth_rc send_mail(struct stauth_ctx *ctx,
	const struct stauth_mail_params *params, int64_t *ret_retry_after_s,
	struct stauth_err *err)
{
	if (ctx->mailer == NULL) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"no mailer is configured: set SENDGRID_API_KEY, "
			"SMTP_URL or MAIL_TRANSPORT=FILE");
	}
	struct stauth_composed composed = {0};
	enum stauth_rc rc = stauth_compose(ctx->config, params, &composed, err);
	if (rc == STAUTH_OK) {
		rc = ctx->mailer->ops->send(
			ctx->mailer, &composed.mail, ret_retry_after_s, err);
	}
	stauth_composed_finish(&composed);
	return rc;
}

static enum stauth_rc deliver(struct job *job, struct stauth_err *err)
{
	const struct stauth_mail *mail = job->mail;
	struct stauth_mail_params params = {
		.to = mail->recipient,
		.user = mail->user,
		.code = mail->code,
		.message = mail->message_id,
		.minutes =
			strncmp(mail->kind, "reset", 5) == 0
				? STAUTH_RESET_MINUTES
				: job->ctx->config->signup_pin_expiry_minutes,
		.date_at = mail->created_at,
	};

	if (mail->kind[0] == '\0') {
		return settle(job, true, "", err);
	}
	enum stauth_rc rc = stauth_mail_kind_parse(mail->kind, &params.kind);
	if (rc != STAUTH_OK) {
		return settle(job, false, "unknown kind", err);
	}
	rc = send_mail(job->ctx, &params, &job->retry_after_s, &job->why);
	return follow_up(job, rc, err);
}

/* --- 2. */

enum stauth_rc stauth_delivery_step(struct stauth_ctx *ctx,
	struct stauth_delivery *delivery, struct stauth_err *err)
{
	enum stauth_rc rc = write_done(ctx, delivery, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	if (ctx->boot_ms() < delivery->closed_until_ms) {
		return STAUTH_NOTFOUND;
	}
	struct stauth_mail mail = {0};
	rc = ctx->state->ops->mail_take(ctx->state, LEASE_S,
		ctx->state->ops->now(ctx->state), &mail, err);
	if (rc == STAUTH_OK) {
		struct job job = {
			.ctx = ctx, .delivery = delivery, .mail = &mail};
		rc = deliver(&job, err);
	}
	stauth_wipe(&mail, sizeof(mail));
	return rc > 0 && rc != STAUTH_NOTFOUND ? STAUTH_OK : rc;
}

enum stauth_rc stauth_delivery_test(
	struct stauth_ctx *ctx, const char *to, struct stauth_err *err)
{
	char email[STAUTH_EMAIL_SIZE];
	char message[STAUTH_HANDLE_LEN + 1];
	struct stauth_mail_params params = {
		.kind = STAUTH_MAIL_TEST,
		.to = email,
		.user = "",
		.code = "",
		.message = message,
		.date_at = stauth_ctx_now(ctx),
	};
	enum stauth_rc rc = stauth_email_canonical(to, strlen(to), email, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_random_handle(ctx->random, message, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	int64_t retry_after_s = 0;
	return send_mail(ctx, &params, &retry_after_s, err);
}
