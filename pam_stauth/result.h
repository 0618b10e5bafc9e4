/* SPDX-License-Identifier: MIT */
#ifndef PAMST_RESULT_H
#define PAMST_RESULT_H

#include "call.h"

/* The PAM code of an answer, by the kind of question: one table. Anything
 * that is no answer to that question is PAM_AUTHINFO_UNAVAIL (for sessions
 * PAM_SESSION_ERR); never PAM_IGNORE. */
int pamst_result(enum pamst_question question, int answer);

/*
 * One line of the log a question, in a form that no user name can forge:
 *
 *   authentication failure; reason=wrong rhost=192.0.2.7 user=alice
 *
 * What comes from outside is printable, without blanks, at most 64 bytes of
 * it, and the user comes last. fail2ban reads reason and rhost. A success,
 * and a user whom stauth does not have, are logged with `debug` only.
 */
void pamst_log_answer(const struct pamst_call *call);

#endif
