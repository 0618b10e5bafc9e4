/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_FAULT_H
#define STAUTH_SQLITE_FAULT_H

#include "base/rc.h"
#include "store/sqlite/db.h"

/* What a result code of SQLite means to us; decides whether the connection
 * is good for anything more. */
enum stauth_rc stauth_db_fault(
	struct stauth_db *db, int code, struct stauth_err *err);

/*
 * Adds to *err which owner or mode stands in the way of writing the file, and
 * the command that repairs it; leaves it alone if none does, or if the command
 * does not fit.
 */
void stauth_db_explain(const char *path, struct stauth_err *err);

#endif
