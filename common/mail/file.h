/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_MAIL_FILE_H
#define STAUTH_MAIL_FILE_H

#include "mail/mailer.h"

/*
 * MAIL_TRANSPORT=FILE: a mail becomes MAIL_DIR/LOCAL.eml, mode 0600, LOCAL
 * being the local part of its Message-ID; so a second try replaces the first
 * instead of doubling it. The directory is made if it is missing.
 */
enum stauth_rc stauth_file_mailer_open(const struct stauth_config *config,
	struct stauth_mailer **ret_mailer, struct stauth_err *err);

#endif
