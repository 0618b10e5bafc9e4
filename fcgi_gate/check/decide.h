/* SPDX-License-Identifier: MIT */
#ifndef GATE_CHECK_DECIDE_H
#define GATE_CHECK_DECIDE_H

#include "auth/check.h"
#include "check/params.h"
#include "config/config.h"

/* What can be said before the store is asked. */
enum gate_before {
	GATE_BEFORE_DENY = 0,  /* 401 */
	GATE_BEFORE_FORBIDDEN, /* 403 */
	GATE_BEFORE_ASK,       /* the store, about *ret_token */
};

/* ret_token: STAUTH_TOKEN_LEN characters, borrowed, only with ASK. */
enum gate_before gate_decide_before(const struct stauth_config *config,
	const struct gate_check_params *params, const char **ret_token);

/* What the store's answer means for this request. */
enum stauth_verdict gate_decide_after(const struct gate_check_params *params,
	enum stauth_rc rc, const struct stauth_check_done *done);

#endif
