/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_MAILER_H
#define STAUTH_MAILER_H

#include <stdint.h>

#include "base/rc.h"

struct stauth_config;

/*
 * What sends mails. Providers are ops structs, compiled in: SendGrid,
 * SMTP, FILE. A call takes at most 30 s, so it belongs into a worker of its
 * own, never into a page.
 */

/* One mail. All strings are borrowed for the call, UTF-8, and
 * refused (BADVALUE) with a control character; text and html may hold LF. */
struct stauth_mail_message {
	const char *from;      /* address */
	const char *from_name; /* BRAND_NAME */
	const char *to;        /* address */
	const char *subject;
	const char *text;
	const char *html;
	const char *message_id; /* without < >; the same at every try */
	int64_t date_at;
};

struct stauth_mailer {
	const struct stauth_mailer_ops *ops;
};

struct stauth_mailer_ops {
	const char *name; /* the value of MAIL_TRANSPORT */
	/*
	 * OK: accepted, it is theirs now. REFUSED, BADVALUE: this mail will
	 * never be accepted. EUNREACHABLE, EBUSY: not accepted, try again,
	 * after *ret_retry_after_s if that is > 0. EUNKNOWN: may have been
	 * accepted; trying again may double it. ECONFIG, EDENIED: nothing will
	 * be accepted until somebody repairs credentials or configuration; try
	 * again all the same. err->msg says why, without any secret.
	 */
	enum stauth_rc (*send)(struct stauth_mailer *mailer,
		const struct stauth_mail_message *mail,
		int64_t *ret_retry_after_s, struct stauth_err *err);
	void (*close)(struct stauth_mailer *mailer);
};

/*
 * The configured mailer. NOTFOUND: none is configured (MAIL_TRANSPORT unset,
 * no SENDGRID_API_KEY, no SMTP_URL), and err->msg says what is missing.
 * ECONFIG: what is there cannot work (STARTTLS and loopback rules, a missing
 * NOTIFICATION_FROM_EMAIL). config is borrowed until close.
 */
enum stauth_rc stauth_mailer_open(const struct stauth_config *config,
	struct stauth_mailer **ret_mailer, struct stauth_err *err);
/* Takes NULL too. */
void stauth_mailer_close(struct stauth_mailer *mailer);

#endif
