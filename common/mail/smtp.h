/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SMTP_H
#define STAUTH_SMTP_H

#include "mail/mailer.h"

/* MAIL_TRANSPORT=SMTP. ECONFIG: SMTP_URL, or only one of SMTP_USER and
 * SMTP_PASSWORD. */
enum stauth_rc stauth_smtp_mailer_open(const struct stauth_config *config,
	struct stauth_mailer **ret_mailer, struct stauth_err *err);

#endif
