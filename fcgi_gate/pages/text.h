/* SPDX-License-Identifier: MIT */
/* What only the pages say. Labels and headings are in the templates; what
 * PAM and the command line say too is in base/text.h. */
#ifndef GATE_TEXT_H
#define GATE_TEXT_H

#include "base/text.h"

/* The headings. */
#define GATE_TITLE_SIGN_IN        "Sign in"
#define GATE_TITLE_SIGN_OUT       "Sign out"
#define GATE_TITLE_ACCOUNT        "Your account"
#define GATE_TITLE_CONFIRM        "Confirm your identity"
#define GATE_TITLE_REPEAT         "Please try again"
#define GATE_TITLE_SIGN_UP        "Create an account"
#define GATE_TITLE_SIGNUP_WAITS   "Almost done"
#define GATE_TITLE_INVITE_DEAD    "This invitation is no longer valid"
#define GATE_TITLE_CHECK_MAIL     "Check your inbox"
#define GATE_TITLE_FORGOT         "Forgot your password?"
#define GATE_TITLE_RESET          "Set a new password"
#define GATE_TITLE_LINK_EXPIRED   "This link is no longer valid"
#define GATE_TITLE_USERS          "Users"
#define GATE_TITLE_USER           "User"
#define GATE_TITLE_NEW_USER       "Add a user"
#define GATE_TITLE_NO_USER        "User not found"
#define GATE_TITLE_PENDING        "Sign-ups"
#define GATE_TITLE_INVITES        "Invitations"
#define GATE_TITLE_INVITE         "Invitation"
#define GATE_TITLE_LIVE           "Open apps"
#define GATE_TITLE_AUDIT          "Audit"
#define GATE_TITLE_THROTTLE       "Rate limits"
#define GATE_TITLE_LINK           "Link to choose a password"
#define GATE_TITLE_PASSWORD       "Generated password"
#define GATE_TITLE_BAD_REQUEST    "Bad request"
#define GATE_TITLE_FORBIDDEN      "Access denied"
#define GATE_TITLE_NOT_FOUND      "Page not found"
#define GATE_TITLE_TOO_LARGE      "Request too large"
#define GATE_TITLE_WRONG_HOST     "Unknown host name"
#define GATE_TITLE_UPLOAD_LARGE   "File too large"
#define GATE_TITLE_APP_AWAY       "The app is not available"
#define GATE_TITLE_FAILED         "Something went wrong"
#define GATE_TITLE_UNAVAILABLE    "Temporarily unavailable"
#define GATE_TITLE_NOT_CONFIGURED "Not configured"

/* Labels that more than one form has. */
#define GATE_LABEL_PASSWORD     "Password"
#define GATE_LABEL_CONFIRM      "Confirm password"
#define GATE_LABEL_NEW_PASSWORD "New password"
#define GATE_LABEL_CONFIRM_NEW  "Confirm new password"

/* Signing in and out. */
#define GATE_TEXT_BUSY "The server is busy. Please try again in %d second%s."
#define GATE_TEXT_UNAVAILABLE                                                  \
	"Sign-in is temporarily unavailable. Please try again in %d second%s."
#define GATE_TEXT_NEED_FACTOR                                                  \
	"This account requires a second factor, which this page cannot ask "   \
	"for. Please contact the administrator."
#define GATE_TEXT_ALREADY_SIGNED_IN "You are already signed in as %s."
#define GATE_TEXT_SIGNED_IN         "You are signed in."
#define GATE_TEXT_SIGNED_OUT        "You are signed out."
#define GATE_TEXT_PLEASE_SIGN_IN    "Please sign in."
#define GATE_TEXT_SIGNED_IN_AS      "You are signed in as %s."
#define GATE_TEXT_ASK_LOGOUT        "Do you want to sign out on this device?"
#define GATE_TEXT_CONTINUE          "Continue to the next page."
#define GATE_TEXT_NO_COOKIES                                                   \
	"Your browser did not keep the sign-in cookie. Allow cookies for "     \
	"this site and open it over https."
