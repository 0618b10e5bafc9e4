/* SPDX-License-Identifier: MIT */
#ifndef CHKPWD_ANSWER_H
#define CHKPWD_ANSWER_H

#include "auth/ctx.h"
#include "peer.h"
#include "wire.h"

/*
 * Answers one question out of the core. answer is an empty frame with kind
 * PAMST_NONE and always leaves with another kind.
 */
void chkpwd_answer(struct stauth_ctx *ctx, const struct chkpwd_peer *peer,
	const struct pamst_frame *frame, struct pamst_frame *answer);

#endif
