/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sysexits.h>

#include "auth/reset.h"
#include "base/secret.h"
#include "ctl.h"
#include "out.h"
#include "result.h"

#include "base/banned.h"

/* A link that was mailed is not shown as well: one place is enough. */
int ctl_user_reset_link(struct ctl *ctl)
{
	bool send = ctl->opt[CTL_SEND] != NULL;
	struct stauth_err err = {0};
	char link[STAUTH_RESET_LINK_SIZE] = "";

	const struct stauth_reset_link want = {ctl->operands[0], send};
	if (stauth_reset_link(&ctl->ctx, &want, &ctl->actor, link, &err) !=
		STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	int code = EX_OK;
	if (send) {
		ctl_info(ctl, "the link is on its way; it works for %d minutes",
			STAUTH_RESET_MINUTES);
	} else {
		puts(link);
		code = ctl_out_flush();
		ctl_info(ctl, "it works once, for %d minutes",
			STAUTH_RESET_MINUTES);
	}
	stauth_wipe_array(link);
	return code;
}
