/* SPDX-License-Identifier: MIT */
/* Which password hashes of others are taken; for import*.c only. */
#ifndef STAUTH_IMPORT_HASH_H
#define STAUTH_IMPORT_HASH_H

#include "base/rc.h"

/* BADVALUE: the reason, without a byte of the hash, in err->msg. */
enum stauth_rc stauth_import_hash_check(
	const char *hash, struct stauth_err *err);

#endif
