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

#include "base/banned.h"

/* --- 1. */

void stauth_invite_take(
	struct stauth_db *db, const uint8_t token_hash[32], int64_t now_s)
{
	if (RUN(db, STAUTH_SQL_INVITE_TAKE, BIND_HASH(token_hash),
		    BIND_INT(now_s)) != 1) {
		stauth_verb_fail(db, STAUTH_REFUSED,
			"the invitation is no longer valid");
	}
}

enum stauth_rc stauth_sq_invite_put(struct stauth_state *state,
	const struct stauth_invite *invite,
	const struct stauth_audit_row *audit, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_write(db, err);
	RUN(db, STAUTH_SQL_INVITE_PUT, BIND_TEXT(invite->id),
		BIND_HASH(invite->token_hash), BIND_TEXT(invite->email),
		BIND_TEXT(invite->groups), BIND_INT(invite->uses),
		BIND_INT(invite->approved), BIND_TEXT(invite->created_by),
		BIND_INT(now_s), BIND_INT(invite->expires_at));
	stauth_audit_put(db, audit, now_s);
	return stauth_verb_commit(db, now_s);
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

	stauth_verb_read(db, err);
	struct stauth_query query;
	START(&query, db, STAUTH_SQL_INVITE_LOOK, BIND_HASH(token_hash),
		BIND_INT(now_s));
	struct stauth_invite invite;
	if (stauth_read_one(&query, read_row, &invite) &&
		stauth_verb_found(db,
			stauth_equal_ct(invite.token_hash, token_hash, 32))) {
		*ret_invite = invite;
	}
	return stauth_verb_end(db);
}

enum stauth_rc stauth_sq_invite_list(struct stauth_state *state,
	const struct stauth_invite_page *page,
	struct stauth_invite *ret_invites, size_t *ret_count,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);
	const struct stauth_list list = {
		stauth_list_limit(page->limit), read_row, sizeof(*ret_invites)};

	stauth_verb_read(db, err);
	struct stauth_query query;
	START(&query, db, STAUTH_SQL_INVITE_LIST,
		BIND_TEXT(page->after != NULL ? page->after : ""),
		BIND_INT(page->now_s), BIND_INT((int64_t)list.limit));
	return stauth_read_list(&query, &list, ret_invites, ret_count);
}

enum stauth_rc stauth_sq_invite_revoke(struct stauth_state *state,
	const char *id, const struct stauth_audit_row *audit, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_state_db(state);

	stauth_verb_write(db, err);
	if (RUN(db, STAUTH_SQL_INVITE_REVOKE, BIND_TEXT(id)) != 1) {
		stauth_verb_fail(db, STAUTH_NOTFOUND, NULL);
	}
	stauth_audit_put(db, audit, now_s);
	return stauth_verb_commit(db, now_s);
}
