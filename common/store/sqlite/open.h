/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_OPEN_H
#define STAUTH_SQLITE_OPEN_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "base/rc.h"
#include "store/sqlite/sql.h"
#include "store/table.h"

#define STAUTH_FILE_ID_SIZE 64

/*
 * One connection, which looks after itself: a verb calls stauth_db_ready or
 * stauth_db_begin first, and that opens what is closed, notices a file that
 * was replaced or migrated, and sets the deadline of the verb.
 */
struct stauth_db {
	char dir[PATH_MAX]; /* as configured */
	char name[NAME_MAX + 1];
	char path[PATH_MAX]; /* resolved, of the file that is open */
	enum stauth_store_role role;
	bool accounts_elsewhere; /* only the state is here (store/split.c) */
	sqlite3 *sql;            /* NULL: closed */
	sqlite3_stmt *stmts[STAUTH_SQL_COUNT]; /* prepared at first use */
	uint64_t opened;  /* counts the connections it had */
	bool wal;         /* it is in this mode, the one that init gives */
	bool must_reopen; /* to be closed and opened again by the next verb */
	/* Which files are open (files.c). */
	bool remembered;
	bool saved; /* a -wal that was removed is in the database now */
	char file_id[STAUTH_FILE_ID_SIZE];
	char wal_id[STAUTH_FILE_ID_SIZE];
	uint32_t header_id;
	ino_t shm_ino;
	dev_t shm_dev;
	bool locked; /* the directory, by lock_fd: only to open and close */
	int lock_fd;
	int64_t deadline_ms; /* of the verb, on the boot clock */
	int64_t looked_ms;   /* when the file was last looked at */
	bool tried;
	int64_t tried_ms;          /* when it was last tried to open it */
	struct stauth_err failure; /* what came of that */
	uint8_t writes;            /* wraps: at 0 the dead rows are swept */
};

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

/* Ready for one verb: EUNREACHABLE, EBROKEN, ESCHEMA. */
enum stauth_rc stauth_db_ready(struct stauth_db *db, struct stauth_err *err);
/* From now on the verb waits for nobody. */
void stauth_db_no_wait(struct stauth_db *db);
/* Ready, and a write transaction is begun. */
enum stauth_rc stauth_db_begin(struct stauth_db *db, struct stauth_err *err);
/* The same for what ends something: it may use the reserve (reserve.h). */
enum stauth_rc stauth_db_begin_ending(
	struct stauth_db *db, struct stauth_err *err);
/* The same on a connection that is open, without looking at the schema. */
enum stauth_rc stauth_db_begin_raw(
	struct stauth_db *db, struct stauth_err *err);
/* Commits if rc is OK, else rolls back; returns rc, or why the commit did
 * not work (EUNKNOWN: it may have). */
enum stauth_rc stauth_db_end(
	struct stauth_db *db, enum stauth_rc rc, struct stauth_err *err);
/* What a result code of SQLite means to us; decides whether the connection
 * is good for anything more. */
enum stauth_rc stauth_db_fault(
	struct stauth_db *db, int code, struct stauth_err *err);

/*
 * Adds to *err which owner or mode stands in the way of writing the file, and
 * the command that mends it; leaves it alone if none does, or if the command
 * does not fit.
 */
void stauth_db_explain(const char *path, struct stauth_err *err);

#endif
