/* SPDX-License-Identifier: MIT */
#ifndef GATE_CHECK_DECIDE_H
#define GATE_CHECK_DECIDE_H

#include <stdbool.h>

#include "auth/check.h"
#include "check/params.h"
#include "config/config.h"

/* Does the location let in visitors without a session, too? */
bool gate_is_optional(const struct gate_check_params *params);

/* The token to ask the store about: STAUTH_TOKEN_LEN characters, borrowed.
 * NULL: *ret_verdict is the answer, without the store. */
const char *gate_decide_before(const struct stauth_config *config,
	const struct gate_check_params *params,
	enum stauth_verdict *ret_verdict);

/* What the store's answer means for this request. */
enum stauth_verdict gate_decide_after(const struct gate_check_params *params,
	enum stauth_rc rc, const struct stauth_check_done *done);

#endif
