/* SPDX-License-Identifier: MIT */
#ifndef GATE_CSRF_H
#define GATE_CSRF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/codec.h"
#include "config/keyfile.h"

#define GATE_CSRF_SIZE STAUTH_B64URL_SIZE(STAUTH_SHA256_LEN)

/* The token for the forms of the browser with this pre-cookie. false: the
 * crypto library failed, and ret_token is "". */
bool gate_csrf_make(const struct stauth_keys *keys, const char *pre,
	int64_t now_s, char ret_token[GATE_CSRF_SIZE]);
/* Is this one that was made for this pre-cookie, in this hour or one of the
 * two before? */
bool gate_csrf_valid(const struct stauth_keys *keys, const char *pre,
	int64_t now_s, const char *token);

#endif
