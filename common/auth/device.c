/* SPDX-License-Identifier: MIT */
/*
 * Known devices (CONTRACT 3.2, 3.3), in the order of the code:
 *
 *  1. Only a keyed hash of a device token MUST reach the store, and only of a
 *     token that is well formed.
 *  2. A device MUST count as known only for the account it was written for,
 *     at that account's present epoch, before its end.
 *  3. A device MUST NOT authenticate; all it opens is a lane of its own in
 *     the throttle and a hashing slot.
 */
#include "auth/device.h"

#include <string.h>

#include "auth/session.h"
#include "base/codec.h"
#include "store/state.h"

#include "base/banned.h"

enum stauth_rc stauth_device_hash(struct stauth_ctx *ctx, const char *token,
	uint8_t ret_hash[32], struct stauth_err *err)
{
	const struct stauth_keys *keys;
	uint8_t hash[STAUTH_SHA256_LEN];
	enum stauth_rc rc;

	if (!token || !stauth_token_wellformed(token, strlen(token))) {
		return stauth_fail(err, STAUTH_NOTFOUND, "no device token");
	}
	rc = stauth_ctx_keys(ctx, &keys, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (!stauth_hmac_sha256(keys->device, sizeof(keys->device), token,
		    STAUTH_TOKEN_LEN, hash)) {
		return stauth_fail(err, STAUTH_ECRYPTO, "HMAC failed");
	}
	memcpy(ret_hash, hash, sizeof(hash));
	return STAUTH_OK;
}

enum stauth_rc stauth_device_known(struct stauth_ctx *ctx, const char *token,
	const struct stauth_account *account, bool *ret_known,
	uint8_t ret_hash[32], struct stauth_err *err)
{
	struct stauth_device device;
	int64_t now_s;
	enum stauth_rc rc;

	*ret_known = false;
	rc = stauth_device_hash(ctx, token, ret_hash, err);
	if (rc != STAUTH_OK) {
		return rc > 0 ? STAUTH_OK : rc;
	}
	now_s = ctx->state->ops->now(ctx->state);
	rc = ctx->state->ops->device_by_hash(
		ctx->state, ret_hash, now_s, &device, err);
	if (rc != STAUTH_OK) {
		return rc > 0 ? STAUTH_OK : rc;
	}
	*ret_known = account->uid > 0 && device.uid == account->uid &&
		     device.epoch == account->epoch &&
		     now_s < device.expires_at;
	return STAUTH_OK;
}
