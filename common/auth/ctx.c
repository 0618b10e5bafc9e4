/* SPDX-License-Identifier: MIT */
#include "auth/ctx.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "store/state.h"

#include "base/banned.h"

void stauth_ctx_init(struct stauth_ctx *ctx, const struct stauth_config *config)
{
	*ctx = (struct stauth_ctx){
		.config = config,
		.random = stauth_random,
		.boot_ms = stauth_boot_ms,
		.slots_fd = -1,
	};
}

void stauth_ctx_finish(struct stauth_ctx *ctx)
{
	if (ctx->slots_fd >= 0) {
		close(ctx->slots_fd);
		ctx->slots_fd = -1;
	}
	stauth_wipe(&ctx->keys, sizeof(ctx->keys));
	ctx->keys_loaded = false;
}

enum stauth_rc stauth_ctx_keys(struct stauth_ctx *ctx,
	const struct stauth_keys **ret_keys, struct stauth_err *err)
{
	enum stauth_config_reader reader = ctx->slots == STAUTH_SLOTS_PAM
						   ? STAUTH_READER_HOST
						   : STAUTH_READER_SERVICE;

	if (!ctx->keys_loaded) {
		enum stauth_rc rc =
			stauth_keys_load(ctx->config, reader, &ctx->keys, err);

		if (rc != STAUTH_OK) {
			return rc;
		}
		ctx->keys_loaded = true;
	}
	*ret_keys = &ctx->keys;
	return STAUTH_OK;
}

int64_t stauth_ctx_now(struct stauth_ctx *ctx)
{
	if (ctx->state != NULL) {
		return ctx->state->ops->now(ctx->state);
	}
	return ctx->check != NULL ? ctx->check->ops->now(ctx->check)
				  : stauth_wall_s();
}
