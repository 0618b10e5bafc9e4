/* SPDX-License-Identifier: MIT */
/*
 * What a letter may hold. libcurl hands CR and LF in an address or a header
 * to the server as they are (attack row H1), so nothing below this file is
 * trusted to look.
 *
 * 1. An address MUST be printable ASCII with one @ and nothing that means
 *    something in an SMTP command or in a header.
 * 2. A header's value MUST be UTF-8 without any control character.
 * 3. A part MUST be UTF-8; LF and tab are its only control characters.
 * 4. A Message-ID MUST be local@host of characters that a file name may hold.
 */
#include "mail/mime.h"

#include <string.h>

#include "base/ascii.h"
#include "base/codec.h"

#include "base/banned.h"

#define LOCAL_MAX      64
#define ADDRESS_MAX    254
#define HEADER_MAX     512
#define MESSAGE_ID_MAX 319
#define PART_MAX       (16 * 1024)

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
	const struct stauth_mail_message *letter, struct stauth_err *err)
{
	const char *wrong = NULL;

	if (!stauth_address_ok(letter->from)) {
		wrong = "sender's address";
	} else if (!stauth_address_ok(letter->to)) {
		wrong = "receiver's address";
	} else if (!text_ok(letter->from_name, HEADER_MAX, "")) {
		wrong = "sender's name";
	} else if (!letter->subject[0] ||
		   !text_ok(letter->subject, HEADER_MAX, "")) {
		wrong = "subject";
	} else if (!letter->text[0] ||
		   !text_ok(letter->text, PART_MAX, "\n\t")) {
		wrong = "text";
	} else if (!letter->html[0] ||
		   !text_ok(letter->html, PART_MAX, "\n\t")) {
		wrong = "HTML";
	} else if (!message_id_ok(letter->message_id)) {
		wrong = "Message-ID";
	}
	if (wrong != NULL) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"the letter's %s cannot be sent", wrong);
	}
	return STAUTH_OK;
}
