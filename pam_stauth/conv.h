/* SPDX-License-Identifier: MIT */
#ifndef PAMST_CONV_H
#define PAMST_CONV_H

#include <security/pam_modules.h>

#include "args.h"
#include "wire.h"

/* The conversation, and what the host knows, as fields of a question. */

/* PAM_SUCCESS and a borrowed name; PAM_USER_UNKNOWN if it is empty;
 * PAM_CONV_ERR, PAM_INCOMPLETE. */
int pamst_conv_user(pam_handle_t *pamh, const char **ret_user);

/*
 * The password: the one an earlier module asked for, if the options allow
 * and there is one, else by the conversation, once. Adds it to the question
 * as tag, or PAMST_TOO_LONG to *flags; an empty one adds nothing.
 * PAM_AUTH_ERR: use_first_pass, and there is none.
 */
int pamst_conv_password(pam_handle_t *pamh, const struct pamst_args *args,
	struct pamst_frame *question, unsigned char *flags);

/* A new password, typed twice, or with use_authtok the stacked one. It is
 * added to the question and becomes PAM_AUTHTOK. PAM_TRY_AGAIN: they differ. */
int pamst_conv_new_password(pam_handle_t *pamh, const struct pamst_args *args,
	struct pamst_frame *question, unsigned char *flags);
/* The current one, by the conversation or PAM_OLDAUTHTOK. */
int pamst_conv_old_password(pam_handle_t *pamh, const struct pamst_args *args,
	struct pamst_frame *question, unsigned char *flags);

/* Says the answer's PAMST_TEXT through the conversation, unless silent. */
void pamst_conv_text(pam_handle_t *pamh, int flags,
	const struct pamst_frame *answer, int style);

#endif
