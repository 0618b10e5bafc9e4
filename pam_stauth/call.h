/* SPDX-License-Identifier: MIT */
#ifndef PAMST_CALL_H
#define PAMST_CALL_H

#include <security/pam_modules.h>

#include "args.h"
#include "wire.h"

/* One call of the host; large, and wiped in one place. */
struct pamst_call {
	pam_handle_t *pamh;
	int pam_flags;
	struct pamst_args args;
	const char *user; /* libpam's */
	bool stacked;     /* the password is that of a module above */
	struct pamst_frame question;
	struct pamst_frame answer;
};

#endif
