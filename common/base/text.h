/* SPDX-License-Identifier: MIT */
/*
 * Every sentence a person may read, in one place, so that the web, PAM and
 * the command line say the same thing in the same words, and a translator
 * has one file. Labels and headings of the pages stand in their templates.
 */
#ifndef STAUTH_TEXT_H
#define STAUTH_TEXT_H

/* One text for an unknown user, a disabled one and a wrong password. */
#define STAUTH_TEXT_BAD_LOGIN "User name or password is not right."
#define STAUTH_TEXT_THROTTLED                                                  \
	"Too many tries. Please wait %lld s and try again."
#define STAUTH_TEXT_BUSY                                                       \
	"The sign-in service is busy. Please try again in a moment."
#define STAUTH_TEXT_UNAVAILABLE                                                \
	"The sign-in service cannot answer just now. Please try again in a "   \
	"moment."
#define STAUTH_TEXT_SIGNED_IN  "You are signed in."
#define STAUTH_TEXT_SIGNED_OUT "You are signed out."
#define STAUTH_TEXT_MUST_CHANGE                                                \
	"Your password must be changed before you go on."
#define STAUTH_TEXT_WRONG_CURRENT "The current password is not right."
#define STAUTH_TEXT_PASSWORD_CHANGED                                           \
	"Your password is changed. Your other sessions are ended."
#define STAUTH_TEXT_PASSWORD_MISMATCH "The two new passwords differ."
#define STAUTH_TEXT_PASSWORD_SAME                                              \
	"The new password must differ from the current one."
#define STAUTH_TEXT_PASSWORD_EMPTY "A password is needed."
#define STAUTH_TEXT_PASSWORD_SHORT                                             \
	"The password is too short: use at least %d characters."
#define STAUTH_TEXT_PASSWORD_LONG                                              \
	"The password is too long: use at most 511 bytes."
#define STAUTH_TEXT_PASSWORD_BYTES                                             \
	"The password must not hold a line break or a NUL."
#define STAUTH_TEXT_PASSWORD_WEAK "The password is too easy to guess: %s"
/* Follow "too easy to guess: ": what makes it weak, and what to do. */
#define STAUTH_TEXT_WEAK_SHORT                                                 \
	"it is too short. Make it longer, for example with several unrelated " \
	"words."
#define STAUTH_TEXT_WEAK_COMMON                                                \
	"it is among the most common passwords. Use several unrelated words."
#define STAUTH_TEXT_WEAK_WORD                                                  \
	"it rests on a common word or name. Add more unrelated words."
#define STAUTH_TEXT_WEAK_LEET                                                  \
	"it is a common word with some letters changed, which guessers try "   \
	"too. Use several unrelated words."
#define STAUTH_TEXT_WEAK_OWN                                                   \
	"it rests on your name, your e-mail address or the name of this "      \
	"service. Use words that have nothing to do with you."
#define STAUTH_TEXT_WEAK_FAMOUS                                                \
	"it is a famous phrase, which guessers try first. Use several "        \
	"unrelated words of your own."
#define STAUTH_TEXT_WEAK_REPEAT                                                \
	"it repeats the same characters. Use several unrelated words."
#define STAUTH_TEXT_WEAK_SEQUENCE                                              \
	"it holds a sequence such as abcd or 1234. Use several unrelated "     \
	"words."
#define STAUTH_TEXT_WEAK_KEYBOARD                                              \
	"it follows neighbouring keys of the keyboard. Use several unrelated " \
	"words."
#define STAUTH_TEXT_WEAK_DATE                                                  \
	"it rests on a date or a year. Use several unrelated words."
#define STAUTH_TEXT_STALE_FORM                                                 \
	"This form was open for too long. Please send it again."
#define STAUTH_TEXT_SESSION_ENDED  "The session is ended."
#define STAUTH_TEXT_SESSIONS_ENDED "All your other sessions are ended."
#define STAUTH_TEXT_SESSION_GONE   "There is no such session any more."
#define STAUTH_TEXT_NO_COOKIES                                                 \
	"Your browser did not keep the sign-in cookie. Allow cookies for "     \
	"this site, and open it over https."
