/* SPDX-License-Identifier: MIT */
/*
 * What PAM's users read and what PAM's hosts log; what the web and the
 * command line say too stands in base/text.h.
 */
#ifndef PAMST_TEXT_H
#define PAMST_TEXT_H

#include "base/text.h"

/* Prompts. */
#define PAMST_PROMPT_PASSWORD "Password: "
#define PAMST_PROMPT_CURRENT  "Current password: "
#define PAMST_PROMPT_NEW      "New password: "
#define PAMST_PROMPT_RETYPE   "Retype new password: "

/* The log of the host. fail2ban reads the first: reason and rhost. */
#define PAMST_LOG_OUTCOME    "%s %s; reason=%s rhost=%s user=%s"
#define PAMST_LOG_BAD_OPTION "unknown, repeated or malformed option: %.64s"
#define PAMST_LOG_TWO_PASSES                                                   \
	"try_first_pass and use_first_pass exclude each other"
#define PAMST_LOG_NO_LISTENER "no helper listens: %s"
#define PAMST_LOG_NO_PROCESS  "the helper could not be started: %.200s"
#define PAMST_LOG_NO_ANSWER   "the helper gave no answer: %.200s"

/* The helper's: to root's hosts for their log, else on its own stderr. */
#define CHKPWD_OWN_NAME_ONLY "may ask about the own name only"
#define CHKPWD_LOG           "stauth_chkpwd: uid %lu: %s\n"
#define CHKPWD_ENDED         "stauth_chkpwd: uid %lu: ended by signal %d\n"
#define CHKPWD_USAGE                                                           \
	"usage: stauth_chkpwd --listen\n"                                      \
	"Without an argument it is started by pam_stauth.so, not by hand.\n"
#define CHKPWD_NO_SOCKET "stauth_chkpwd: %s: %s\n"
#define CHKPWD_NO_USER   "stauth_chkpwd: cannot become user %s\n"

/* In the audit. */
#define CHKPWD_AUDIT_REFUSED "right password, not permitted on this host"

#endif
