/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_DB_H
#define STAUTH_SQLITE_DB_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "base/rc.h"
#include "store/handle.h"
#include "store/sqlite/sql.h"

#define STAUTH_FILE_ID_SIZE 64

/*
 * One connection, which looks after itself: a verb begins as verb.h says,
 * and that opens what is closed, notices a file that
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
	/* Of the verb that is under way (verb.h): the first failure, and where
	 * its caller wants to read of it. */
	enum stauth_rc rc;
	struct stauth_err *err;
	int64_t deadline_ms; /* of the verb, on the boot clock */
	int64_t looked_ms;   /* when the file was last looked at */
	bool tried;
	int64_t tried_ms;          /* when it was last tried to open it */
	struct stauth_err failure; /* what came of that */
	uint8_t writes;            /* wraps: at 0 the dead rows are swept */
};

#endif
