/* SPDX-License-Identifier: MIT */
#ifndef PAMST_LOG_H
#define PAMST_LOG_H

#include <security/pam_modules.h>

#include "args.h"
#include "wire.h"

/*
 * One line of the log a question, in a form that no user name can forge:
 *
 *   authentication failure; reason=wrong rhost=192.0.2.7 user=alice
 *
 * What comes from outside is printable, without blanks, at most 64 bytes of
 * it, and the user comes last. fail2ban reads reason and rhost.
 */
void pamst_log_answer(pam_handle_t *pamh, const struct pamst_args *args,
	enum pamst_question question, const struct pamst_frame *answer,
	const char *user);
/* The helper did not answer. */
void pamst_log_no_answer(
	pam_handle_t *pamh, const struct pamst_args *args, const char *why);

#endif
