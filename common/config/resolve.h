/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_CONFIG_RESOLVE_H
#define STAUTH_CONFIG_RESOLVE_H

#include "config/config.h"

/* Makes a relative path one below STATE_DIR, in place. */
enum stauth_rc stauth_config_below_state(const struct stauth_config *config,
	char path[PATH_MAX], struct stauth_err *err);
/* All paths, absolute. STATE_DIR itself must be. */
enum stauth_rc stauth_config_paths(
	struct stauth_config *config, struct stauth_err *err);
/* Computed defaults, and what only several keys together can be. */
enum stauth_rc stauth_config_resolve(
	struct stauth_config *config, struct stauth_err *err);

#endif
