/* SPDX-License-Identifier: MIT */
/*
 * The rules of CONTRACT 6, in the order of the code:
 *
 *  1. An e-mail address MUST be one local part of dot-separated ASCII words
 *     (at most 64 bytes), one @, and a domain of LDH labels. A domain in
 *     other letters MUST be brought to its ASCII form. 254 bytes in all.
 *  2. A user name MUST be ASCII letters, digits and . _ - + ' @, MUST begin
 *     with a letter or digit, and is folded to lower case. It has at most 64
 *     bytes, 254 with an @, whose domain may be in other letters as in an
 *     address.
 *  3. A display name MUST be UTF-8, at most 128 bytes, without control and
 *     direction-override characters.
 *  4. A group MUST be letters, digits and . _ -, at most 64 bytes, and MUST
 *     NOT be `su`; an account has at most 32, su among them. The list is
 *     kept sorted and without doubles.
 */
#include "auth/name.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <idn2.h>

#include "base/ascii.h"
#include "base/codec.h"
#include "base/text.h"

#include "base/banned.h"

#define NAME_MAX_PLAIN 64
#define NAME_MAX_MAIL  254
#define LOCAL_MAX      64
#define LABEL_MAX      63
#define DISPLAY_MAX    128

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* --- characters */

/* The character at *at, which moves behind it. The text is valid UTF-8 and
 * not at its end. */
static uint32_t char_next(const char **at)
{
	const unsigned char *s = (const unsigned char *)*at;
	uint32_t c = s[0];
	int more = c < 0xc0 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

	if (more > 0) {
		c &= 0x3fU >> more;
	}
	for (int i = 1; i <= more; i++) {
		c = (c << 6) | (s[i] & 0x3f);
	}
	*at += more + 1;
	return c;
}

static bool char_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 ||
	       c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

size_t stauth_char_count(const char *str, size_t len)
{
	const char *end = str + len;

	if (!stauth_utf8_valid(str, len)) {
		return len;
	}
	size_t n = 0;
	while (str < end) {
		(void)char_next(&str);
		n++;
	}
	return n;
}

/* Bytes of the character at str, 0 if it is no UTF-8. */
static size_t char_len(const char *str)
{
	size_t left = strnlen(str, 4);

	for (size_t n = 1; n <= left; n++) {
		if (stauth_utf8_valid(str, n)) {
			return n;
		}
	}
	return 0;
}

void stauth_text_clean(char *out, size_t out_size, const char *str)
{
	size_t used = 0;

	while (str != NULL && *str) {
		size_t n = char_len(str);
		const char *from = str;
		const char *at = str;

		if (n == 0 || char_unsafe(char_next(&at))) {
			from = "?";
			str += n == 0 ? 1 : n;
			n = 1;
		} else {
			str += n;
		}
		if (used + n >= out_size) {
			break;
		}
		memcpy(out + used, from, n);
		used += n;
	}
	out[used] = '\0';
}

/* --- 1. e-mail addresses */

static enum stauth_rc bad_email(struct stauth_err *err)
{
	return stauth_fail(err, STAUTH_BADVALUE, STAUTH_TEXT_EMAIL_BAD);
}

static bool local_ok(const char *local, size_t len)
{
	if (len == 0 || len > LOCAL_MAX || local[0] == '.' ||
		local[len - 1] == '.') {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (local[i] == '.' ? local[i + 1] == '.'
				    : !stauth_is_alnum(local[i]) &&
					      !is_one_of(local[i],
						      "!#$%&'*+/=?^_`{|}~-")) {
			return false;
		}
	}
	return true;
}

static bool label_ok(const char *label, size_t len)
{
	if (len == 0 || len > LABEL_MAX || label[0] == '-' ||
		label[len - 1] == '-') {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (!stauth_is_alnum(label[i]) && label[i] != '-') {
			return false;
		}
	}
	return true;
}

/* A last label of digits only would be an IPv4 address or a mistyped one. */
static bool domain_ok(const char *domain)
{
	const char *label = domain;

	for (;;) {
		size_t len = strcspn(label, ".");

		if (!label_ok(label, len)) {
			return false;
		}
		if (label[len] == '\0') {
			return strspn(label, "0123456789") < len;
		}
		label += len + 1;
	}
}

