/* SPDX-License-Identifier: MIT */
/*
 * Known devices (CONTRACT 3.2, 3.3), in the order of the code:
 *
 *  1. Only a keyed hash of a device token MUST reach the store, and only of a
 *     token that is well formed.
 *  2. A device MUST count as known only for the account it was written for,
 *     at that account's present epoch, before its end.
 *  3. A device MUST NOT authenticate; all it opens is a limit of its own in
 *     the throttle and a hashing slot.
 *  4. With NOTIFY_NEW_DEVICE the owner gets a mail about a log-in from a
 *     device that is not known; the log-in never fails for it.
 */
#include "auth/device.h"

#include <stdio.h>
#include <string.h>

#include "auth/audit.h"
#include "auth/mailing.h"
#include "base/codec.h"
#include "store/state.h"

#include "base/banned.h"

static enum stauth_rc keyed(struct stauth_ctx *ctx, const char *text,
	uint8_t ret_hash[32], struct stauth_err *err)
{
	const struct stauth_keys *keys;
	enum stauth_rc rc = stauth_ctx_keys(ctx, &keys, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	uint8_t hash[STAUTH_SHA256_LEN];
	if (!stauth_hmac_sha256(keys->device, sizeof(keys->device), text,
		    strlen(text), hash)) {
		return stauth_fail(err, STAUTH_ECRYPTO, "HMAC failed");
	}
	memcpy(ret_hash, hash, sizeof(hash));
	return STAUTH_OK;
}

enum stauth_rc stauth_device_hash(struct stauth_ctx *ctx, const char *token,
	uint8_t ret_hash[32], struct stauth_err *err)
{
	if (token == NULL || !stauth_token_wellformed(token, strlen(token))) {
		return stauth_fail(err, STAUTH_NOTFOUND, "no device token");
	}
	return keyed(ctx, token, ret_hash, err);
}

/* A name holds no blank and no line break, so no token and no other pair of
 * name and source gives the same text. */
enum stauth_rc stauth_device_source_hash(struct stauth_ctx *ctx,
	const char *name, const char *source, uint8_t ret_hash[32],
	struct stauth_err *err)
{
	char text[STAUTH_NAME_SIZE + STAUTH_ADDRESS_SIZE + 16];

	snprintf(text, sizeof(text), "source %s\n%s", name, source);
	return keyed(ctx, text, ret_hash, err);
}

enum stauth_rc stauth_device_by_hash(struct stauth_ctx *ctx,
	const uint8_t hash[32], const struct stauth_account *account,
	bool *ret_known, struct stauth_err *err)
{
	struct stauth_device device;
	int64_t now_s = ctx->state->ops->now(ctx->state);
	enum stauth_rc rc = ctx->state->ops->device_by_hash(
		ctx->state, hash, now_s, &device, err);

	*ret_known = false;
	if (rc != STAUTH_OK) {
		return rc > 0 ? STAUTH_OK : rc;
	}
	*ret_known = account->uid > 0 && device.uid == account->uid &&
		     device.epoch == account->epoch &&
		     now_s < device.expires_at;
	return STAUTH_OK;
}

enum stauth_rc stauth_device_known(struct stauth_ctx *ctx, const char *token,
	const struct stauth_account *account,
	struct stauth_known_device *ret_device, struct stauth_err *err)
{
	*ret_device = (struct stauth_known_device){.known = false};
	enum stauth_rc rc =
		stauth_device_hash(ctx, token, ret_device->hash, err);
	if (rc != STAUTH_OK) {
		return rc > 0 ? STAUTH_OK : rc;
	}
	return stauth_device_by_hash(
		ctx, ret_device->hash, account, &ret_device->known, err);
}

enum stauth_rc stauth_device_keep(struct stauth_ctx *ctx,
	const uint8_t hash[32], const struct stauth_account *account,
	struct stauth_err *err)
{
	int64_t now_s = ctx->state->ops->now(ctx->state);
	const struct stauth_device device = {
		.uid = account->uid,
		.epoch = account->epoch,
		.expires_at = now_s + STAUTH_DEVICE_DAYS * 24LL * 3600,
	};

	return ctx->state->ops->device_put(
		ctx->state, hash, &device, now_s, err);
}

void stauth_device_notify(struct stauth_ctx *ctx,
	const struct stauth_account *account, const struct stauth_actor *actor)
{
	/* The first log-in of all is from a new device, too. */
	if (!ctx->config->notify_new_device || account->last_login_at == 0 ||
		account->email[0] == '\0' ||
		ctx->config->mail_transport == STAUTH_TRANSPORT_NONE) {
		return;
	}
	const struct stauth_mail_order order = {STAUTH_MAIL_NEW_DEVICE,
		account->email, account->name, STAUTH_NOTICE_S};
	struct stauth_mailing mailing = {.limits.count = 0};
	struct stauth_err err;
	enum stauth_rc rc = stauth_mail_fill(ctx, &order, &mailing.mail, &err);
	int64_t wait_s = 0;
	if (rc == STAUTH_OK) {
		stauth_audit_fill(&mailing.audit, "login.notice", account->name,
			account->uid, actor);
		rc = stauth_mailing_post(ctx, &mailing, &wait_s, &err);
	}
	if (rc != STAUTH_OK) {
		stauth_report(&ctx->messages, STAUTH_WARNING,
			"the mail about a new device could not be queued: %s",
			err.msg);
	}
}
