/* SPDX-License-Identifier: MIT */
#ifndef PAMST_RESULT_H
#define PAMST_RESULT_H

#include "wire.h"

/* The PAM code of an answer, by the kind of question: one table. Anything
 * that is no answer to that question is PAM_AUTHINFO_UNAVAIL (for sessions
 * PAM_SESSION_ERR); never PAM_IGNORE. */
int pamst_result(enum pamst_question question, int answer);

#endif
