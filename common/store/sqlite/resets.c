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

#include "base/banned.h"

void stauth_reset_end(struct stauth_db *db, int64_t uid)
{
	RUN(db, STAUTH_SQL_MAIL_DROP_RESET, BIND_INT(uid));
	RUN(db, STAUTH_SQL_RESET_END_USER, BIND_INT(uid));
}

void stauth_reset_put(
	struct stauth_db *db, const struct stauth_reset *reset, int64_t now_s)
{
	RUN(db, STAUTH_SQL_MAIL_DROP_RESET, BIND_INT(reset->uid));
	RUN(db, STAUTH_SQL_RESET_PUT, BIND_HASH(reset->token_hash),
		BIND_INT(reset->uid), BIND_INT(reset->epoch), BIND_INT(now_s),
		BIND_INT(reset->expires_at));
}

static void read_reset(struct stauth_query *query, void *row)
{
	struct stauth_reset *reset = row;

	stauth_read_hash(query, reset->token_hash);
	reset->uid = stauth_read_int(query, 1, INT64_MAX);
	reset->epoch = stauth_read_int(query, 0, INT64_MAX);
	reset->created_at = stauth_read_at(query);
	reset->expires_at = stauth_read_at(query);
}

static void find(struct stauth_db *db, const uint8_t token_hash[32],
	int64_t now_s, struct stauth_reset *reset)
{
	struct stauth_query query;

	START(&query, db, STAUTH_SQL_RESET_LOOK, BIND_HASH(token_hash),
		BIND_INT(now_s));
	if (stauth_read_one(&query, read_reset, reset)) {
		stauth_verb_found(
			db, stauth_equal_ct(reset->token_hash, token_hash, 32));
	}
}

enum stauth_rc stauth_sq_reset_read(struct stauth_state *state,
	const uint8_t token_hash[32], int64_t now_s,
	struct stauth_reset *ret_reset, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_read(db, err);
	struct stauth_reset reset;
	find(db, token_hash, now_s, &reset);
	if (stauth_verb_ok(db)) {
		*ret_reset = reset;
	}
	return stauth_verb_end(db);
}

enum stauth_rc stauth_sq_reset_take(struct stauth_state *state,
	const uint8_t token_hash[32], int64_t now_s,
	struct stauth_reset *ret_reset, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_write(db, err);
	struct stauth_reset reset;
	find(db, token_hash, now_s, &reset);
	if (RUN(db, STAUTH_SQL_RESET_SPEND, BIND_HASH(token_hash)) != 1) {
		stauth_verb_fail(db, STAUTH_NOTFOUND, NULL);
	}
	enum stauth_rc rc = stauth_verb_commit(db, now_s);
	if (rc != STAUTH_OK) {
		return rc;
	}
	*ret_reset = reset;
	return STAUTH_OK;
}
