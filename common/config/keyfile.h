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

/*
 * Opens a small file safely and reads it whole: O_NOFOLLOW, O_NONBLOCK,
 * O_CLOEXEC; the opened descriptor must be a regular file, with an owner,
 * mode and directory as CONTRACT 2 asks. secret: others may not read it.
 * At most max bytes; the buffer is allocated, NUL terminated, the caller
 * wipes and frees it. NOTFOUND, EUNSAFE, EDENIED, ECONFIG.
 */
enum stauth_rc stauth_file_read_safely(const char *path,
	enum stauth_config_reader reader, bool secret, size_t max,
	char **ret_data, size_t *ret_len, struct stauth_err *err);

#endif
