/* SPDX-License-Identifier: MIT */
#include <sysexits.h>

#include "auth/delivery.h"
#include "ctl.h"
#include "result.h"

#include "base/banned.h"

/* What the other side of the network said is no matter of files or users. */
static int code_of(enum stauth_rc rc)
{
	switch (rc) {
	case STAUTH_BADVALUE:
	case STAUTH_REFUSED:
		return EX_DATAERR;
	case STAUTH_EUNREACHABLE:
		return EX_UNAVAILABLE;
	case STAUTH_ECONFIG:
	case STAUTH_EDENIED:
	case STAUTH_NOTFOUND:
		return EX_CONFIG;
	default:
		return ctl_exit_of(rc);
	}
}

int ctl_mail_test(struct ctl *ctl)
{
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_delivery_test(&ctl->ctx, ctl->operands[0], &err);

	if (rc != STAUTH_OK) {
		return ctl_fail_with(code_of(rc), "%s",
			err.msg[0] ? err.msg : stauth_rc_name(rc));
	}
	ctl_info(ctl, "the letter to %s was accepted", ctl->operands[0]);
	return EX_OK;
}
