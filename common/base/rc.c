/* SPDX-License-Identifier: MIT */
#include "base/rc.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/banned.h"

enum stauth_rc stauth_fail(
	struct stauth_err *err, enum stauth_rc rc, const char *fmt, ...)
{
	if (err == NULL) {
		return rc;
	}
	err->rc = rc;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return rc;
}

const char *stauth_rc_name(enum stauth_rc rc)
{
	switch (rc) {
	case STAUTH_OK:
		return "ok";
	case STAUTH_NOTFOUND:
		return "not found";
	case STAUTH_EXISTS:
		return "exists already";
	case STAUTH_EXPIRED:
		return "expired";
	case STAUTH_REFUSED:
		return "refused";
	case STAUTH_THROTTLED:
		return "throttled";
	case STAUTH_BADVALUE:
		return "bad value";
	case STAUTH_PENDING:
		return "pending";
	case STAUTH_ENOMEM:
		return "out of memory";
	case STAUTH_ECONFIG:
		return "configuration";
	case STAUTH_EUNREACHABLE:
		return "out of reach";
	case STAUTH_EUNKNOWN:
		return "outcome unknown";
	case STAUTH_EBROKEN:
		return "broken data";
	case STAUTH_ESCHEMA:
		return "schema";
	case STAUTH_ECRYPTO:
		return "crypto";
	case STAUTH_EBUSY:
		return "busy";
	case STAUTH_EUNSAFE:
		return "unsafe file";
	case STAUTH_EDENIED:
		return "permission denied";
	}
	return "unknown";
}
