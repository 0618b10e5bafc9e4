/* SPDX-License-Identifier: MIT */
/*
 * The mail worker: empties the outbox, one mail at a time.
 *
 *  1. It looks once a second while there is nothing to do, and at once again
 *     after a mail.
 *  2. A store or a mailer that is out of order ends nothing: it is reported
 *     once and tried again.
 *  3. SIGTERM MUST let the mail under way come to its end, and what came of
 *     it be written.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "auth/delivery.h"
#include "log.h"
#include "mail/mailer.h"
#include "store/table.h"
#include "worker.h"

#include "base/banned.h"

#define LOOK_S  1
#define AGAIN_S 30

struct mail_worker {
	const struct gate_worker *worker;
	struct stauth_store store;
	struct stauth_ctx ctx;
	struct stauth_delivery delivery;
	bool trouble; /* of the store; reported once */
};

static void say(enum stauth_message_type type, const char *message, void *user)
{
	(void)user;
	gate_log("%s%s", type == STAUTH_WARNING ? "warning: " : "", message);
}

/* SIGTERM comes through here and nowhere else. */
static void wait_s(const struct gate_worker *worker, int seconds)
{
	const struct timespec time = {.tv_sec = seconds};
	sigset_t none;
	sigemptyset(&none);
	if (!*worker->stop) {
		(void)ppoll(NULL, 0, &time, &none);
	}
}

static bool open_mailer(struct mail_worker *mail)
{
	const struct gate_worker *worker = mail->worker;
	bool reported = false;
	while (!*worker->stop) {
		struct stauth_err err = {.rc = STAUTH_OK};
		if (stauth_mailer_open(worker->config, &mail->ctx.mailer,
			    &err) == STAUTH_OK) {
			return true;
		}
		if (!reported) {
			gate_log("warning: no mail can be sent: %s", err.msg);
		}
		reported = true;
		wait_s(worker, AGAIN_S);
	}
	return false;
}

static void step(struct mail_worker *mail)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	enum stauth_rc rc =
		stauth_delivery_step(&mail->ctx, &mail->delivery, &err);
	if (rc < STAUTH_OK && !mail->trouble) {
		gate_log("warning: the outbox cannot be read: %s", err.msg);
	}
	if (rc >= STAUTH_OK && mail->trouble) {
		gate_log("the outbox is read again");
	}
	mail->trouble = rc < STAUTH_OK;
	if (rc != STAUTH_OK) {
		wait_s(mail->worker, LOOK_S);
		return;
	}
	/* between two mails a waiting SIGTERM gets its turn. */
	wait_s(mail->worker, 0);
}

int gate_mail_run(const struct gate_worker *worker)
{
	struct mail_worker *mail = calloc(1, sizeof(*mail));
	if (mail == NULL) {
		return EX_OSERR;
	}
	mail->worker = worker;
	stauth_ctx_init(&mail->ctx, worker->config);
	mail->ctx.messages = (struct stauth_messages){say, NULL};
	int status = EX_UNAVAILABLE;
	struct stauth_err err = {.rc = STAUTH_OK};
	if (stauth_store_open(worker->config, STAUTH_ROLE_PAGE, &mail->store,
		    &err) != STAUTH_OK) {
		gate_log("mail worker: %s", err.msg);
		goto out;
	}
	mail->ctx.accounts = mail->store.accounts;
	mail->ctx.state = mail->store.state;
	status = EX_OK;
	if (!open_mailer(mail)) {
		goto out;
	}
	while (!*worker->stop) {
		step(mail);
	}
	/* What is delivered but not written would be sent again. */
	if (mail->delivery.done_id != 0) {
		mail->delivery.closed_until_ms = INT64_MAX;
		(void)stauth_delivery_step(&mail->ctx, &mail->delivery, &err);
	}
	stauth_mailer_close(mail->ctx.mailer);
out:
	stauth_ctx_finish(&mail->ctx);
	stauth_store_close(&mail->store);
	free(mail);
	return status;
}
