/* SPDX-License-Identifier: MIT */
/*
 * What people read, as far as more than one front end says it: all of them
 * use the same words, and a translator has one file. What only one of them
 * says is in fcgi_gate/pages/text.h, stauthctl/text.h and the templates.
 */
#ifndef STAUTH_TEXT_H
#define STAUTH_TEXT_H

/* For "%lld second%s". */
#define STAUTH_PLURAL(n) ((n) == 1 ? "" : "s")

/* One text for an unknown user, a disabled one and a wrong password. */
#define STAUTH_TEXT_BAD_LOGIN "Incorrect user name or password."
#define STAUTH_TEXT_THROTTLED                                                  \
	"Too many attempts. Please wait %lld second%s and try again."
#define STAUTH_TEXT_BUSY "The server is busy. Please try again in a moment."
#define STAUTH_TEXT_UNAVAILABLE                                                \
	"Sign-in is temporarily unavailable. Please try again in a moment."
#define STAUTH_TEXT_MUST_CHANGE                                                \
	"You must change your password before you continue."
#define STAUTH_TEXT_SESSION_ENDED     "The session has been ended."
#define STAUTH_TEXT_SESSION_NOT_FOUND "This session no longer exists."

/* A new password. */
#define STAUTH_TEXT_PASSWORD_MISMATCH "The passwords do not match."
#define STAUTH_TEXT_PASSWORD_SAME                                              \
	"The new password must be different from the current one."
#define STAUTH_TEXT_PASSWORD_EMPTY "Enter a password."
#define STAUTH_TEXT_PASSWORD_SHORT                                             \
	"The password is too short. Use at least %d characters."
#define STAUTH_TEXT_PASSWORD_LONG                                              \
	"The password is too long. Use at most 511 bytes."
#define STAUTH_TEXT_PASSWORD_BYTES                                             \
	"The password must not contain line breaks or NUL characters."
#define STAUTH_TEXT_PASSWORD_WEAK "The password is too easy to guess: %s"
/* These follow "too easy to guess: ". */
#define STAUTH_TEXT_WEAK_SHORT                                                 \
	"it is too short. Use a longer one, for example several unrelated "    \
	"words."
#define STAUTH_TEXT_WEAK_COMMON                                                \
	"it is a commonly used password. Use several unrelated words."
#define STAUTH_TEXT_WEAK_WORD                                                  \
	"it is based on a common word or name. Add more unrelated words."
#define STAUTH_TEXT_WEAK_LEET                                                  \
	"it is a common word with some letters replaced. Use several "         \
	"unrelated words."
#define STAUTH_TEXT_WEAK_OWN                                                   \
	"it is based on your name, your e-mail address or the name of this "   \
	"site. Use words that have nothing to do with you."
#define STAUTH_TEXT_WEAK_REPEAT                                                \
	"it repeats the same characters. Use several unrelated words."
#define STAUTH_TEXT_WEAK_SEQUENCE                                              \
	"it contains a sequence such as abcd or 1234. Use several unrelated "  \
	"words."
#define STAUTH_TEXT_WEAK_KEYBOARD                                              \
	"it follows neighbouring keys on the keyboard. Use several unrelated " \
	"words."
#define STAUTH_TEXT_WEAK_DATE                                                  \
	"it is based on a date or a year. Use several unrelated words."

/* Accounts. */
#define STAUTH_TEXT_ADDRESS_TAKEN  "Another account has the address \"%.100s\"."
#define STAUTH_TEXT_USER_EXISTS    "User \"%.100s\" already exists."
#define STAUTH_TEXT_USER_NOT_FOUND "There is no user \"%s\"."
#define STAUTH_TEXT_USER_CHANGED                                               \
	"The account has been changed. Please sign in again."
#define STAUTH_TEXT_LAST_SUPERUSER                                             \
	"This is the last superuser. It cannot be deleted, disabled or "       \
	"demoted."
#define STAUTH_TEXT_CLI_ONLY                                                   \
	"An account with system log-in can only be changed with stauthctl."
