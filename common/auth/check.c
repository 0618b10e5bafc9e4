/* SPDX-License-Identifier: MIT */
/*
 * The answer of a check (CONTRACT 3.1), in the order of the code:
 *
 *  1. What is no token MUST be refused without touching the store.
 *  2. A fault MUST NOT become an allow or a deny.
 *  3. A session that is good for changing the password only MUST be refused.
 *  4. The location's demands are words with one blank between: "su",
 *     "group:NAME", "level:2". All MUST hold, and a word that is none of
 *     these is one that nobody meets. "optional" alone demands nothing.
 *  5. Who lacks nothing but the second factor gets NEED_FACTOR.
 *  6. Only then the entry is allowed, in one place.
 */
#include "auth/check.h"

#include <string.h>

#include "auth/name.h"
#include "auth/session.h"
#include "base/codec.h"

#include "base/banned.h"

#define WORD_SIZE 80 /* "group:" and a name */

enum stauth_rc stauth_check_submit(struct stauth_ctx *ctx, const char *token,
	size_t token_len, uint64_t tag, struct stauth_check_done *ret_done)
{
	int64_t idle_s = (int64_t)ctx->config->session_idle_minutes * 60;

	if (!stauth_token_wellformed(token, token_len)) {
		ret_done->tag = tag;
		ret_done->verdict = STAUTH_DENY;
		return STAUTH_OK;
	}
	uint8_t hash[STAUTH_SHA256_LEN];
	if (!stauth_sha256(token, token_len, hash)) {
		ret_done->tag = tag;
		ret_done->verdict = STAUTH_FAULT;
		return STAUTH_ECRYPTO;
	}
	return ctx->check->ops->submit(ctx->check, hash, idle_s, tag, ret_done);
}

enum stauth_rc stauth_check_submit_handle(struct stauth_ctx *ctx,
	const char *handle, uint64_t tag, struct stauth_check_done *ret_done)
{
	int64_t idle_s = (int64_t)ctx->config->session_idle_minutes * 60;

	return ctx->check->ops->submit_handle(
		ctx->check, handle, idle_s, tag, ret_done);
}

/* What the session lacks of one word: FORBIDDEN, NEED_FACTOR, or ALLOW for
 * nothing. */
static enum stauth_verdict missing_of(
	const struct stauth_session *session, const char *word)
{
	static const char group[] = "group:";
	if (strcmp(word, "level:2") == 0) {
		return session->level >= 2 ? STAUTH_ALLOW : STAUTH_NEED_FACTOR;
	}
	const char *name = word;
	if (strncmp(word, group, sizeof(group) - 1) == 0) {
		name = word + sizeof(group) - 1;
	} else if (strcmp(word, "su") != 0) {
		return STAUTH_FORBIDDEN;
	}
	return stauth_groups_has(session->groups, name) ? STAUTH_ALLOW
							: STAUTH_FORBIDDEN;
}

/* The same of all words. */
static enum stauth_verdict missing(
	const struct stauth_session *session, const char *require)
{
	enum stauth_verdict worst = STAUTH_ALLOW;
	for (;;) {
		char word[WORD_SIZE];
		size_t len = strcspn(require, " ");
		if (len >= sizeof(word)) {
			return STAUTH_FORBIDDEN;
		}
		memcpy(word, require, len);
		word[len] = '\0';
		enum stauth_verdict lack = missing_of(session, word);
		if (lack == STAUTH_FORBIDDEN) {
			return lack;
		}
		worst = lack == STAUTH_ALLOW ? worst : lack;
		if (require[len] == '\0') {
			return worst;
		}
		require += len + 1;
	}
}

enum stauth_verdict stauth_check_judge(
	const struct stauth_check_done *done, const char *require)
{
	const struct stauth_session *session = &done->session;

	if (done->verdict == STAUTH_FAULT) {
		return STAUTH_FAULT;
	}
	if (done->verdict != STAUTH_ALLOW || session->must_change) {
		return STAUTH_DENY;
	}
	/* A row without identity would reach the app as nobody. */
	if (!session->user[0] || !session->handle[0]) {
		return STAUTH_FAULT;
	}
	if (require == NULL) {
		return STAUTH_FORBIDDEN;
	}
	if (require[0] != '\0' &&
		strcmp(require, STAUTH_REQUIRE_OPTIONAL) != 0) {
		return missing(session, require);
	}
	return STAUTH_ALLOW;
}

enum stauth_rc stauth_check_touch(struct stauth_ctx *ctx,
	const struct stauth_touch *touches, size_t count,
	struct stauth_err *err)
{
	return ctx->state->ops->session_touch(ctx->state, touches, count, err);
}
