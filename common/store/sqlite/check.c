/* SPDX-License-Identifier: MIT */
/*
 * The check half. MUSTs:
 *  1. The verdict is DENY before anything else happens, and ALLOW is set in
 *     one place: after the one live session of this very hash was read whole.
 *  2. What could not be read is FAULT, never DENY and never ALLOW.
 *  3. One read, nothing written, nobody waited for.
 */
#include "store/sqlite/verbs.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#include "base/banned.h"

static enum stauth_rc submit(struct stauth_check *check,
	const uint8_t token_hash[32], int64_t idle_s, uint64_t tag,
	struct stauth_check_done *ret_done)
{
	struct stauth_db *db = ((struct stauth_sqlite_check *)check)->db;
	struct stauth_err err = {STAUTH_OK, ""};
	enum stauth_rc rc;

	memset(ret_done, 0, sizeof(*ret_done));
	ret_done->tag = tag;
	ret_done->verdict = STAUTH_CHECK_DENY;

	rc = stauth_db_ready(db, &err);
	if (rc == STAUTH_OK) {
		rc = stauth_session_find(db, token_hash, idle_s,
			stauth_wall_s(), &ret_done->session, &err);
	}
	if (rc == STAUTH_OK) {
		ret_done->verdict = STAUTH_CHECK_ALLOW;
	} else if (rc < 0) {
		ret_done->verdict = STAUTH_CHECK_FAULT;
		(void)snprintf(
			ret_done->why, sizeof(ret_done->why), "%.95s", err.msg);
		return rc;
	}
	return STAUTH_OK;
}

static int64_t check_now(struct stauth_check *check)
{
	(void)check;
	return stauth_wall_s();
}

/* Everything is answered in submit, so nothing is ever under way. */
static int pollfd(struct stauth_check *check)
{
	(void)check;
	return -1;
}

static int64_t next_ms(struct stauth_check *check)
{
	(void)check;
	return INT64_MAX;
}

static void tick(struct stauth_check *check, int64_t boot_ms)
{
	(void)check;
	(void)boot_ms;
}

static void flush(struct stauth_check *check)
{
	(void)check;
}

static size_t reap(struct stauth_check *check,
	struct stauth_check_done *ret_done, size_t max)
{
	(void)check;
	(void)ret_done;
	(void)max;
	return 0;
}

const struct stauth_check_ops stauth_sqlite_check_ops = {
	.now = check_now,
	.pollfd = pollfd,
	.next_ms = next_ms,
	.tick = tick,
	.submit = submit,
	.flush = flush,
	.reap = reap,
};
