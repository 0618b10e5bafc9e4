/* SPDX-License-Identifier: MIT */
#ifndef PAMST_CONV_H
#define PAMST_CONV_H

#include "call.h"

/* The conversation. A password that is one byte too long is added to the
 * question as such: never cut to one that might be right. */

/* Sets call->user. PAM_USER_UNKNOWN if it is empty; PAM_CONV_ERR,
 * PAM_INCOMPLETE. */
int pamst_conv_user(struct pamst_call *call);

/*
 * The password: the one an earlier module asked for, if the options allow
 * and there is one (call->stacked), else by the conversation, once.
 * PAM_AUTH_ERR: use_first_pass, and there is none.
 */
int pamst_conv_password(struct pamst_call *call);
/* The current one of a change: PAM_OLDAUTHTOK, or by the conversation. */
int pamst_conv_old_password(struct pamst_call *call);
/* A new one, typed twice, or with use_authtok the stacked one. It becomes
 * PAM_AUTHTOK. PAM_AUTHTOK_ERR: they differ, or there is none. */
int pamst_conv_new_password(struct pamst_call *call);

/* Shows the answer's PAMST_TEXT, unless the host wants silence. */
void pamst_conv_text(const struct pamst_call *call, int style);

#endif
