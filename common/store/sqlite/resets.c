/* SPDX-License-Identifier: MIT */
/*
 * Links to choose a new password. MUSTs:
 *  1. One link lives for an account: the newest.
 *  2. Looking changes nothing. Of several who take it, the one whose DELETE
 *     removed it gets it.
 *  3. What a token finds is compared with it again, byte by byte.
 */
#include "store/sqlite/verbs.h"

#include "base/secret.h"
#include "store/sqlite/query.h"

#include "base/banned.h"

static enum stauth_rc run_uid(struct stauth_db *db, enum stauth_sql id,
	int64_t uid, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, id);
	stauth_bind_int(&query, uid);
	return stauth_query_run(&query, NULL, err);
}

enum stauth_rc stauth_reset_end(
	struct stauth_db *db, int64_t uid, struct stauth_err *err)
{
	enum stauth_rc rc = run_uid(db, STAUTH_SQL_MAIL_DROP_RESET, uid, err);

	if (rc == STAUTH_OK) {
		rc = run_uid(db, STAUTH_SQL_RESET_END_USER, uid, err);
	}
	return rc;
}

enum stauth_rc stauth_reset_put(struct stauth_db *db,
	const struct stauth_reset *reset, int64_t now_s, struct stauth_err *err)
{
	enum stauth_rc rc =
		run_uid(db, STAUTH_SQL_MAIL_DROP_RESET, reset->uid, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_RESET_PUT);
	stauth_bind_hash(&query, reset->token_hash);
	stauth_bind_int(&query, reset->uid);
	stauth_bind_int(&query, reset->epoch);
	stauth_bind_int(&query, now_s);
	stauth_bind_int(&query, reset->expires_at);
	return stauth_query_run(&query, NULL, err);
}

static enum stauth_rc find(struct stauth_db *db, const uint8_t token_hash[32],
	int64_t now_s, struct stauth_reset *ret_reset, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_RESET_LOOK);
	stauth_bind_hash(&query, token_hash);
	stauth_bind_int(&query, now_s);
	enum stauth_rc rc = stauth_query_row(&query, err);
	struct stauth_reset reset;
	if (rc == STAUTH_OK) {
		stauth_read_hash(&query, reset.token_hash);
		reset.uid = stauth_read_int(&query, 1, INT64_MAX);
		reset.epoch = stauth_read_int(&query, 0, INT64_MAX);
		reset.created_at = stauth_read_at(&query);
		reset.expires_at = stauth_read_at(&query);
		rc = stauth_query_only(&query, err);
		if (rc == STAUTH_OK &&
			!stauth_equal_ct(reset.token_hash, token_hash, 32)) {
			rc = stauth_row_damaged(db, err);
		}
	}
	stauth_query_end(&query);
	if (rc == STAUTH_OK) {
		*ret_reset = reset;
	}
	return rc;
}

enum stauth_rc stauth_sq_reset_read(struct stauth_state *state,
	const uint8_t token_hash[32], int64_t now_s,
	struct stauth_reset *ret_reset, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	return find(db, token_hash, now_s, ret_reset, err);
}

enum stauth_rc stauth_sq_reset_take(struct stauth_state *state,
	const uint8_t token_hash[32], int64_t now_s,
	struct stauth_reset *ret_reset, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_reset reset;
	rc = find(db, token_hash, now_s, &reset, err);
	struct stauth_query query;
	int changes = 0;
	if (rc == STAUTH_OK) {
		stauth_query_start(&query, db, STAUTH_SQL_RESET_SPEND);
		stauth_bind_hash(&query, token_hash);
		rc = stauth_query_run(&query, &changes, err);
	}
	if (rc == STAUTH_OK && changes != 1) {
		rc = STAUTH_NOTFOUND;
	}
	rc = stauth_write_end(db, rc, now_s, err);
	if (rc == STAUTH_OK) {
		*ret_reset = reset;
	}
	return rc;
}
