/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_PAIR_H
#define STAUTH_SQLITE_PAIR_H

#include "store/sqlite/open.h"

/* Takes away what a database of this path would inherit. */
void stauth_db_remove_leftovers(const char *path);
/* One process at a time makes, opens or closes files in db->dir. *ret_fd is
 * closed by the caller, which ends it. EUNREACHABLE: not before until_ms. */
enum stauth_rc stauth_db_lock_dir(const struct stauth_db *db, int64_t until_ms,
	int *ret_fd, struct stauth_err *err);

/* Before db->path is opened: locks, notes which file it is, and puts aside
 * the -wal of another. EUNREACHABLE: it is there, and stays. */
enum stauth_rc stauth_pair_part(struct stauth_db *db, struct stauth_err *err);
/* After it was read: records the pair, and unlocks. EUNREACHABLE: another
 * file has come in its place meanwhile. */
enum stauth_rc stauth_pair_join(struct stauth_db *db, struct stauth_err *err);
/* Closes db->sql, of which no statement is left; unlocks. */
void stauth_pair_close(struct stauth_db *db);
/* False: db->path is no longer the file that db has open. */
bool stauth_pair_still(const struct stauth_db *db);
/* Closes a connection whose file is no longer the one at its path, and
 * brings home what that file wrote last. */
void stauth_pair_abandon(struct stauth_db *db);

#endif