#define STAUTH_TEXT_TWO_COOKIES                                                \
	"Your browser has more than one cookie for this form: another site "   \
	"of the same domain has set one. Delete the cookies of that domain, "  \
	"then open this page again."
#define STAUTH_TEXT_PLEASE_SIGN_IN "Please sign in."
#define STAUTH_TEXT_SIGNED_IN_AS   "You are signed in as %s."
#define STAUTH_TEXT_ASK_LOGOUT     "Do you want to sign out on this device?"
#define STAUTH_TEXT_GO_ON          "Please go on to the next page."
#define STAUTH_TEXT_FOREIGN_FORM                                               \
	"This form was not sent from this site's own page, so nothing was "    \
	"done. Please open the page again and repeat it there."
#define STAUTH_TEXT_INSECURE                                                   \
	"This site was opened over plain http, where anybody on the way "      \
	"could read your password. Please open it over https. If your "        \
	"address "                                                             \
	"bar says https already, the administrator must write https:// in "    \
	"PUBLIC_URL; for a trusted network there is ALLOW_INSECURE_HTTP."
#define STAUTH_TEXT_HTTP_400                                                   \
	"The server could not understand what your browser sent."
#define STAUTH_TEXT_HTTP_403 "You may not do this."
#define STAUTH_TEXT_HTTP_404 "The address may be mistyped, or the page is gone."
#define STAUTH_TEXT_HTTP_405                                                   \
	"This address cannot be used in this way. Please start from the app."
#define STAUTH_TEXT_HTTP_413 "More was sent than this page can take."
#define STAUTH_TEXT_HTTP_415 "This page takes ordinary web forms only."
#define STAUTH_TEXT_HTTP_421                                                   \
	"This server does not answer for the host name in your address bar. "  \
	"If it should, the administrator must name it, with its port, in "     \
	"PUBLIC_URL, and a proxy in front must pass the Host header on "       \
	"unchanged."
/* Sign-up and reset. */
#define STAUTH_TEXT_NO_PUBLIC_URL                                              \
	"PUBLIC_URL is not set, so no mail goes out. Please ask the "          \
	"administrator."
#define STAUTH_TEXT_NO_MAIL                                                    \
	"MAIL_TRANSPORT is not set, so no mail goes out. Please ask the "      \
	"administrator."
#define STAUTH_TEXT_SIGNUP_ASK                                                 \
	"Please give your e-mail address and choose a password."
#define STAUTH_TEXT_BAD_EMAIL                                                  \
	"This is not an e-mail address that mail can go to."
#define STAUTH_TEXT_EMAIL_EMPTY "An e-mail address is needed."
#define STAUTH_TEXT_PIN_SENT    "A code is on its way to %s."
#define STAUTH_TEXT_PIN_SENT_AGAIN                                             \
	"A new code is on its way. The old one works no longer."
#define STAUTH_TEXT_PIN_WRONG "This code is not right. Tries left: %d."
#define STAUTH_TEXT_PIN_LAST                                                   \
	"This code is not right, and that was the last try. Please ask for a " \
	"new code."
#define STAUTH_TEXT_PIN_DEAD                                                   \
	"This code is spent or has expired. Please ask for a new one."
#define STAUTH_TEXT_PIN_WAIT "A new code can be sent in %lld s."
#define STAUTH_TEXT_SIGNUP_GONE                                                \
	"No sign-up is waiting in this browser any more. Please start again."
#define STAUTH_TEXT_SIGNUP_EXISTS                                              \
	"This address has an account meanwhile. Please sign in."
#define STAUTH_TEXT_SIGNUP_READY "Your account is ready. Please sign in."
#define STAUTH_TEXT_FORGOT_ASK   "Please give your e-mail address."
#define STAUTH_TEXT_FORGOT_SENT                                                \
	"If an account has this address, a mail is on its way."
