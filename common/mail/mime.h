/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_MIME_H
#define STAUTH_MIME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "mail/mailer.h"

/* Bytes of a formatted mail, headers and both parts. */
#define STAUTH_MIME_MAX (96 * 1024)

/* One address, ASCII, that can do no harm in an SMTP command or a header. */
bool stauth_address_ok(const char *address);

/* What every transport asks first. BADVALUE: err->msg names the field. */
enum stauth_rc stauth_mail_check(
	const struct stauth_mail_message *mail, struct stauth_err *err);

/*
 * The mail as RFC 5322 text: CRLF everywhere, 7 bit, no line over 998
 * bytes, multipart/alternative; dots are not stuffed. Checks it first.
 * BADVALUE: that, or it is too long. Wipe by stauth_mime_finish.
 */
enum stauth_rc stauth_mime_format(const struct stauth_mail_message *mail,
	struct stauth_buf *ret_out, struct stauth_err *err);
void stauth_mime_finish(struct stauth_buf *out);

#endif
