/* SPDX-License-Identifier: MIT */
/* Which database a -wal belongs to; for files.c. db says which files these
 * are: file_id, header_id, wal_id. */
#ifndef STAUTH_SQLITE_WAL_OWNER_H
#define STAUTH_SQLITE_WAL_OWNER_H

#include "base/rc.h"
#include "store/sqlite/db.h"

/* Is the -wal recorded as that of another database? */
bool stauth_wal_recorded_elsewhere(const struct stauth_db *db);
/* EUNREACHABLE: it is there, and stays. */
enum stauth_rc stauth_wal_put_aside(
	const struct stauth_db *db, struct stauth_err *err);
void stauth_wal_record_owner(const struct stauth_db *db);

#endif
