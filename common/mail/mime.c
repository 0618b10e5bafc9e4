/* SPDX-License-Identifier: MIT */
/*
 * A mail as RFC 5322 text, the same bytes for SMTP and FILE (libcurl can send
 * a MIME tree, but not write one down). libcurl hands CR and LF in an address
 * or a header to the server as they are (attack row H1), so nothing below
 * this file checks again.
 *
 * 1. An address MUST be printable ASCII with one @ and nothing that means
 *    something in an SMTP command or in a header.
 * 2. A header's value MUST be UTF-8 without any control character.
 * 3. A part MUST be UTF-8; LF and tab are its only control characters.
 * 4. A Message-ID MUST be local@host of characters that a file name may hold.
 * 5. Every line MUST end in CRLF and hold at most 998 bytes of ASCII: a
 *    server need offer neither 8BITMIME nor SMTPUTF8, and bare LF is how one
 *    mail becomes two (attack row H2).
 * 6. What is plain ASCII stays as it is, so that a link is one line that a
 *    person can copy; anything else MUST be quoted-printable.
 * 7. No part MUST be able to hold the boundary, which has "=_" in it.
 */
#include "mail/mime.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "base/codec.h"
#include "base/secret.h"

#include "base/banned.h"

#define LOCAL_MAX      64
#define ADDRESS_MAX    254
#define HEADER_MAX     512
#define MESSAGE_ID_MAX 319
#define PART_MAX       (16 * 1024)
#define LINE_MAX_7BIT  998
/* Encoded bytes of an encoded word; its line has 76, the first a name too. */
#define WORD_MAX     63
#define WORD_FIRST   51
#define BOUNDARY_MAX 48
#define QP_LINE      75 /* and the "=" of a soft break */
#define PLAIN_MAX    64 /* longer headers are folded as encoded words */

/* --- 1. to 4. */

bool stauth_address_ok(const char *address)
{
	const char *at = strchr(address, '@');
	size_t len = strlen(address);

	for (const char *p = address; *p; p++) {
		if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f ||
			strchr("<>()[]\\,;:\"", *p) != NULL) {
			return false;
		}
	}
	return at != NULL && strchr(at + 1, '@') == NULL && at > address &&
	       at - address <= LOCAL_MAX && len <= ADDRESS_MAX &&
	       at[1] != '\0' &&
	       at[1 + strspn(at + 1, STAUTH_ALNUM ".-")] == '\0';
}

/* U+0080 to U+009F, and the two line separators. */
static bool unsafe_char(const unsigned char *p)
{
	return (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) ||
	       (p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9));
}

static bool text_ok(const char *text, size_t max, const char *controls)
{
	size_t len = strlen(text);

	if (len > max || !stauth_utf8_valid(text, len)) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (((c < 0x20 || c == 0x7f) && strchr(controls, c) == NULL) ||
			unsafe_char((const unsigned char *)text + i)) {
			return false;
		}
	}
	return true;
}

static bool message_id_ok(const char *id)
{
	size_t local = strspn(id, STAUTH_ALNUM "-_+=.");
	const char *host = id + local + 1;

	if (strlen(id) > MESSAGE_ID_MAX || local == 0 || id[0] == '.' ||
		id[local] != '@' || *host == '\0') {
		return false;
	}
	return host[strspn(host, STAUTH_ALNUM "-._:[]")] == '\0';
}

enum stauth_rc stauth_mail_check(
	const struct stauth_mail_message *mail, struct stauth_err *err)
{
	const char *wrong = NULL;

	if (!stauth_address_ok(mail->from)) {
		wrong = "sender's address";
	} else if (!stauth_address_ok(mail->to)) {
		wrong = "receiver's address";
	} else if (!text_ok(mail->from_name, HEADER_MAX, "")) {
		wrong = "sender's name";
	} else if (!mail->subject[0] ||
		   !text_ok(mail->subject, HEADER_MAX, "")) {
		wrong = "subject";
	} else if (!mail->text[0] || !text_ok(mail->text, PART_MAX, "\n\t")) {
		wrong = "text";
	} else if (!mail->html[0] || !text_ok(mail->html, PART_MAX, "\n\t")) {
		wrong = "HTML";
	} else if (!message_id_ok(mail->message_id)) {
		wrong = "Message-ID";
	}
	if (wrong != NULL) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"the mail's %s cannot be sent", wrong);
	}
	return STAUTH_OK;
}

/* --- 5. to 7. */

void stauth_mime_finish(struct stauth_buf *out)
{
	if (out->data != NULL) {
		stauth_wipe(out->data, out->cap);
	}
	stauth_buf_finish(out);
}

/* All memory at once: growing would leave copies of the code behind. */
static bool start(struct stauth_buf *out)
{
	stauth_buf_init(out, STAUTH_MIME_MAX);
	out->data = calloc(1, STAUTH_MIME_MAX + 1);
	out->cap = out->data != NULL ? STAUTH_MIME_MAX + 1 : 0;
	return out->data != NULL;
}

static bool plain_header(const char *value)
{
	size_t len = strlen(value);

	return stauth_is_ascii(value) && len <= PLAIN_MAX &&
	       strstr(value, "=?") == NULL && value[0] != ' ' &&
	       value[len - 1] != ' ';
}

