/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_OPEN_H
#define STAUTH_SQLITE_OPEN_H

#include "base/rc.h"
#include "store/sqlite/db.h"

/* Only fills the struct; nothing is opened. ECONFIG: name is no file name. */
enum stauth_rc stauth_db_setup(struct stauth_db *db, const char *dir,
	const char *name, enum stauth_store_role role, struct stauth_err *err);
/* Closes and forgets every statement. Does no harm twice. */
void stauth_db_close(struct stauth_db *db);
/* dir with every link resolved, and name below it. EUNREACHABLE. */
enum stauth_rc stauth_db_resolve(const char *dir, const char *name,
	char ret_path[PATH_MAX], struct stauth_err *err);
/* Opens db->path and hardens the connection; the schema is not looked at.
 * Closing it writes nothing before stauth_files_opened was called. */
enum stauth_rc stauth_db_connect(struct stauth_db *db, struct stauth_err *err);
/*
 * Is the open database in WAL mode? Who may write brings it there: a backup
 * that was moved here by hand is in the other one, in which readers and
 * writers lock each other out.
 */
bool stauth_db_use_wal(struct stauth_db *db);
/* The part of the hardening that holds for files of others too. */
int stauth_db_harden(sqlite3 *sql);

#endif