#define GATE_TEXT_TWO_COOKIES                                                  \
	"Your browser sent more than one cookie for this form, because "       \
	"another site of the same domain has set one. Delete the cookies of "  \
	"that domain, then open this page again."

/* A post, or a page that was left open, without its session. */
#define GATE_TEXT_SESSION_OVER "Your session has ended. Please sign in again."

/* A fresh proof. */
#define GATE_TEXT_CONFIRM        "Enter your password to continue."
#define GATE_TEXT_CONFIRMED      "You have confirmed your identity."
#define GATE_TEXT_WRONG_PASSWORD "Incorrect password."

/* The account page. */
#define GATE_TEXT_HOST_LOG_IN     "Sign-in on the host (%s)"
#define GATE_TEXT_UNKNOWN_BROWSER "Unknown browser"
#define GATE_TEXT_CURRENT_EMPTY   "Enter your current password."
#define GATE_TEXT_WRONG_CURRENT   "The current password is incorrect."
#define GATE_TEXT_PASSWORD_CHANGED                                             \
	"Your password has been changed. You are signed out everywhere else."
#define GATE_TEXT_NAME_CHANGED   "Your display name has been changed."
#define GATE_TEXT_EMAIL_CHANGED  "Your e-mail address has been changed."
#define GATE_TEXT_EMAIL_CODE     "Enter the code from the mail."
#define GATE_TEXT_SESSIONS_ENDED "You are signed out everywhere else."

/* The administration. */
#define GATE_TEXT_USER_ADDED    "The user has been added."
#define GATE_TEXT_USER_SET      "The changes have been saved."
#define GATE_TEXT_USER_DISABLED "The account has been disabled."
#define GATE_TEXT_USER_ENABLED  "The account has been enabled."
#define GATE_TEXT_USER_DELETED  "The account has been deleted."
#define GATE_TEXT_USER_SESSIONS_ENDED                                          \
	"All sessions of the user have been ended."
#define GATE_TEXT_LINK_MAILED      "The link is on its way."
#define GATE_TEXT_SEVERAL_DONE     "Done for all chosen users."
#define GATE_TEXT_SEVERAL_LEFT     "Done for %d chosen users, not for %d."
#define GATE_TEXT_NONE_CHOSEN      "Choose one or more users first."
#define GATE_TEXT_NO_ACTION        "Choose what to do with the chosen users."
#define GATE_TEXT_GROUP_EMPTY      "Enter the name of the group."
#define GATE_TEXT_PENDING_APPROVED "The account has been approved."
#define GATE_TEXT_INVITE_REVOKED   "The invitation has been revoked."
#define GATE_TEXT_NO_NUMBER        "Uses and days are numbers, 1 or more."
#define GATE_TEXT_PENDING_DELETED  "The sign-up has been deleted."
#define GATE_TEXT_THROTTLE_LIFTED  "The counters have been lifted."
#define GATE_TEXT_ADMIN_SELF                                                   \
	"This is your own account. Change it on your account page."
#define GATE_TEXT_DELETE_NAME                                                  \
	"The account has not been deleted: type its name, %s, to delete it."
#define GATE_TEXT_SEARCH_PARTIAL                                               \
	"These are all whose name or e-mail begins with the text. Not all "    \
	"accounts have been searched for it yet: Next continues the search."
#define GATE_TEXT_NO_DATE "The date could not be read. Write it as 2026-11-30."
#define GATE_TEXT_CSV_BROKEN                                                   \
	"The export is incomplete: the store could not be read."

/* Requests that are refused. */
#define GATE_TEXT_STALE_FORM "This form is out of date. Please submit it again."
#define GATE_TEXT_CROSS_SITE_FORM                                              \
	"This form was not submitted from this site, so nothing was changed. " \
	"Please open the page again and repeat it there."
