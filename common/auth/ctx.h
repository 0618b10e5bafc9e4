/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_CTX_H
#define STAUTH_CTX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/message.h"
#include "base/random.h"
#include "base/rc.h"
#include "config/config.h"
#include "config/keyfile.h"

struct stauth_accounts;
struct stauth_state;
struct stauth_check;
struct stauth_mailer;

/* Whose hashing slots this process takes (auth/slots.h). */
enum stauth_slot_pool {
	STAUTH_SLOTS_WEB,
	STAUTH_SLOTS_PAM,
	STAUTH_SLOTS_CLI,
};

/*
 * Everything a domain function may use, in place of globals. The front end's
 * main.c fills it; all pointers are borrowed and outlive it. One process, one
 * thread.
 */
struct stauth_ctx {
	const struct stauth_config *config;
	struct stauth_accounts *accounts;
	struct stauth_state *state;
	struct stauth_check *check;   /* check workers only */
	struct stauth_mailer *mailer; /* NULL: none */
	struct stauth_messages messages;
	stauth_random_fn *random;
	int64_t (*boot_ms)(void);
	enum stauth_slot_pool slots;
	/* Loaded at first need, so that a service started before `init`
	 * recovers by itself; see stauth_ctx_keys. */
	struct stauth_keys keys;
	bool keys_loaded;
	int slots_fd;             /* auth/slots.c; -1: not open yet */
	int64_t throttled_row_ms; /* auth/verify.c: last login.throttled row */
};

/* Zeroes, and sets random, boot_ms and slots_fd to the real ones. */
void stauth_ctx_init(
	struct stauth_ctx *ctx, const struct stauth_config *config);
/* Closes what ctx opened itself, wipes the keys. Stores stay open. */
void stauth_ctx_finish(struct stauth_ctx *ctx);

/* The keys, loaded now if they were not yet. Errors: keys_load's. */
enum stauth_rc stauth_ctx_keys(struct stauth_ctx *ctx,
	const struct stauth_keys **ret_keys, struct stauth_err *err);

/* state->ops->now(), for callers that hold no store header. */
int64_t stauth_ctx_now(struct stauth_ctx *ctx);

#endif
