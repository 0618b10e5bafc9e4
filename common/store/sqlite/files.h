/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_FILES_H
#define STAUTH_SQLITE_FILES_H

#include "base/rc.h"
#include "store/sqlite/db.h"

/* Removes what a new database at this path would inherit. */
void stauth_files_remove_sides(const char *path);
/* One process at a time makes, opens or closes files in db->dir. *ret_fd is
 * closed by the caller, which ends it. EUNREACHABLE: not before until_ms. */
enum stauth_rc stauth_files_lock_dir(const struct stauth_db *db,
	int64_t until_ms, int *ret_fd, struct stauth_err *err);

/* After sqlite3_open, before the first statement: locks the directory and puts
 * aside the -wal of another database. EUNREACHABLE: it cannot, or the side
 * files were removed from under those who have the database open. */
enum stauth_rc stauth_files_before(
	struct stauth_db *db, struct stauth_err *err);
/* After it was read: records whose the -wal is, remembers the files, and
 * unlocks. EUNREACHABLE: another file has come in its place. */
enum stauth_rc stauth_files_opened(
	struct stauth_db *db, struct stauth_err *err);
/* Is the database at its path the file that db has open? */
bool stauth_files_at_path(const struct stauth_db *db);
/* Are the files at the paths still those that db has open? */
bool stauth_files_same(const struct stauth_db *db);
/* The same of the -shm alone: one system call. */
bool stauth_files_same_index(const struct stauth_db *db);
/* Closes db->sql, of which no statement is left. What only these files hold is
 * written to the database first. */
void stauth_files_close(struct stauth_db *db);

/* The number in the header that tells databases apart; 0: it has none. */
uint32_t stauth_files_id(const struct stauth_db *db);
/* Gives it one: a random one if id is 0. */
int stauth_files_set_id(sqlite3 *sql, uint32_t id);

#endif
