/* SPDX-License-Identifier: MIT */
/* The table of transports. */
#include "mail/mailer.h"

#include <stddef.h>

#include "config/config.h"
#include "mail/file.h"
#include "mail/mime.h"
#include "mail/sendgrid.h"
#include "mail/smtp.h"

#include "base/banned.h"

enum stauth_rc stauth_mailer_open(const struct stauth_config *config,
	struct stauth_mailer **ret_mailer, struct stauth_err *err)
{
	if (config->mail_transport == STAUTH_TRANSPORT_NONE) {
		return stauth_fail(err, STAUTH_NOTFOUND,
			"no mail can be sent: set SENDGRID_API_KEY, SMTP_URL "
			"or MAIL_TRANSPORT=FILE");
	}
	if (!stauth_address_ok(config->notification_from_email)) {
		return stauth_fail(err, STAUTH_ECONFIG,
			config->notification_from_email[0]
				? "NOTIFICATION_FROM_EMAIL is not a plain "
				  "address"
				: "NOTIFICATION_FROM_EMAIL is not set: mails "
				  "need a sender");
	}
	switch (config->mail_transport) {
	case STAUTH_TRANSPORT_SENDGRID:
		return stauth_sendgrid_mailer_open(config, ret_mailer, err);
	case STAUTH_TRANSPORT_SMTP:
		return stauth_smtp_mailer_open(config, ret_mailer, err);
	case STAUTH_TRANSPORT_FILE:
		return stauth_file_mailer_open(config, ret_mailer, err);
	case STAUTH_TRANSPORT_NONE:
		break;
	}
	return stauth_fail(err, STAUTH_ECONFIG, "MAIL_TRANSPORT is not known");
}

void stauth_mailer_close(struct stauth_mailer *mailer)
{
	if (mailer != NULL) {
		mailer->ops->close(mailer);
	}
}