#define GATE_TEXT_INSECURE                                                     \
	"This site was opened over plain http, so others on the network "      \
	"could read your password. Please open it over https. For the "        \
	"administrator: if the address bar shows https already, PUBLIC_URL "   \
	"must begin with https://; on a trusted network there is "             \
	"ALLOW_INSECURE_HTTP."
#define GATE_TEXT_HTTP_400                                                     \
	"Your browser sent a request that this server does not understand."
#define GATE_TEXT_HTTP_403 "You do not have permission to do this."
#define GATE_TEXT_HTTP_404                                                     \
	"The address may be mistyped, or the page no longer exists."
#define GATE_TEXT_HTTP_405                                                     \
	"This address cannot be used in this way. Please start from the app."
#define GATE_TEXT_HTTP_413 "The request is larger than this page accepts."
#define GATE_TEXT_HTTP_415 "This page only accepts ordinary web forms."
#define GATE_TEXT_HTTP_421                                                     \
	"This server does not serve the host name in your address bar. For "   \
	"the administrator: add it, with its port, to PUBLIC_URL; a proxy in " \
	"front must pass the Host header on unchanged."

/* What nginx shows where the app cannot be reached. */
#define GATE_TEXT_AREA_FORBIDDEN "You do not have permission to open this page."
/* These follow "This page requires ". */
#define GATE_TEXT_REQUIRES_SU    "administrator rights"
#define GATE_TEXT_REQUIRES_GROUP "membership of the group "
#define GATE_TEXT_UPLOAD_LARGE                                                 \
	"The file or the request is larger than this server accepts."
#define GATE_TEXT_APP_AWAY                                                     \
	"The app does not respond. It may be starting: this page tries again " \
	"by itself in a few seconds."

/* Sign-up. */
#define GATE_TEXT_NO_PUBLIC_URL                                                \
	"PUBLIC_URL is not set, so no mail can be sent. Please contact the "   \
	"administrator."
#define GATE_TEXT_NO_MAIL                                                      \
	"MAIL_TRANSPORT is not set, so no mail can be sent. Please contact "   \
	"the administrator."
#define GATE_TEXT_SIGNUP_ASK  "Enter your e-mail address and choose a password."
#define GATE_TEXT_EMAIL_EMPTY "Enter your e-mail address."
#define GATE_TEXT_PIN_SENT    "A code is on its way to %s."
#define GATE_TEXT_PIN_SENT_AGAIN                                               \
	"A new code is on its way. The old one is no longer valid."
#define GATE_TEXT_PIN_WRONG "Incorrect code. %d attempt%s left."
#define GATE_TEXT_PIN_LAST                                                     \
	"Incorrect code, and no attempts left. Please request a new code."
#define GATE_TEXT_PIN_EXPIRED                                                  \
	"This code is no longer valid. Please request a new one."
#define GATE_TEXT_PIN_WAIT "You can request a new code in %s."
#define GATE_TEXT_PIN_ELSEWHERE                                                \
	"Enter the code in the browser in which you signed up, or sign up "    \
	"again in this one."
#define GATE_TEXT_SIGNUP_NOT_FOUND                                             \
	"There is no sign-up in progress in this browser. Please start again."
#define GATE_TEXT_SIGNUP_EXISTS                                                \
	"This address already has an account. Please sign in."
#define GATE_TEXT_SIGNUP_READY "Your account is ready. Please sign in."

/* Reset. */
#define GATE_TEXT_FORGOT_ASK "Enter your e-mail address."
#define GATE_TEXT_FORGOT_SENT                                                  \
	"If there is an account with this address, a mail is on its way."
#define GATE_TEXT_RESET_ASK   "Choose a new password."
#define GATE_TEXT_RESET_OTHER "You are signed in as %s. This link is for %s."
#define GATE_TEXT_RESET_DONE_OTHER                                             \
	"The password of the other account has been changed. You are still "   \
	"signed in as %s."
#define GATE_TEXT_RESET_EXPIRED                                                \
	"This link is no longer valid. Please request a new one."
#define GATE_TEXT_RESET_DONE "Your password has been changed. Please sign in."

#endif
