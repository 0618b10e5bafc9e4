/* SPDX-License-Identifier: MIT */
/* Names, addresses and groups as CONTRACT 6 wants them, and text that people
 * typed. Pure functions. */
#ifndef STAUTH_NAME_H
#define STAUTH_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"
#include "store/records.h"

/* All: BADVALUE with the reason in err->msg; ret is untouched then. */
enum stauth_rc stauth_name_canonical(const char *typed, size_t len,
	char ret_name[STAUTH_NAME_SIZE], struct stauth_err *err);
/* One strict ASCII grammar: one @, no quotes, no brackets, no blanks;
 * folded to lower case; the domain may be given in UTF-8 (IDNA, libidn2). */
enum stauth_rc stauth_email_canonical(const char *typed, size_t len,
	char ret_email[STAUTH_EMAIL_SIZE], struct stauth_err *err);
/* UTF-8, at most 128 bytes, no control or direction-override characters. */
enum stauth_rc stauth_display_canonical(const char *typed, size_t len,
	char ret_display[STAUTH_DISPLAY_SIZE], struct stauth_err *err);
/* "b,a,a" -> "a,b"; BADVALUE for `su`, a bad name or too many. */
enum stauth_rc stauth_groups_canonical(const char *typed, bool su,
	char ret_groups[STAUTH_GROUPS_SIZE], struct stauth_err *err);
/* Is group one of the comma list? */
bool stauth_groups_has(const char *groups, const char *group);

/* Characters in valid UTF-8, else bytes. */
size_t stauth_char_count(const char *str, size_t len);
/*
 * Copies what was typed into a field that people will read: unsafe
 * characters and bytes that are not UTF-8 become '?', too much is cut between
 * two characters. NULL is taken as "".
 */
void stauth_text_clean(char *out, size_t out_size, const char *str);

/* A list that there is, without one group and with another (NULL: none), for
 * stauth_groups_canonical to judge. */
#define STAUTH_GROUPS_WANTED_SIZE (STAUTH_GROUPS_SIZE + STAUTH_GROUP_MAX + 2)
void stauth_groups_change(const char *present, const char *add,
	const char *remove, char ret_groups[STAUTH_GROUPS_WANTED_SIZE]);

#endif
