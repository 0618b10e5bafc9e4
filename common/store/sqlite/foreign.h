/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_FOREIGN_H
#define STAUTH_SQLITE_FOREIGN_H

#include <sqlite3.h>

#include "base/rc.h"

/* Files that are not ours, opened to be read only. EUNREACHABLE; ECONFIG if
 * it is no database. Close with sqlite3_close_v2. */
enum stauth_rc stauth_foreign_open(
	const char *path, sqlite3 **ret_sql, struct stauth_err *err);
/*
 * May `init` take this file for its own? OK: nothing is in it. EXISTS: it is
 * one of st-auth-simple. EBROKEN: it is somebody else's, or unreadable.
 */
enum stauth_rc stauth_foreign_judge(const char *path, struct stauth_err *err);

#endif
