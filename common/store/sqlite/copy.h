/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_COPY_H
#define STAUTH_SQLITE_COPY_H

#include "store/sqlite/open.h"

/* The path of a file that a person named, its directory's links resolved.
 * BADVALUE: there is no such directory. */
enum stauth_rc stauth_copy_path(
	const char *file, char ret_path[PATH_MAX], struct stauth_err *err);

#endif
