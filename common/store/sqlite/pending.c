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
#include "store/sqlite/query.h"

#include "base/banned.h"

static void read_pending(
	struct stauth_query *query, struct stauth_pending *pending)
{
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

static enum stauth_rc find(struct stauth_db *db, const uint8_t flow_hash[32],
	int64_t now_s, struct stauth_pending *ret_pending,
	struct stauth_err *err)
{
	struct stauth_pending pending;

	memset(&pending, 0, sizeof(pending));
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_PENDING_BY_FLOW);
	stauth_bind_hash(&query, flow_hash);
	stauth_bind_int(&query, now_s);
	enum stauth_rc rc = stauth_query_row(&query, err);
	if (rc == STAUTH_OK) {
		read_pending(&query, &pending);
		rc = stauth_query_only(&query, err);
	}
	stauth_query_end(&query);
	if (rc == STAUTH_OK) {
		*ret_pending = pending;
	}
	stauth_wipe_array(pending.password);
	return rc;
}

enum stauth_rc stauth_sq_pending_put(struct stauth_accounts *accounts,
	const struct stauth_pending *pending, int64_t now_s,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_PENDING_PUT);
	stauth_bind_hash(&query, pending->flow_hash);
	stauth_bind_text(&query, pending->email);
	stauth_bind_text(&query, pending->password);
	stauth_bind_int(&query, now_s);
	stauth_bind_int(&query, pending->expires_at);
	stauth_bind_hash(
		&query, pending->invited ? pending->invite_hash : NULL);
	stauth_bind_text(&query, pending->groups);
	stauth_bind_int(&query, pending->approved);
	rc = stauth_query_run(&query, NULL, err);
	return stauth_write_end(db, rc, now_s, err);
}

enum stauth_rc stauth_sq_pending_by_flow(struct stauth_accounts *accounts,
	const uint8_t flow_hash[32], int64_t now_s,
	struct stauth_pending *ret_pending, struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	return find(db, flow_hash, now_s, ret_pending, err);
}

/* MUST 2. */
static enum stauth_rc must_wait(struct stauth_db *db,
	const uint8_t flow_hash[32], const struct stauth_account *account,
	int64_t now_s, struct stauth_err *err)
{
	struct stauth_pending pending;
	enum stauth_rc rc = find(db, flow_hash, now_s, &pending, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	if (pending.password[0] == '\0' ||
		strcmp(pending.email, account->email) != 0 ||
		strcmp(pending.password, account->password) != 0) {
		rc = STAUTH_NOTFOUND;
	}
	stauth_wipe_array(pending.password);
	return rc;
}

/* MUST 3. */
static enum stauth_rc verify(struct stauth_db *db,
	const struct stauth_pending *pending, int64_t keep_until, int64_t now_s,
	struct stauth_err *err)
{
	if (pending->password[0] == '\0') {
		return STAUTH_NOTFOUND;
	}
	if (pending->invited && pending->verified_at == 0) {
		enum stauth_rc rc = stauth_invite_take(
			db, pending->invite_hash, now_s, err);

		if (rc != STAUTH_OK) {
			return rc;
		}
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_PENDING_VERIFY);
	stauth_bind_hash(&query, pending->flow_hash);
	stauth_bind_int(&query, now_s);
	stauth_bind_int(&query, keep_until);
	return stauth_query_run(&query, NULL, err);
}

enum stauth_rc stauth_sq_pending_verify(struct stauth_accounts *accounts,
	const uint8_t flow_hash[32], int64_t keep_until,
	const struct stauth_change *change, struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_pending pending;
	rc = find(db, flow_hash, change->now_s, &pending, err);
	if (rc == STAUTH_OK) {
		rc = verify(db, &pending, keep_until, change->now_s, err);
		stauth_wipe_array(pending.password);
	}
	if (rc == STAUTH_OK) {
		rc = stauth_change_record(db, change, 0, err);
	}
	return stauth_write_end(db, rc, change->now_s, err);
}

/* MUST 4. What hangs on the rows goes before them. */
static enum stauth_rc forget(struct stauth_db *db, const char *email,
	int *ret_count, struct stauth_err *err)
{
	static const enum stauth_sql order[] = {
		STAUTH_SQL_PENDING_PINS,
		STAUTH_SQL_PENDING_MAILS,
		STAUTH_SQL_PENDING_DELETE,
	};
	enum stauth_rc rc = STAUTH_OK;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		struct stauth_query query;

		if (rc == STAUTH_OK) {
			stauth_query_start(&query, db, order[i]);
			stauth_bind_text(&query, email);
			rc = stauth_query_run(&query, ret_count, err);
		}
	}
	return rc;
}

enum stauth_rc stauth_sq_pending_promote(struct stauth_accounts *accounts,
	const uint8_t flow_hash[32], const struct stauth_account *account,
	const struct stauth_change *change, int64_t *ret_uid,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = must_wait(db, flow_hash, account, change->now_s, err);
	int64_t uid = 0;
	if (rc == STAUTH_OK) {
		rc = stauth_account_put(db, account, change, &uid, err);
	}
	if (rc == STAUTH_OK) {
		rc = forget(db, account->email, NULL, err);
	}
	rc = stauth_write_end(db, rc, change->now_s, err);
	if (rc == STAUTH_OK && ret_uid != NULL) {
		*ret_uid = uid;
	}
	return rc;
}

static void read_row(struct stauth_query *query, void *row)
{
	read_pending(query, row);
}

enum stauth_rc stauth_sq_pending_list(struct stauth_accounts *accounts,
	const struct stauth_pending_page *page,
	struct stauth_pending *ret_pending, size_t *ret_count,
	struct stauth_err *err)
{
	static const uint8_t lowest[32];
	const struct stauth_pending *after = page->after;
	struct stauth_db *db = stauth_accounts_db(accounts);
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	const struct stauth_list list = {
		stauth_list_limit(page->limit), read_row, sizeof(*ret_pending)};
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_PENDING_LIST);
	stauth_bind_text(&query, after != NULL ? after->email : "");
	stauth_bind_hash(&query, after != NULL ? after->flow_hash : lowest);
	stauth_bind_int(&query, page->now_s);
	stauth_bind_int(&query, (int64_t)list.limit);
	return stauth_query_list(&query, &list, ret_pending, ret_count, err);
}

enum stauth_rc stauth_sq_pending_delete(struct stauth_accounts *accounts,
	const char *email, const struct stauth_change *change, int *ret_count,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	enum stauth_rc rc = stauth_db_begin(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	int count = 0;
	rc = forget(db, email, &count, err);
	if (rc == STAUTH_OK && count == 0) {
		rc = STAUTH_NOTFOUND;
	}
	if (rc == STAUTH_OK) {
		rc = stauth_change_record(db, change, 0, err);
	}
	rc = stauth_write_end(db, rc, change->now_s, err);
	if (rc == STAUTH_OK && ret_count != NULL) {
		*ret_count = count;
	}
	return rc;
}
