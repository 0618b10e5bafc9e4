/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_LETTER_H
#define STAUTH_LETTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "mail/mailer.h"

/* Bytes of a letter in its wire form, headers and both parts. */
#define STAUTH_WIRE_MAX (96 * 1024)

/* One address, ASCII, that can do no harm in an SMTP command or a header. */
bool stauth_address_ok(const char *address);

/* What every transport asks first. BADVALUE: err->msg names the field. */
enum stauth_rc stauth_mail_check(
	const struct stauth_mail_message *letter, struct stauth_err *err);

/*
 * The letter as RFC 5322 text: CRLF everywhere, 7 bit, no line over 998
 * bytes, multipart/alternative; dots are not stuffed. Checks it first.
 * BADVALUE: that, or it is too long. Wipe by stauth_mail_format_finish.
 */
enum stauth_rc stauth_mail_format(const struct stauth_mail_message *letter,
	struct stauth_buf *ret_wire, struct stauth_err *err);
void stauth_mail_format_finish(struct stauth_buf *wire);

#endif
