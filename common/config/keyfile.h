/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_KEYFILE_H
#define STAUTH_KEYFILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/rc.h"
#include "config/config.h"

/*
 * Keys outside the database: STATE_DIR/keys/{csrf,pin,device}, 32 random
 * bytes each, root:stauth 0640, made by `stauthctl init`.
 */
#define STAUTH_KEY_LEN 32

struct stauth_keys {
	unsigned char csrf[STAUTH_KEY_LEN];
	unsigned char pin[STAUTH_KEY_LEN];
	unsigned char device[STAUTH_KEY_LEN];
};

/* EUNREACHABLE (missing: "run stauthctl init"), EBROKEN (wrong size),
 * ECONFIG (mode or owner unsafe; the message holds the chmod or chown). */
enum stauth_rc stauth_keys_load(const struct stauth_config *config,
	enum stauth_config_reader reader, struct stauth_keys *ret_keys,
	struct stauth_err *err);
/* Makes those that are missing, leaves the others alone. Makes STATE_DIR and
 * STATE_DIR/keys if they are missing (owner of the parent's choice: user and
 * group stauth where they exist and root asks). EDENIED: something is missing
 * and STATE_DIR is neither the caller's nor is the caller root. */
enum stauth_rc stauth_keys_init(
	const struct stauth_config *config, struct stauth_err *err);

#endif
