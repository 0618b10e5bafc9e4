/* SPDX-License-Identifier: MIT */
/*
 * A letter as RFC 5322 text, the same bytes for SMTP and FILE (libcurl can
 * send a MIME tree, but not write one down).
 *
 * 1. Every line MUST end in CRLF and hold at most 998 bytes of ASCII: a
 *    server need offer neither 8BITMIME nor SMTPUTF8, and bare LF is how one
 *    mail becomes two (attack row H2).
 * 2. What is plain ASCII stays as it is, so that a link is one line that a
 *    person can copy; anything else MUST be quoted-printable.
 * 3. No part MUST be able to hold the boundary, which has "=_" in it.
 */
#include "mail/mime.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "base/secret.h"

#include "base/banned.h"

#define LINE_MAX_7BIT 998
/* Encoded bytes of an encoded word; its line has 76, the first a name too. */
#define WORD_MAX     63
#define WORD_FIRST   51
#define BOUNDARY_MAX 48
#define QP_LINE      75 /* and the "=" of a soft break */
#define PLAIN_MAX    64 /* longer headers are folded as encoded words */

void stauth_mail_format_finish(struct stauth_buf *wire)
{
	if (wire->data != NULL) {
		stauth_wipe(wire->data, wire->cap);
	}
	stauth_buf_finish(wire);
}

/* All memory at once: growing would leave copies of the code behind. */
static bool wire_init(struct stauth_buf *wire)
{
	stauth_buf_init(wire, STAUTH_WIRE_MAX);
	wire->data = calloc(1, STAUTH_WIRE_MAX + 1);
	wire->cap = wire->data != NULL ? STAUTH_WIRE_MAX + 1 : 0;
	return wire->data != NULL;
}

static bool is_ascii(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text >= 0x80) {
			return false;
		}
	}
	return true;
}

static bool plain_header(const char *value)
{
	size_t len = strlen(value);

	return is_ascii(value) && len <= PLAIN_MAX &&
	       strstr(value, "=?") == NULL && value[0] != ' ' &&
	       value[len - 1] != ' ';
}

/* RFC 2047: the bytes that stand for themselves even in a name. */
static void add_q(struct stauth_buf *wire, unsigned char c)
{
	if (stauth_is_alnum((char)c)) {
		stauth_buf_addf(wire, "%c", c);
	} else if (c == ' ') {
		stauth_buf_add(wire, "_");
	} else {
		stauth_buf_addf(wire, "=%02X", c);
	}
}

/* How much of value fits, in whole characters, into room encoded bytes. */
static size_t word_len(const char *value, size_t room)
{
	size_t fits = 0;

	for (size_t i = 0; value[i] && room >= 3; i++, room -= 3) {
		if (((unsigned char)value[i + 1] & 0xc0) != 0x80) {
			fits = i + 1;
		}
	}
	return fits;
}

static void add_encoded(struct stauth_buf *wire, const char *value)
{
	size_t room = WORD_FIRST;

	while (*value) {
		size_t n = word_len(value, room);

		room = WORD_MAX;

		stauth_buf_add(wire, "=?UTF-8?Q?");
		for (; n > 0; n--) {
			add_q(wire, (unsigned char)*value++);
		}
		stauth_buf_add(wire, *value ? "?=\r\n " : "?=");
	}
}

static void add_name(struct stauth_buf *wire, const char *name)
{
	if (!plain_header(name)) {
		add_encoded(wire, name);
		return;
	}
	stauth_buf_add(wire, "\"");
	for (; *name; name++) {
		if (*name == '"' || *name == '\\') {
			stauth_buf_add(wire, "\\");
		}
		stauth_buf_add_len(wire, name, 1);
	}
	stauth_buf_add(wire, "\"");
}

static void add_from(
	struct stauth_buf *wire, const struct stauth_mail_message *letter)
{
	stauth_buf_add(wire, "From: ");
	if (letter->from_name[0]) {
		add_name(wire, letter->from_name);
		stauth_buf_add(wire, "\r\n ");
	}
	stauth_buf_addf(wire, "<%s>\r\n", letter->from);
}

