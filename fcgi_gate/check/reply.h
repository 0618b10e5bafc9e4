/* SPDX-License-Identifier: MIT */
#ifndef GATE_CHECK_REPLY_H
#define GATE_CHECK_REPLY_H

#include "auth/check.h"
#include "base/buf.h"
#include "check/params.h"
#include "store/records.h"

/* Longest answer: every header at its limit, and the assertion. */
#define GATE_REPLY_MAX 32768

/*
 * Builds the whole answer into out, from its beginning. session (with ALLOW
 * only) and assertion ("" none, else as assertions.h hands it out) go into
 * the headers; an identity that does not fit its grammar makes it 503.
 */
void gate_reply_build(enum stauth_verdict verdict,
	const struct gate_check_params *params,
	const struct stauth_session *session, const char *assertion,
	struct stauth_buf *out);

#endif
