/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_RESERVE_H
#define STAUTH_SQLITE_RESERVE_H

#include "base/rc.h"
#include "store/sqlite/db.h"

/* The reserve is there, or is made. EUNREACHABLE: the disk is full. */
enum stauth_rc stauth_reserve_keep(
	const struct stauth_db *db, struct stauth_err *err);
/* Gives the reserve to the next write, if there is little room left. */
void stauth_reserve_spend(const struct stauth_db *db);

#endif