#define STAUTH_TEXT_RESET_ASK "Please choose a new password."
#define STAUTH_TEXT_RESET_DEAD                                                 \
	"This link is spent or has expired. Please ask for a new one."
#define STAUTH_TEXT_RESET_DONE "Your password is changed. Please sign in."
#define STAUTH_TEXT_LAST_SUPERUSER                                             \
	"This is the last superuser; it can be neither deleted, disabled nor " \
	"demoted."
/* Imports: each follows "Skipped NAME: ". */
#define STAUTH_TEXT_IMPORT_NAME_TWICE "several of them become this one name"
#define STAUTH_TEXT_IMPORT_EMAIL_TWICE                                         \
	"several of them have this e-mail address"
#define STAUTH_TEXT_IMPORT_EMAIL_TAKEN "another account has this e-mail address"
#define STAUTH_TEXT_IMPORT_MEANWHILE   "name or e-mail was taken meanwhile"
#define STAUTH_TEXT_IMPORT_WEAK                                                \
	"its password hash is too weak to be kept (%s): add the user with "    \
	"`stauthctl user add` and a new password"
#define STAUTH_TEXT_IMPORT_PLAIN                                               \
	"there is no password hash, perhaps a password in plain text: add "    \
	"the "                                                                 \
	"user with `stauthctl user add`"
#define STAUTH_TEXT_IMPORT_UNUSABLE                                            \
	"its password hash is garbled, of a scheme that is not known here, "   \
	"or "                                                                  \
	"asks for too much work: add the user with `stauthctl user add`"
#define STAUTH_TEXT_IMPORT_NO_COLON "there is no colon: NAME:HASH is a line"
#define STAUTH_TEXT_IMPORT_LOCKED                                              \
	"its password is locked there: add the user with `stauthctl user add`"
#define STAUTH_TEXT_IMPORT_EMPTY                                               \
	"it has no password there: add the user with `stauthctl user add`"
#define STAUTH_TEXT_IMPORT_ROOT                                                \
	"the password of the host's administrator is not one for the web: "    \
	"add a user with `stauthctl user add`"
#define STAUTH_TEXT_IMPORT_PASSWD                                              \
	"the hash is not in this file, but in the shadow file beside it"
#define STAUTH_TEXT_IMPORT_NO_OBJECT                                           \
	"this is no JSON object, or has a key twice; one stands on each "      \
	"line, "                                                               \
	"or all in one array"
#define STAUTH_TEXT_IMPORT_KEY       "there is a key that no export has"
#define STAUTH_TEXT_IMPORT_TYPE      "a value is not of the type of an export"
#define STAUTH_TEXT_IMPORT_NAMELESS  "there is no name"
#define STAUTH_TEXT_IMPORT_NO_TEXT   "a value is no text, or too long"
#define STAUTH_TEXT_IMPORT_NO_LIST   "a value is no list"
#define STAUTH_TEXT_IMPORT_KEY_TWICE "a key stands there twice"
#define STAUTH_TEXT_IMPORT_NO_USER   "nothing is said about this user"
/* These follow "About NAME: ", and the entry is taken. */
#define STAUTH_TEXT_IMPORT_SYSTEM_LOGIN                                        \
	"the file marks it for system log-in, so it may open a host"
#define STAUTH_TEXT_IMPORT_NO_PASSWORD                                         \
	"it has no password, so nobody can log in before `stauthctl user "     \
	"passwd` or a reset link"
#define STAUTH_TEXT_IMPORT_EXPIRED "it has expired there and is disabled here"
#define STAUTH_TEXT_IMPORT_EXPIRES                                             \
	"it expires there one day, but never here: disable it in time"
#define STAUTH_TEXT_IMPORT_ROLES                                               \
	"some roles cannot be groups here and are left out"
#define STAUTH_TEXT_IMPORT_ADMIN                                               \
	"its role admin is a group here; a superuser is made with `stauthctl " \
	"user set NAME --su`"
#define STAUTH_TEXT_IMPORT_WAS_PLAIN                                           \
	"its password stands there in plain text; only a hash of it is kept "  \
	"here, so delete that file"

#endif
