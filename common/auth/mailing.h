/* SPDX-License-Identifier: MIT */
/* Mails that people ask for, under the throttle of mail; for auth/ only. */
#ifndef STAUTH_AUTH_MAILING_H
#define STAUTH_AUTH_MAILING_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "mail/compose.h"
#include "store/records.h"
#include "store/state.h"

/* What the throttle takes for one kind: all answers to one question. */
enum stauth_mailing_topic {
	STAUTH_MAILING_SIGNUP,
	STAUTH_MAILING_RESET,
	STAUTH_MAILING_APPROVAL, /* to administrators */
	STAUTH_MAILING_EMAIL,    /* a new address of an account */
};

/* One mail and what is counted for it. Holds the code: wipe after use. */
struct stauth_mailing {
	struct stauth_mail mail;
	struct stauth_limits limits;
	bool no_mail;                     /* only what it would carry */
	const struct stauth_pin *pin;     /* NULL none */
	const struct stauth_reset *reset; /* NULL none */
	struct stauth_audit_row audit;
};

/* Can a mail be sent, and a link be made? ECONFIG says what is missing. */
enum stauth_rc stauth_mailing_ready(
	const struct stauth_config *config, struct stauth_err *err);

#define STAUTH_NOTICE_S 86400 /* an older notice helps nobody */

struct stauth_mail_order {
	enum stauth_mail_kind kind;
	const char *recipient; /* cut, never overrun; as user */
	const char *user;
	int64_t life_s; /* sent within that time or not at all */
};
enum stauth_rc stauth_mail_fill(struct stauth_ctx *ctx,
	const struct stauth_mail_order *order, struct stauth_mail *ret_mail,
	struct stauth_err *err);
/* The same as what goes along with a change: change->notice is ret_mail then.
 * Without a recipient or a transport there is none. */
enum stauth_rc stauth_notice_fill(struct stauth_ctx *ctx,
	const struct stauth_mail_order *order, struct stauth_change *change,
	struct stauth_mail *ret_mail, struct stauth_err *err);
/* Who asks for what. */
struct stauth_mailing_question {
	enum stauth_mailing_topic topic;
	const char *email;   /* canonical: whom the mail is for */
	const char *address; /* of the client; NULL none */
};
/* The limits of one mail that is asked for. never_sent: one that only makes
 * an unknown address cost what a known one does. */
void stauth_mailing_set_limits(struct stauth_mailing *mailing,
	const struct stauth_mailing_question *question, bool never_sent);
/* Counts it and puts it into the outbox. THROTTLED: *ret_wait_s; nothing is
 * written. EBUSY: the outbox is full. */
enum stauth_rc stauth_mailing_post(struct stauth_ctx *ctx,
	const struct stauth_mailing *mailing, int64_t *ret_wait_s,
	struct stauth_err *err);
/* Seconds until the same may be asked for again; reads only. */
enum stauth_rc stauth_mailing_wait(struct stauth_ctx *ctx,
	const struct stauth_mailing_question *question, int64_t *ret_wait_s,
	struct stauth_err *err);

#endif
