/* SPDX-License-Identifier: MIT */
#ifndef CTL_ARGS_H
#define CTL_ARGS_H

#include "ctl.h"

/*
 * Takes the line apart: options anywhere, `--opt value` or `--opt=value`,
 * short ones bundled, `--` ends them. 0, or 64 when it was reported what is
 * wrong. A value is never quoted: it could be a password in a wrong place.
 */
int ctl_args_parse(int argc, char **argv, struct ctl_args *args);

/* "--email", for messages. */
const char *ctl_opt_name(enum ctl_opt opt);

/* 64 if an option was given that command does not know. */
int ctl_args_fit(
	const struct ctl_args *args, const struct ctl_command *command);

#endif
