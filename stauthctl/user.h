/* SPDX-License-Identifier: MIT */
#ifndef CTL_USER_H
#define CTL_USER_H

#include "ctl.h"

#include "base/secret.h"
#include "store/records.h"

/* Prints one user; password (NULL: none) is one that was just generated and
 * is shown this one time. Returns an exit code. */
int ctl_user_print(struct ctl *ctl, const struct stauth_account *account,
	const struct stauth_secret *password);

#endif
