/* SPDX-License-Identifier: MIT */
#ifndef CTL_HELP_H
#define CTL_HELP_H

#include "ctl.h"

/* The one screen of --help; with a noun, its commands and their options. */
void ctl_help(const struct ctl_command *commands, size_t count,
	const char *noun, const char *verb);

/* Reports that the words are no command, and which there are. Returns 64. */
int ctl_unknown(const struct ctl_command *commands, size_t count,
	const char *noun, const char *verb);

#endif
