/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SENDGRID_H
#define STAUTH_SENDGRID_H

#include "mail/mailer.h"

/* MAIL_TRANSPORT=SENDGRID: v3 mail/send. ECONFIG: SENDGRID_URL, which must be
 * https unless it is loopback. */
enum stauth_rc stauth_sendgrid_mailer_open(const struct stauth_config *config,
	struct stauth_mailer **ret_mailer, struct stauth_err *err);

#endif