/* The domain in ASCII and lower case. */
static bool domain_canonical(const char *domain, char *out, size_t out_size)
{
	if (strlen(domain) >= out_size) {
		return false;
	}
	for (size_t i = 0; i <= strlen(domain); i++) {
		out[i] = stauth_to_lower(domain[i]);
		if ((unsigned char)domain[i] >= 0x80) {
			break;
		}
		if (domain[i] == '\0') {
			return true;
		}
	}
	uint8_t *ascii = NULL;
	bool ok = idn2_lookup_u8((const uint8_t *)domain, &ascii,
			  IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL |
				  IDN2_USE_STD3_ASCII_RULES) == IDN2_OK &&
		  strlen((const char *)ascii) < out_size;
	if (ok) {
		snprintf(out, out_size, "%s", (const char *)ascii);
	}
	idn2_free(ascii);
	return ok;
}

enum stauth_rc stauth_email_canonical(const char *typed, size_t len,
	char ret_email[STAUTH_EMAIL_SIZE], struct stauth_err *err)
{
	char mail[STAUTH_EMAIL_SIZE * 4];

	if (len == 0 || len >= sizeof(mail) ||
		memchr(typed, '\0', len) != NULL) {
		return bad_email(err);
	}
	memcpy(mail, typed, len);
	mail[len] = '\0';
	char *at = strchr(mail, '@');
	if (at == NULL || strchr(at + 1, '@') != NULL) {
		return bad_email(err);
	}
	size_t local_len = (size_t)(at - mail);
	char domain[STAUTH_EMAIL_SIZE];
	if (!local_ok(mail, local_len) ||
		!domain_canonical(at + 1, domain, sizeof(domain)) ||
		!domain_ok(domain) ||
		local_len + 1 + strlen(domain) >= STAUTH_EMAIL_SIZE) {
		return bad_email(err);
	}
	for (size_t i = 0; i <= local_len; i++) {
		ret_email[i] = stauth_to_lower(mail[i]);
	}
	memcpy(ret_email + local_len + 1, domain, strlen(domain) + 1);
	return STAUTH_OK;
}

/* --- 2. user names */

enum stauth_rc stauth_name_canonical(const char *typed, size_t len,
	char ret_name[STAUTH_NAME_SIZE], struct stauth_err *err)
{
	size_t max = len > 0 && memchr(typed, '@', len) != NULL
			     ? NAME_MAX_MAIL
			     : NAME_MAX_PLAIN;
	char mail[STAUTH_EMAIL_SIZE];

	/* So its domain is in ASCII. */
	if (max == NAME_MAX_MAIL &&
		stauth_email_canonical(typed, len, mail, NULL) == STAUTH_OK) {
		typed = mail;
		len = strlen(mail);
	}
	if (len == 0) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_NAME_EMPTY);
	}
	if (len > max) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_NAME_LONG, max);
	}
	if (!stauth_is_alnum(typed[0])) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_NAME_FIRST);
	}
	for (size_t i = 0; i < len; i++) {
		if (!stauth_is_alnum(typed[i]) &&
			!is_one_of(typed[i], "._-+'@")) {
			return stauth_fail(
				err, STAUTH_BADVALUE, STAUTH_TEXT_NAME_BYTES);
		}
	}
	for (size_t i = 0; i < len; i++) {
		ret_name[i] = stauth_to_lower(typed[i]);
	}
	ret_name[len] = '\0';
	return STAUTH_OK;
}

/* --- 3. display names */

enum stauth_rc stauth_display_canonical(const char *typed, size_t len,
	char ret_display[STAUTH_DISPLAY_SIZE], struct stauth_err *err)
{
	const char *end = typed + len;

	if (len > DISPLAY_MAX) {
		return stauth_fail(err, STAUTH_BADVALUE,
			STAUTH_TEXT_DISPLAY_LONG, DISPLAY_MAX);
	}
	if (!stauth_utf8_valid(typed, len)) {
		return stauth_fail(
			err, STAUTH_BADVALUE, STAUTH_TEXT_DISPLAY_UTF8);
	}
	for (const char *at = typed; at < end;) {
		if (char_unsafe(char_next(&at))) {
			return stauth_fail(err, STAUTH_BADVALUE,
				STAUTH_TEXT_DISPLAY_CHARS);
		}
	}
	memcpy(ret_display, typed, len);
	ret_display[len] = '\0';
	return STAUTH_OK;
}