/* RFC 2047: the bytes that stand for themselves even in a name. */
static void add_q(struct stauth_buf *out, unsigned char c)
{
	if (stauth_is_alnum((char)c)) {
		stauth_buf_addf(out, "%c", c);
	} else if (c == ' ') {
		stauth_buf_add(out, "_");
	} else {
		stauth_buf_addf(out, "=%02X", c);
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

static void add_encoded(struct stauth_buf *out, const char *value)
{
	size_t room = WORD_FIRST;

	while (*value) {
		size_t n = word_len(value, room);

		room = WORD_MAX;

		stauth_buf_add(out, "=?UTF-8?Q?");
		for (; n > 0; n--) {
			add_q(out, (unsigned char)*value++);
		}
		stauth_buf_add(out, *value ? "?=\r\n " : "?=");
	}
}

static void add_name(struct stauth_buf *out, const char *name)
{
	if (!plain_header(name)) {
		add_encoded(out, name);
		return;
	}
	stauth_buf_add(out, "\"");
	for (; *name; name++) {
		if (*name == '"' || *name == '\\') {
			stauth_buf_add(out, "\\");
		}
		stauth_buf_add_len(out, name, 1);
	}
	stauth_buf_add(out, "\"");
}

static void add_from(
	struct stauth_buf *out, const struct stauth_mail_message *mail)
{
	stauth_buf_add(out, "From: ");
	if (mail->from_name[0]) {
		add_name(out, mail->from_name);
		stauth_buf_add(out, "\r\n ");
	}
	stauth_buf_addf(out, "<%s>\r\n", mail->from);
}

/* Not strftime: a front end's locale must not reach the out. */
static void add_date(struct stauth_buf *out, int64_t date_at)
{
	static const char days[7][4] = {
		"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t at = date_at;
	struct tm tm;

	if (gmtime_r(&at, &tm) == NULL || tm.tm_year < 0 ||
		tm.tm_year > 9999 - 1900) {
		out->failed = true;
		return;
	}
	stauth_buf_addf(out, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n",
		days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
		tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void add_subject(struct stauth_buf *out, const char *subject)
{
	stauth_buf_add(out, "Subject: ");
	if (plain_header(subject)) {
		stauth_buf_add(out, subject);
	} else {
		add_encoded(out, subject);
	}
	stauth_buf_add(out, "\r\n");
}

static bool plain_part(const char *part)
{
	if (!stauth_is_ascii(part) || strstr(part, "=_") != NULL) {
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

static void add_plain(struct stauth_buf *out, const char *part)
{
	while (*part) {
		size_t n = strcspn(part, "\n");

		stauth_buf_add_len(out, part, n);
		stauth_buf_add(out, "\r\n");
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

static void add_quoted_printable(struct stauth_buf *out, const char *part)
{
	size_t column = 0;

	for (; *part; part++) {
		size_t width = qp_literal(part) ? 1 : 3;

		if (*part == '\n') {
			stauth_buf_add(out, "\r\n");
			column = 0;
			continue;
		}
		if (column + width > QP_LINE) {
			stauth_buf_add(out, "=\r\n");
			column = 0;
		}
		if (width == 1) {
			stauth_buf_add_len(out, part, 1);
		} else {
			stauth_buf_addf(out, "=%02X", (unsigned char)*part);
		}
		column += width;
	}
	stauth_buf_add(out, column > 0 ? "\r\n" : "");
}

/* Bytes of the Message-ID's local part that make the boundary. */
static int boundary_len(const struct stauth_mail_message *mail)
{
	size_t n = strcspn(mail->message_id, "@");

	return (int)(n < BOUNDARY_MAX ? n : BOUNDARY_MAX);
}

static void add_part(struct stauth_buf *out,
	const struct stauth_mail_message *mail, const char *type,
	const char *part)
{
	bool plain = plain_part(part);

	stauth_buf_addf(out,
		"--=_%.*s\r\n"
		"Content-Type: text/%s; charset=utf-8\r\n"
		"Content-Transfer-Encoding: %s\r\n\r\n",
		boundary_len(mail),
		mail->message_id != NULL ? mail->message_id : "", type,
		plain ? "7bit" : "quoted-printable");
	if (plain) {
		add_plain(out, part);
	} else {
		add_quoted_printable(out, part);
	}
	stauth_buf_add(out, "\r\n");
}

enum stauth_rc stauth_mime_format(const struct stauth_mail_message *mail,
	struct stauth_buf *ret_out, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_mail_check(mail, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_buf out;
	if (!start(&out)) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	add_date(&out, mail->date_at);
	add_from(&out, mail);
	stauth_buf_addf(&out, "To: <%s>\r\n", mail->to);
	stauth_buf_addf(&out, "Message-ID: <%s>\r\n", mail->message_id);
	add_subject(&out, mail->subject);
	stauth_buf_addf(&out,
		"MIME-Version: 1.0\r\n"
		"Auto-Submitted: auto-generated\r\n"
		"Content-Type: multipart/alternative;\r\n"
		" boundary=\"=_%.*s\"\r\n\r\n",
		boundary_len(mail), mail->message_id);
	add_part(&out, mail, "plain", mail->text);
	add_part(&out, mail, "html", mail->html);
	stauth_buf_addf(
		&out, "--=_%.*s--\r\n", boundary_len(mail), mail->message_id);
	if (!stauth_buf_ok(&out)) {
		stauth_mime_finish(&out);
		return stauth_fail(err, STAUTH_BADVALUE,
			"the mail is too long, or its date is none");
	}
	*ret_out = out;
	return STAUTH_OK;
}
