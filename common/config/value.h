/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_CONFIG_VALUE_H
#define STAUTH_CONFIG_VALUE_H

#include "config/keys.h"

/* Checks a value by its key's kind and puts it into its field. BADVALUE; the
 * message does not name the value of a secret. */
enum stauth_rc stauth_value_set(struct stauth_config *config,
	const struct stauth_key *key, const char *value, size_t len,
	struct stauth_err *err);
/* The field as text, for `config show`; secrets too, so mask them. */
void stauth_value_text(const struct stauth_config *config,
	const struct stauth_key *key, char out[STAUTH_VALUE_SIZE]);

#endif