/* --- 4. groups */

static bool group_ok(const char *group, size_t len)
{
	if (len == 0 || len > STAUTH_GROUP_MAX) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (!stauth_is_alnum(group[i]) && !is_one_of(group[i], "._-")) {
			return false;
		}
	}
	return true;
}

struct group_list {
	char name[STAUTH_GROUPS_MAX][STAUTH_GROUP_MAX + 1];
	size_t count;
};

static int group_order(const void *a, const void *b)
{
	return strcmp(a, b);
}

static enum stauth_rc group_add(struct group_list *list, const char *group,
	size_t len, size_t max, struct stauth_err *err)
{
	if (!group_ok(group, len)) {
		return stauth_fail(err, STAUTH_BADVALUE,
			STAUTH_TEXT_GROUP_BYTES, STAUTH_GROUP_MAX);
	}
	char name[STAUTH_GROUP_MAX + 1];
	memcpy(name, group, len);
	name[len] = '\0';
	if (strcmp(name, "su") == 0) {
		return stauth_fail(err, STAUTH_BADVALUE, STAUTH_TEXT_GROUP_SU);
	}
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->name[i], name) == 0) {
			return STAUTH_OK;
		}
	}
	if (list->count >= max) {
		return stauth_fail(err, STAUTH_BADVALUE,
			STAUTH_TEXT_GROUP_COUNT, STAUTH_GROUPS_MAX);
	}
	memcpy(list->name[list->count++], name, len + 1);
	return STAUTH_OK;
}

enum stauth_rc stauth_groups_canonical(const char *typed, bool su,
	char ret_groups[STAUTH_GROUPS_SIZE], struct stauth_err *err)
{
	struct group_list list = {.count = 0};
	size_t max = STAUTH_GROUPS_MAX - (su ? 1 : 0);

	while (*typed) {
		size_t blank = strspn(typed, " ");
		size_t whole = strcspn(typed, ",");
		size_t len = whole - blank;

		while (len > 0 && typed[blank + len - 1] == ' ') {
			len--;
		}
		enum stauth_rc rc =
			group_add(&list, typed + blank, len, max, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
		typed += whole;
		if (*typed == ',' && *++typed == '\0') {
			return group_add(&list, "", 0, max, err);
		}
	}
	qsort(list.name, list.count, sizeof(list.name[0]), group_order);
	ret_groups[0] = '\0';
	size_t used = 0;
	for (size_t i = 0; i < list.count; i++) {
		used += (size_t)snprintf(ret_groups + used,
			STAUTH_GROUPS_SIZE - used, "%s%s", i > 0 ? "," : "",
			list.name[i]);
	}
	return STAUTH_OK;
}

bool stauth_groups_has(const char *groups, const char *group)
{
	size_t len = strlen(group);

	if (len == 0) {
		return false;
	}
	while (*groups) {
		size_t n = strcspn(groups, ",");

		if (n == len && memcmp(groups, group, n) == 0) {
			return true;
		}
		groups += n;
		groups += *groups == ',';
	}
	return false;
}

void stauth_groups_change(const char *present, const char *add,
	const char *remove, char ret_groups[STAUTH_GROUPS_WANTED_SIZE])
{
	const char *drop = remove != NULL ? remove : "";

	ret_groups[0] = '\0';
	size_t used = 0;
	while (*present != '\0') {
		size_t len = strcspn(present, ",");

		if (strlen(drop) != len || memcmp(drop, present, len) != 0) {
			used += (size_t)snprintf(ret_groups + used,
				STAUTH_GROUPS_WANTED_SIZE - used, "%s%.*s",
				used > 0 ? "," : "", (int)len, present);
		}
		present += len + (present[len] != '\0' ? 1 : 0);
	}
	/* What is cut here is too long for a group all the same. */
	if (add != NULL && add[0] != '\0') {
		snprintf(ret_groups + used, STAUTH_GROUPS_WANTED_SIZE - used,
			"%s%s", used > 0 ? "," : "", add);
	}
}
