/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_MAIL_WORDS_H
#define STAUTH_MAIL_WORDS_H

#include "mail/compose.h"

/*
 * Every text that stauth mails, in one place. %b is the brand, %s the site's
 * address, %u the user's name, %m the minutes, %c the code; a paragraph "%c"
 * or "%l" is the code or the link, alone on its line. What is put in is
 * never looked at again.
 */
struct stauth_words {
	enum stauth_mail_kind kind;
	const char *name; /* what the outbox keeps */
	const char *subject;
	const char *paragraphs[6]; /* up to the first NULL */
};

static const struct stauth_words stauth_words[] = {
	{STAUTH_MAIL_NONE, "", "", {NULL}},
	{STAUTH_MAIL_SIGNUP_PIN, "signup-pin", "%c is your code for %b",
		{"Your code for %b:", "%c",
			"Enter it on the page where you signed up.\n"
			"It works for %m.",
			"If you did not sign up, ignore this mail:\n"
			"nothing happens without the code."}},
	{STAUTH_MAIL_SIGNUP_EXISTS, "signup-exists",
		"You already have an account at %b",
		{"Somebody, probably you, signed up at %b with this address.\n"
		 "It has an account already, so nothing was changed.",
			"Sign in here:", "%l",
			"If you forgot the password, ask there for a new one.",
			"If it was not you, ignore this mail."}},
	{STAUTH_MAIL_RESET_LINK, "reset-link", "Choose a new password for %b",
		{"This link lets you choose a new password at %b\n"
		 "for your account %u:",
			"%l", "It works once, and for %m.",
			"If you did not ask for it, ignore this mail:\n"
			"your password stays as it is."}},
	{STAUTH_MAIL_RESET_ASK, "reset-ask", "Your password for %b",
		{"Somebody, probably you, asked for a new password at %b\n"
		 "for your account %u.",
			"The password of this account is not reset by mail.\n"
			"Please ask your administrator for a new one.",
			"If it was not you, ignore this mail:\n"
			"your password stays as it is."}},
	{STAUTH_MAIL_PASSWORD_CHANGED, "password-changed",
		"Your password for %b was changed",
		{"The password of your account %u at %b was changed.",
			"If that was you, there is nothing to do.",
			"If it was not you, tell your administrator at once,\n"
			"and choose a new password on the sign-in page."}},
	{STAUTH_MAIL_TEST, "test", "Test mail from %b",
		{"This is a test mail from %b.", "It arrived, so mail works."}},
};

#endif
