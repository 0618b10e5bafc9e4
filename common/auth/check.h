/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_AUTH_CHECK_H
#define STAUTH_AUTH_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "store/state.h"

/*
 * The question behind auth_request: does this token stand for a full, live
 * session, and may it enter here? One indexed read; no hash, no write.
 */
/* Alone in require: without a session one comes in, too, but as nobody. */
#define STAUTH_REQUIRE_OPTIONAL "optional"

/* DENY 401, FORBIDDEN (signed in, but not for this area) 403, NEED_FACTOR
 * (only the second factor is missing) 403, ALLOW 204, FAULT 503. require: what
 * nginx demands for the location, by the rules of the .c file. */
enum stauth_verdict stauth_check_judge(
	const struct stauth_check_done *done, const char *require);

/* OK: *ret_done is the answer. PENDING: it comes through reap. A token that
 * is none is DENY without touching the store. Negative: FAULT. */
enum stauth_rc stauth_check_submit(struct stauth_ctx *ctx, const char *token,
	size_t token_len, uint64_t tag, struct stauth_check_done *ret_done);

/* The same of a session by its handle, which the relay keeps for as long as a
 * WebSocket is open. What is no handle is DENY. */
enum stauth_rc stauth_check_submit_handle(struct stauth_ctx *ctx,
	const char *handle, uint64_t tag, struct stauth_check_done *ret_done);

/* Moves last_seen_at of the sessions that were checked. It does not wait:
 * EUNREACHABLE while the store is locked. */
enum stauth_rc stauth_check_touch(struct stauth_ctx *ctx,
	const struct stauth_touch *touches, size_t count,
	struct stauth_err *err);

#endif
