/* SPDX-License-Identifier: MIT */
/*
 * Before a verb. MUSTs:
 *  1. A verb runs only on a file that is ours, of our version, and the one
 *     that is at the path now; this is looked at when opening and then once
 *     a second.
 *  2. A file that cannot be opened is tried again at most every 100 ms; until
 *     then the verb fails at once with the same reason.
 *  3. No verb waits over its deadline, however many statements it has.
 *  4. After a fault that the connection cannot outlive, the next verb opens
 *     it again, so that service returns with the cause gone.
 */
#include "store/sqlite/ready.h"

#include <stddef.h>

#include "base/clock.h"
#include "store/sqlite/files.h"
#include "store/sqlite/open.h"
#include "store/sqlite/schema.h"

#include "base/banned.h"

#define VERB_WAIT_MS  2000
#define CHECK_OPEN_MS 20 /* a neighbour opening the same file, no more */
#define LOOK_EVERY_MS 1000
#define TRY_EVERY_MS  100

static int64_t wait_ms(enum stauth_store_role role)
{
	bool waits = role != STAUTH_ROLE_CHECK && role != STAUTH_ROLE_TOUCH;

	return waits ? VERB_WAIT_MS : 0;
}

static enum stauth_rc try_open(struct stauth_db *db, struct stauth_err *err)
{
	enum stauth_rc rc = stauth_db_connect(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = stauth_schema_check(db, err);
	db->wal = rc == STAUTH_OK && stauth_db_use_wal(db);
	/* What was read of two files says nothing of either. */
	if (rc == STAUTH_OK || !stauth_files_at_path(db)) {
		rc = stauth_files_opened(db, err);
	}
	if (rc != STAUTH_OK) {
		stauth_db_close(db);
	}
	return rc;
}

static enum stauth_rc reopen(
	struct stauth_db *db, int64_t boot_ms, struct stauth_err *err)
{
	if (db->tried && boot_ms - db->tried_ms < TRY_EVERY_MS &&
		db->failure.rc != STAUTH_OK) {
		return stauth_fail(err, db->failure.rc, "%s", db->failure.msg);
	}
	if (db->deadline_ms < boot_ms + CHECK_OPEN_MS) {
		db->deadline_ms = boot_ms + CHECK_OPEN_MS;
	}
	db->failure.rc = STAUTH_OK;
	db->failure.rc = try_open(db, &db->failure);
	db->tried = true;
	db->tried_ms = stauth_boot_ms();
	db->looked_ms = db->tried_ms;
	if (db->failure.rc != STAUTH_OK) {
		return stauth_fail(err, db->failure.rc, "%s", db->failure.msg);
	}
	return STAUTH_OK;
}

static enum stauth_rc look_again(
	struct stauth_db *db, int64_t boot_ms, struct stauth_err *err)
{
	db->looked_ms = boot_ms;
	if (!db->wal || sqlite3_db_readonly(db->sql, "main") != 0) {
		/* Perhaps it is, and may be written, by now. */
		stauth_db_close(db);
		return STAUTH_OK;
	}
	enum stauth_rc rc = stauth_schema_check(db, err);
	if (rc == STAUTH_ESCHEMA) {
		stauth_db_close(db);
	}
	return rc;
}

/* A check asks for the -shm in every round, and for the rest each second. */
static bool files_hold(const struct stauth_db *db, int64_t boot_ms)
{
	if (db->role == STAUTH_ROLE_CHECK && db->wal &&
		boot_ms - db->looked_ms < LOOK_EVERY_MS) {
		return stauth_files_same_index(db);
	}
	return stauth_files_same(db);
}

enum stauth_rc stauth_db_ready(struct stauth_db *db, struct stauth_err *err)
{
	int64_t boot_ms = stauth_boot_ms();

	db->deadline_ms = boot_ms + wait_ms(db->role);
	if (db->must_reopen) {
		stauth_db_close(db);
	}
	if (db->sql != NULL && !files_hold(db, boot_ms)) {
		stauth_db_close(db);
	}
	enum stauth_rc rc = STAUTH_OK;
	if (db->sql != NULL && boot_ms - db->looked_ms >= LOOK_EVERY_MS) {
		rc = look_again(db, boot_ms, err);
	}
	if (rc == STAUTH_OK && db->sql == NULL) {
		rc = reopen(db, boot_ms, err);
	}
	return rc;
}

void stauth_db_idle(struct stauth_db *db)
{
	if (db->sql != NULL && !stauth_files_same(db)) {
		stauth_db_close(db);
	}
}

void stauth_db_no_wait(struct stauth_db *db)
{
	db->deadline_ms = 0;
}