#define STAUTH_TEXT_NAME_EMPTY "Enter a user name."
#define STAUTH_TEXT_NAME_LONG                                                  \
	"The user name is too long. Use at most %zu bytes."
#define STAUTH_TEXT_NAME_FIRST                                                 \
	"A user name must begin with a letter or a digit."
#define STAUTH_TEXT_NAME_BYTES                                                 \
	"A user name can only contain the letters a-z, digits and . _ - + ' @"
#define STAUTH_TEXT_EMAIL_SAME "This is the present e-mail address."
#define STAUTH_TEXT_EMAIL_BAD  "This is not a valid e-mail address."
#define STAUTH_TEXT_DISPLAY_LONG                                               \
	"The display name is too long. Use at most %d bytes."
#define STAUTH_TEXT_DISPLAY_UTF8 "The display name is not valid UTF-8."
#define STAUTH_TEXT_DISPLAY_CHARS                                              \
	"The display name must not contain control or direction-override "     \
	"characters."
#define STAUTH_TEXT_GROUP_BYTES                                                \
	"A group name can only contain letters, digits and . _ - and has at "  \
	"most %d bytes."
#define STAUTH_TEXT_GROUP_SU                                                   \
	"The group su cannot be set. Make the user a superuser instead."
#define STAUTH_TEXT_GROUP_COUNT                                                \
	"Too many groups. An account has at most %d, su included."

/* Sign-up and reset. */
#define STAUTH_TEXT_PIN_FORM "Enter the six digits of the code."
#define STAUTH_TEXT_PENDING_OPEN                                               \
	"The sign-up of \"%.100s\" has not confirmed its address yet."
#define STAUTH_TEXT_SIGNUP_WAITS                                               \
	"Your address is confirmed. An administrator still has to approve "    \
	"your account. You will get a mail."
#define STAUTH_TEXT_INVITE_DEAD "This invitation is no longer valid."
#define STAUTH_TEXT_INVITE_EMAIL                                               \
	"This invitation is for another e-mail address."
#define STAUTH_TEXT_INVITE_USES   "An invitation can be used 1 to %d times."
#define STAUTH_TEXT_INVITE_DAYS   "An invitation can be valid for 1 to %d days."
#define STAUTH_TEXT_INVITE_NONE   "There is no invitation \"%.100s\"."
#define STAUTH_TEXT_LINK_EXPIRED  "This link is no longer valid."
#define STAUTH_TEXT_PENDING_NONE  "There is no pending sign-up for \"%.100s\"."
#define STAUTH_TEXT_LINK_DISABLED "The account is disabled. Enable it first."
#define STAUTH_TEXT_LINK_NO_EMAIL "The account has no e-mail address."
#define STAUTH_TEXT_LINK_REFUSED                                               \
	"An account with system log-in cannot get a reset link. Use "          \
	"`stauthctl user passwd`."

/* Imports: this one follows "Note on NAME: ", the others "Skipped NAME: ". */
#define STAUTH_TEXT_IMPORT_CHANGE                                              \
	"must change the password at the first log-in. %s"
#define STAUTH_TEXT_IMPORT_SAMPLE                                              \
	"ENC_PASSWORD is the published sample of st-auth-simple, so "          \
	"everybody must change the password at the first log-in."
#define STAUTH_TEXT_IMPORT_NAME_TWICE "several entries have this name"
#define STAUTH_TEXT_IMPORT_EMAIL_TWICE                                         \
	"several entries have this e-mail address"
#define STAUTH_TEXT_IMPORT_EMAIL_TAKEN "another account has this e-mail address"
#define STAUTH_TEXT_IMPORT_TAKEN       "the name or e-mail address is taken"
#define STAUTH_TEXT_IMPORT_WEAK                                                \
	"the password hash is too weak (%s); use `stauthctl user add` and a "  \
	"new password"
#define STAUTH_TEXT_IMPORT_PLAIN                                               \
	"not a password hash, perhaps a password in plain text; use "          \
	"`stauthctl user add`"
#define STAUTH_TEXT_IMPORT_UNUSABLE                                            \
	"the password hash is malformed, of an unknown scheme, or too "        \
	"expensive; use `stauthctl user add`"

#endif
