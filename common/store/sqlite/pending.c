/* SPDX-License-Identifier: MIT */
/*
 * Sign-ups that wait. MUSTs:
 *  1. A browser waits for one thing at a time; nobody's row touches another
 *     browser's, whatever the address.
 *  2. An account comes of a row only while the row is what its owner saw:
 *     not expired, of this very address and password.
 *  3. With the PIN the row is verified and its invitation loses a use, or
 *     neither; a second PIN for the row takes no second use.
 *  4. With the account every row for its address goes, and the PINs and mails
 *     of those; if there is none, all of them stay.
 */
#include "store/sqlite/verbs.h"

#include <string.h>

#include "base/secret.h"

#include "base/banned.h"

static void read_pending(struct stauth_query *query, void *row)
{
	struct stauth_pending *pending = row;

	stauth_read_hash(query, pending->flow_hash);
	stauth_read_text(query, pending->email, sizeof(pending->email));
	stauth_read_text(query, pending->password, sizeof(pending->password));
	pending->invited =
		stauth_read_optional_hash(query, pending->invite_hash);
	stauth_read_text(query, pending->groups, sizeof(pending->groups));
	pending->approved = stauth_read_flag(query);
	pending->verified_at = stauth_read_at(query);
	pending->created_at = stauth_read_at(query);
	pending->expires_at = stauth_read_at(query);
}

static void find(struct stauth_db *db, const uint8_t flow_hash[32],
	int64_t now_s, struct stauth_pending *pending)
{
	memset(pending, 0, sizeof(*pending));
	struct stauth_query query;
	START(&query, db, STAUTH_SQL_PENDING_BY_FLOW, BIND_HASH(flow_hash),
		BIND_INT(now_s));
	stauth_read_one(&query, read_pending, pending);
}

enum stauth_rc stauth_sq_pending_put(struct stauth_accounts *accounts,
	const struct stauth_pending *pending, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);

	const uint8_t *invite = pending->invited ? pending->invite_hash : NULL;

	stauth_verb_write(db, err);
	RUN(db, STAUTH_SQL_PENDING_PUT, BIND_HASH(pending->flow_hash),
		BIND_TEXT(pending->email), BIND_TEXT(pending->password),
		BIND_INT(now_s), BIND_INT(pending->expires_at),
		BIND_HASH(invite), BIND_TEXT(pending->groups),
		BIND_INT(pending->approved));
	return stauth_verb_commit(db, now_s);
}

enum stauth_rc stauth_sq_pending_by_flow(struct stauth_accounts *accounts,
	const uint8_t flow_hash[32], int64_t now_s,
	struct stauth_pending *ret_pending, struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);

	stauth_verb_read(db, err);
	struct stauth_pending pending;
	find(db, flow_hash, now_s, &pending);
	if (stauth_verb_ok(db)) {
		*ret_pending = pending;
	}
	stauth_wipe_array(pending.password);
	return stauth_verb_end(db);
}

/* MUST 2. */
static void must_wait(struct stauth_db *db,
	const struct stauth_promotion *promotion, int64_t now_s)
{
	const struct stauth_account *account = promotion->account;
	struct stauth_pending pending;

	find(db, promotion->flow_hash, now_s, &pending);
	if (pending.password[0] == '\0' ||
		strcmp(pending.email, account->email) != 0 ||
		strcmp(pending.password, account->password) != 0) {
		stauth_verb_fail(db, STAUTH_NOTFOUND, NULL);
	}
	stauth_wipe_array(pending.password);
}

/* MUST 3. */
enum stauth_rc stauth_sq_pending_verify(struct stauth_accounts *accounts,
	const uint8_t flow_hash[32], int64_t keep_until,
	const struct stauth_change *change, struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);

	stauth_verb_write(db, err);
	struct stauth_pending pending;
	find(db, flow_hash, change->now_s, &pending);
	if (pending.password[0] == '\0') {
		stauth_verb_fail(db, STAUTH_NOTFOUND, NULL);
	}
	stauth_wipe_array(pending.password);
	if (pending.invited && pending.verified_at == 0) {
		stauth_invite_take(db, pending.invite_hash, change->now_s);
	}
	RUN(db, STAUTH_SQL_PENDING_VERIFY, BIND_HASH(flow_hash),
		BIND_INT(change->now_s), BIND_INT(keep_until));
	stauth_change_record(db, change, 0);
	return stauth_verb_commit(db, change->now_s);
}

/* MUST 4. What hangs on the rows goes before them; returns their number. */
static int forget(struct stauth_db *db, const char *email)
{
	RUN(db, STAUTH_SQL_PENDING_PINS, BIND_TEXT(email));
	RUN(db, STAUTH_SQL_PENDING_MAILS, BIND_TEXT(email));
	return RUN(db, STAUTH_SQL_PENDING_DELETE, BIND_TEXT(email));
}

enum stauth_rc stauth_sq_pending_promote(struct stauth_accounts *accounts,
	const struct stauth_promotion *promotion,
	const struct stauth_change *change, int64_t *ret_uid,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);

	stauth_verb_write(db, err);
	must_wait(db, promotion, change->now_s);
	int64_t uid = stauth_account_put(db, promotion->account, change);
	forget(db, promotion->account->email);
	enum stauth_rc rc = stauth_verb_commit(db, change->now_s);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (ret_uid != NULL) {
		*ret_uid = uid;
	}
	return STAUTH_OK;
}

enum stauth_rc stauth_sq_pending_list(struct stauth_accounts *accounts,
	const struct stauth_pending_page *page,
	struct stauth_pending *ret_pending, size_t *ret_count,
	struct stauth_err *err)
{
	static const uint8_t lowest[32];
	const struct stauth_pending *after = page->after;
	struct stauth_db *db = stauth_accounts_db(accounts);
	const struct stauth_list list = {stauth_list_limit(page->limit),
		read_pending, sizeof(*ret_pending)};

	stauth_verb_read(db, err);
	struct stauth_query query;
	START(&query, db, STAUTH_SQL_PENDING_LIST,
		BIND_TEXT(after != NULL ? after->email : ""),
		BIND_HASH(after != NULL ? after->flow_hash : lowest),
		BIND_INT(page->now_s), BIND_INT((int64_t)list.limit));
	return stauth_read_list(&query, &list, ret_pending, ret_count);
}

enum stauth_rc stauth_sq_pending_delete(struct stauth_accounts *accounts,
	const char *email, const struct stauth_change *change, int *ret_count,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);

	stauth_verb_write(db, err);
	int count = forget(db, email);
	if (count == 0) {
		stauth_verb_fail(db, STAUTH_NOTFOUND, NULL);
	}
	stauth_change_record(db, change, 0);
	enum stauth_rc rc = stauth_verb_commit(db, change->now_s);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (ret_count != NULL) {
		*ret_count = count;
	}
	return STAUTH_OK;
}
