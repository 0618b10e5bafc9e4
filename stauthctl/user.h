/* SPDX-License-Identifier: MIT */
#ifndef CTL_USER_H
#define CTL_USER_H

#include "ctl.h"

#include "base/secret.h"
#include "out.h"
#include "store/records.h"

/* Prints one user; password (NULL: none) is one that was just generated and
 * is shown this one time. Returns an exit code. */
int ctl_user_print(struct ctl *ctl, const struct stauth_account *account,
	const struct stauth_secret *password);

/* Accounts with the keys of CONTRACT 5, for ctl_out_end. */
void ctl_user_begin(
	struct ctl_out *out, enum ctl_form form, bool json, bool with_password);
/* password: NULL without. */
void ctl_user_row(struct ctl_out *out, const struct stauth_account *account,
	const char *password);

#endif
