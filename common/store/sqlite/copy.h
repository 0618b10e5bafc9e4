/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_COPY_H
#define STAUTH_SQLITE_COPY_H

#include "store/sqlite/open.h"

/* The path of a file that a person named, its directory's links resolved.
 * BADVALUE: there is no such directory. EDENIED: it is shut. */
enum stauth_rc stauth_copy_path(
	const char *file, char ret_path[PATH_MAX], struct stauth_err *err);
/* What errno says of that file: EDENIED, or BADVALUE. */
enum stauth_rc stauth_copy_refused(
	const char *file, int code, struct stauth_err *err);

#endif
