/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_ASSERTION_H
#define STAUTH_ASSERTION_H

#include <stddef.h>

#include "auth/ctx.h"
#include "base/buf.h"
#include "store/records.h"

/*
 * The signed identity that the app may check for itself: a JWT, HS256 with
 * the app key, CONTRACT 3.1. Adds it to out, or nothing without APP_KEY.
 */
enum stauth_rc stauth_assertion_make(const struct stauth_config *config,
	const struct stauth_session *session, int64_t now_s,
	struct stauth_buf *out, struct stauth_err *err);
/*
 * The session handle a valid assertion names: HS256 only, signature, iss, aud
 * and exp right. NOTFOUND for anything else, also without APP_KEY. Whether
 * that session still stands is for the caller to ask.
 */
enum stauth_rc stauth_assertion_check(const struct stauth_config *config,
	const char *jwt, int64_t now_s, char ret_handle[STAUTH_HANDLE_LEN + 1],
	struct stauth_err *err);

#endif
