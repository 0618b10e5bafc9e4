/* SPDX-License-Identifier: MIT */
/*
 * Passwords that are refused whatever their bits (CONTRACT 6), in the order
 * of the code:
 *
 *  1. A phrase that is famous is on every guesser's list, long as it is, and
 *     stays so with other blanks, dashes, capitals and a mark at its end.
 *  2. The user name, the address, its local part and the name of the site
 *     are the first guesses for an account, whatever they are made of.
 */
#include "auth/known.h"

#include <string.h>

#include "base/ascii.h"

#include "base/banned.h"

/* Letters and digits only, in lower case. */
static const char *const famous[] = {
	"abcdefghijklmnopqrstuvwxyz",
	"alliwantforchristmasisyou",
	"arosebyanyothername",
	"callmeishmael",
	"cogitoergosum",
	"correcthorsebatterystaple",
	"elementarymydearwatson",
	"franklymydearidontgiveadamn",
	"fourscoreandsevenyearsago",
	"helloitsme",
	"heresjohnny",
	"houstonwehaveaproblem",
	"ihaveadream",
	"ihavenoidea",
	"illbeback",
	"inthebeginningwastheword",
	"itwasthebestoftimes",
	"keepcalmandcarryon",
	"letmeinletmein",
	"livelongandprosper",
	"loremipsumdolorsitamet",
	"maytheforcebewithyou",
	"mynameisinigomontoya",
	"onceuponatime",
	"onesmallstepforman",
	"openthepodbaydoorshal",
	"passwordpassword",
	"ph34rmyl33tsk1llz",
	"qwertyuiopasdfghjklzxcvbnm",
	"speakfriendandenter",
	"thecakeisalie",
	"theanswertolifetheuniverseandeverything",
	"thequickbrownfoxjumpsoverthelazydog",
	"thequickbrownfox",
	"thereisnospoon",
	"thisisapassword",
	"thisisnotapassword",
	"thisismypassword",
	"tobeornottobe",
	"tobeornottobethatisthequestion",
	"tr0ub4dor3",
	"troubador3",
	"winteriscoming",
	"youshallnotpass",
	"youwillneverguessthis",
};

static char fold(char c)
{
	return stauth_is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

/* --- 1. */

/* Blanks and marks are let go; other letters than ASCII's make it another
 * phrase. */
static bool same_phrase(
	const struct stauth_secret *password, const char *phrase)
{
	for (size_t i = 0; i < password->len; i++) {
		char c = fold(password->data[i]);

		if (stauth_is_alnum(c) || (unsigned char)c >= 0x80) {
			if (c != *phrase) {
				return false;
			}
			phrase++;
		}
	}
	return *phrase == '\0';
}

bool stauth_password_famous(const struct stauth_secret *password)
{
	for (size_t i = 0; i < sizeof(famous) / sizeof(*famous); i++) {
		if (same_phrase(password, famous[i])) {
			return true;
		}
	}
	return false;
}

/* --- 2. */

static bool same_word(
	const struct stauth_secret *password, const char *word, size_t len)
{
	if (len == 0 || password->len != len) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (fold(password->data[i]) != fold(word[i])) {
			return false;
		}
	}
	return true;
}

bool stauth_password_own(const struct stauth_secret *password,
	const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *word = words[i] ? words[i] : "";

		if (same_word(password, word, strlen(word)) ||
			same_word(password, word, strcspn(word, "@"))) {
			return true;
		}
	}
	return false;
}