/* Not strftime: a front end's locale must not reach the wire. */
static void add_date(struct stauth_buf *wire, int64_t date_at)
{
	static const char days[7][4] = {
		"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t at = date_at;
	struct tm tm;

	if (gmtime_r(&at, &tm) == NULL || tm.tm_year < 0 ||
		tm.tm_year > 9999 - 1900) {
		wire->failed = true;
		return;
	}
	stauth_buf_addf(wire, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n",
		days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
		tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void add_subject(struct stauth_buf *wire, const char *subject)
{
	stauth_buf_add(wire, "Subject: ");
	if (plain_header(subject)) {
		stauth_buf_add(wire, subject);
	} else {
		add_encoded(wire, subject);
	}
	stauth_buf_add(wire, "\r\n");
}

static bool plain_part(const char *part)
{
	if (!is_ascii(part) || strstr(part, "=_") != NULL) {
		return false;
	}
	for (size_t n; *part; part += n + (part[n] == '\n')) {
		n = strcspn(part, "\n");
		if (n > LINE_MAX_7BIT) {
			return false;
		}
	}
	return true;
}

static void add_plain(struct stauth_buf *wire, const char *part)
{
	while (*part) {
		size_t n = strcspn(part, "\n");

		stauth_buf_add_len(wire, part, n);
		stauth_buf_add(wire, "\r\n");
		part += n + (part[n] == '\n');
	}
}

static bool qp_literal(const char *at)
{
	unsigned char c = (unsigned char)*at;

	if (c == ' ' || c == '\t') {
		return at[1] != '\n' && at[1] != '\0';
	}
	return c > 0x20 && c < 0x7f && c != '=';
}

static void add_quoted_printable(struct stauth_buf *wire, const char *part)
{
	size_t column = 0;

	for (; *part; part++) {
		size_t width = qp_literal(part) ? 1 : 3;

		if (*part == '\n') {
			stauth_buf_add(wire, "\r\n");
			column = 0;
			continue;
		}
		if (column + width > QP_LINE) {
			stauth_buf_add(wire, "=\r\n");
			column = 0;
		}
		if (width == 1) {
			stauth_buf_add_len(wire, part, 1);
		} else {
			stauth_buf_addf(wire, "=%02X", (unsigned char)*part);
		}
		column += width;
	}
	stauth_buf_add(wire, column > 0 ? "\r\n" : "");
}

/* Bytes of the Message-ID's local part that make the boundary. */
static int boundary_len(const struct stauth_mail_message *letter)
{
	size_t n = strcspn(letter->message_id, "@");

	return (int)(n < BOUNDARY_MAX ? n : BOUNDARY_MAX);
}

static void add_part(struct stauth_buf *wire,
	const struct stauth_mail_message *letter, const char *type,
	const char *part)
{
	bool plain = plain_part(part);

	stauth_buf_addf(wire,
		"--=_%.*s\r\n"
		"Content-Type: text/%s; charset=utf-8\r\n"
		"Content-Transfer-Encoding: %s\r\n\r\n",
		boundary_len(letter),
		letter->message_id != NULL ? letter->message_id : "", type,
		plain ? "7bit" : "quoted-printable");
	if (plain) {
		add_plain(wire, part);
	} else {
		add_quoted_printable(wire, part);
	}
	stauth_buf_add(wire, "\r\n");
}

enum stauth_rc stauth_mail_format(const struct stauth_mail_message *letter,
	struct stauth_buf *ret_wire, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_mail_check(letter, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_buf wire;
	if (!wire_init(&wire)) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	add_date(&wire, letter->date_at);
	add_from(&wire, letter);
	stauth_buf_addf(&wire, "To: <%s>\r\n", letter->to);
	stauth_buf_addf(&wire, "Message-ID: <%s>\r\n", letter->message_id);
	add_subject(&wire, letter->subject);
	stauth_buf_addf(&wire,
		"MIME-Version: 1.0\r\n"
		"Auto-Submitted: auto-generated\r\n"
		"Content-Type: multipart/alternative;\r\n"
		" boundary=\"=_%.*s\"\r\n\r\n",
		boundary_len(letter), letter->message_id);
	add_part(&wire, letter, "plain", letter->text);
	add_part(&wire, letter, "html", letter->html);
	stauth_buf_addf(&wire, "--=_%.*s--\r\n", boundary_len(letter),
		letter->message_id);
	if (!stauth_buf_ok(&wire)) {
		stauth_mail_format_finish(&wire);
		return stauth_fail(err, STAUTH_BADVALUE,
			"the letter is too long, or its date is none");
	}
	*ret_wire = wire;
	return STAUTH_OK;
}
