/* SPDX-License-Identifier: MIT */
/*
 * Invitations. MUSTs:
 *  1. A use is taken by one UPDATE that asks for a use that is left; its
 *     change count decides.
 *  2. Looking changes nothing; what is used up, over or from the future is not
 *     found. It stays in the list until it is over.
 *  3. What a token finds is compared with it again, byte by byte.
 */
#include "store/sqlite/verbs.h"

#include "base/secret.h"
#include "store/sqlite/query.h"

#include "base/banned.h"

/* --- 1. */

enum stauth_rc stauth_invite_take(struct stauth_db *db,
	const uint8_t token_hash[32], int64_t now_s, struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_INVITE_TAKE);
	stauth_bind_hash(&query, token_hash);
	stauth_bind_int(&query, now_s);
	int changes = 0;
	enum stauth_rc rc = stauth_query_run(&query, &changes, err);
	if (rc == STAUTH_OK && changes != 1) {
		rc = stauth_fail(err, STAUTH_REFUSED,
			"the invitation is no longer valid");
	}
	return rc;
}

enum stauth_rc stauth_sq_invite_put(struct stauth_state *state,
	const struct stauth_invite *invite,
	const struct stauth_audit_row *audit, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_INVITE_PUT);
	stauth_bind_text(&query, invite->id);
	stauth_bind_hash(&query, invite->token_hash);
	stauth_bind_text(&query, invite->email);
	stauth_bind_text(&query, invite->groups);
	stauth_bind_int(&query, invite->uses);
	stauth_bind_int(&query, invite->approved);
	stauth_bind_text(&query, invite->created_by);
	stauth_bind_int(&query, now_s);
	stauth_bind_int(&query, invite->expires_at);
	rc = stauth_query_run(&query, NULL, err);
	if (rc == STAUTH_OK) {
		rc = stauth_audit_put(db, audit, now_s, err);
	}
	return stauth_write_end(db, rc, now_s, err);
}

/* --- 2. */

static void read_row(struct stauth_query *query, void *row)
{
	struct stauth_invite *invite = row;

	stauth_read_text(query, invite->id, sizeof(invite->id));
	stauth_read_hash(query, invite->token_hash);
	stauth_read_text(query, invite->email, sizeof(invite->email));
	stauth_read_text(query, invite->groups, sizeof(invite->groups));
	invite->uses = (int)stauth_read_int(query, 0, INT32_MAX);
	invite->uses_left = (int)stauth_read_int(query, 0, INT32_MAX);
	invite->approved = stauth_read_flag(query);
	stauth_read_text(query, invite->created_by, sizeof(invite->created_by));
	invite->created_at = stauth_read_at(query);
	invite->expires_at = stauth_read_at(query);
}

enum stauth_rc stauth_sq_invite_by_hash(struct stauth_state *state,
	const uint8_t token_hash[32], int64_t now_s,
	struct stauth_invite *ret_invite, struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_INVITE_LOOK);
	stauth_bind_hash(&query, token_hash);
	stauth_bind_int(&query, now_s);
	rc = stauth_query_row(&query, err);
	struct stauth_invite invite;
	if (rc == STAUTH_OK) {
		read_row(&query, &invite);
		rc = stauth_query_only(&query, err);
	}
	if (rc == STAUTH_OK &&
		!stauth_equal_ct(invite.token_hash, token_hash, 32)) {
		rc = stauth_row_damaged(db, err);
	}
	stauth_query_end(&query);
	if (rc == STAUTH_OK) {
		*ret_invite = invite;
	}
	return rc;
}

enum stauth_rc stauth_sq_invite_list(struct stauth_state *state,
	const struct stauth_invite_page *page,
	struct stauth_invite *ret_invites, size_t *ret_count,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	const struct stauth_list list = {
		stauth_list_limit(page->limit), read_row, sizeof(*ret_invites)};
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_INVITE_LIST);
	stauth_bind_text(&query, page->after != NULL ? page->after : "");
	stauth_bind_int(&query, page->now_s);
	stauth_bind_int(&query, (int64_t)list.limit);
	return stauth_query_list(&query, &list, ret_invites, ret_count, err);
}

enum stauth_rc stauth_sq_invite_revoke(struct stauth_state *state,
	const char *id, const struct stauth_audit_row *audit, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_INVITE_REVOKE);
	stauth_bind_text(&query, id);
	int changes = 0;
	rc = stauth_query_run(&query, &changes, err);
	if (rc == STAUTH_OK && changes != 1) {
		rc = STAUTH_NOTFOUND;
	}
	if (rc == STAUTH_OK) {
		rc = stauth_audit_put(db, audit, now_s, err);
	}
	return stauth_write_end(db, rc, now_s, err);
}
