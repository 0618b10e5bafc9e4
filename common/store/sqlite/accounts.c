/* SPDX-License-Identifier: MIT */
#include "store/sqlite/verbs.h"

#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/secret.h"

#include "base/banned.h"

static void read_row(struct stauth_query *query, void *row)
{
	struct stauth_account *account = row;

	account->uid = stauth_read_int(query, 1, INT64_MAX);
	account->epoch = stauth_read_int(query, 1, INT64_MAX);
	stauth_read_text(query, account->name, sizeof(account->name));
	stauth_read_optional(query, account->email, sizeof(account->email));
	stauth_read_text(
		query, account->display_name, sizeof(account->display_name));
	stauth_read_text(query, account->groups, sizeof(account->groups));
	stauth_read_text(query, account->password, sizeof(account->password));
	account->su = stauth_read_flag(query);
	account->disabled = stauth_read_flag(query);
	account->system_login = stauth_read_flag(query);
	account->must_change = stauth_read_flag(query);
	account->password_expires_at = stauth_read_at(query);
	account->created_at = stauth_read_at(query);
	account->last_login_at = stauth_read_at(query);
	account->mfa_since = stauth_read_at(query);
}

/* Reads the one row that a query may have; text: the name or address that it
 * must have, NULL: of a uid. Ends the verb. */
static enum stauth_rc one_account(struct stauth_query *query, const char *text,
	struct stauth_account *ret_account)
{
	struct stauth_account account = {0};

	if (stauth_read_one(query, read_row, &account) &&
		stauth_verb_found(query->db,
			text == NULL || strcmp(account.name, text) == 0 ||
				strcmp(account.email, text) == 0)) {
		*ret_account = account;
	}
	stauth_wipe_array(account.password);
	return stauth_verb_end(query->db);
}

static enum stauth_rc user_by_text(struct stauth_accounts *accounts,
	enum stauth_sql id, const char *text,
	struct stauth_account *ret_account, struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);

	stauth_verb_read(db, err);
	struct stauth_query query;
	START(&query, db, id, BIND_TEXT(text));
	return one_account(&query, text, ret_account);
}

static enum stauth_rc user_by_name(struct stauth_accounts *accounts,
	const char *name, struct stauth_account *ret_account,
	struct stauth_err *err)
{
	return user_by_text(
		accounts, STAUTH_SQL_USER_BY_NAME, name, ret_account, err);
}

static enum stauth_rc user_by_email(struct stauth_accounts *accounts,
	const char *email, struct stauth_account *ret_account,
	struct stauth_err *err)
{
	return user_by_text(
		accounts, STAUTH_SQL_USER_BY_EMAIL, email, ret_account, err);
}

static enum stauth_rc user_by_uid(struct stauth_accounts *accounts, int64_t uid,
	struct stauth_account *ret_account, struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);

	stauth_verb_read(db, err);
	struct stauth_query query;
	START(&query, db, STAUTH_SQL_USER_BY_UID, BIND_INT(uid));
	return one_account(&query, NULL, ret_account);
}

static void read_clash(struct stauth_query *query, void *row)
{
	struct stauth_clash *clash = row;

	stauth_read_text(query, clash->name, sizeof(clash->name));
	stauth_read_text(query, clash->email, sizeof(clash->email));
}

static enum stauth_rc user_clash(struct stauth_accounts *accounts,
	const char *after, struct stauth_clash *ret_clash,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);

	stauth_verb_read(db, err);
	struct stauth_query query;
	START(&query, db, STAUTH_SQL_USER_CLASH, BIND_TEXT(after));
	struct stauth_clash clash;
	if (stauth_read_one(&query, read_clash, &clash)) {
		*ret_clash = clash;
	}
	return stauth_verb_end(db);
}

/* Of the first account from this uid on that has one. */
static bool password_from(struct stauth_db *db, int64_t uid,
	char ret_encoded[STAUTH_ENCODED_SIZE])
{
	struct stauth_query query;

	START(&query, db, STAUTH_SQL_PASSWORD_FROM_UID, BIND_INT(uid));
	if (!stauth_row(&query)) {
		return false;
	}
	char encoded[STAUTH_ENCODED_SIZE];
	stauth_read_text(&query, encoded, sizeof(encoded));
	if (stauth_row_valid(&query)) {
		memcpy(ret_encoded, encoded, sizeof(encoded));
	}
	stauth_wipe_array(encoded);
	stauth_query_end(&query);
	return true;
}

static enum stauth_rc password_like(struct stauth_accounts *accounts,
	uint64_t seed, char ret_encoded[STAUTH_ENCODED_SIZE],
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);

	stauth_verb_read(db, err);
	uint64_t uids =
		(uint64_t)stauth_read_value(db, STAUTH_SQL_USER_MAX_UID, NULL) +
		1;
	if (!password_from(db, (int64_t)(seed % uids), ret_encoded) &&
		!password_from(db, 0, ret_encoded)) {
		stauth_verb_fail(db, STAUTH_NOTFOUND, NULL);
	}
	return stauth_verb_end(db);
}

static bool is_found(const struct stauth_account *account, const char *search)
{
	return search == NULL || strcasestr(account->name, search) != NULL ||
	       strcasestr(account->email, search) != NULL ||
	       strcasestr(account->display_name, search) != NULL;
}

static bool begins(const struct stauth_account *account,
	const struct stauth_account_page *page)
{
	const char *text =
		page->order == STAUTH_BY_EMAIL ? account->email : account->name;
	return page->prefix == NULL ||
	       strncasecmp(text, page->prefix, strlen(page->prefix)) == 0;
}

static enum stauth_rc read_list(struct stauth_query *query,
	const struct stauth_account_page *page,
	struct stauth_account *ret_accounts, size_t *ret_count)
{
	const size_t limit = stauth_list_limit(page->limit);
	const size_t scan_max = page->scan_max > 0 ? page->scan_max : SIZE_MAX;
	struct stauth_account *row = NULL;
	size_t count = 0;
	bool more = true;

	for (size_t read = 0; count < limit && read < scan_max; read++) {
		more = stauth_row(query);
		if (!more) {
			break;
		}
		row = &ret_accounts[count];
		read_row(query, row);
		more = stauth_row_valid(query) && begins(row, page);
		if (!more) {
			break;
		}
		count += is_found(row, page->search) ? 1 : 0;
	}
	stauth_query_end(query);
	if (!stauth_verb_ok(query->db)) {
		return stauth_verb_end(query->db);
	}
	if (page->ret_last != NULL && row != NULL) {
		*page->ret_last = *row;
	}
	if (page->ret_last != NULL && (row == NULL || !more)) {
		page->ret_last->uid = 0;
	}
	*ret_count = count;
	return STAUTH_OK;
}

/* No text of ours comes after it. */
#define LAST_TEXT "\xf4\x8f\xbf\xbf"

/* Where a list of texts begins. */
static const char *start_of(const struct stauth_account_page *page)
{
	if (page->after != NULL && page->after[0] != '\0') {
		return page->after;
	}
	return page->descending ? LAST_TEXT : "";
}

/* What is stored is in lower case. */
static void fold(const char *text, char ret_folded[STAUTH_EMAIL_SIZE])
{
	size_t len = 0;

	for (; text[len] != '\0' && len < STAUTH_EMAIL_SIZE - 1; len++) {
		ret_folded[len] = stauth_to_lower(text[len]);
	}
	ret_folded[len] = '\0';
}

static enum stauth_rc user_list(struct stauth_accounts *accounts,
	const struct stauth_account_page *page,
	struct stauth_account *ret_accounts, size_t *ret_count,
	struct stauth_err *err)
{
	static const enum stauth_sql down[] = {
		[STAUTH_BY_NAME] = STAUTH_SQL_USER_LIST_DOWN,
		[STAUTH_BY_CREATED] = STAUTH_SQL_USER_LIST_CREATED_DOWN,
		[STAUTH_BY_LOGIN] = STAUTH_SQL_USER_LIST_LOGIN_DOWN,
	};
	struct stauth_db *db = stauth_accounts_db(accounts);
	bool first = page->descending && page->after_uid == 0;
	char prefix[STAUTH_EMAIL_SIZE];
	const struct stauth_value by_text[] = {BIND_TEXT(start_of(page)),
		{page->descending ? STAUTH_VALUE_END : STAUTH_VALUE_TEXT, 0,
			prefix},
		{STAUTH_VALUE_END, 0, NULL}};
	const struct stauth_value by_time[] = {
		BIND_INT(first ? INT64_MAX : page->after_at),
		BIND_INT(first ? INT64_MAX : page->after_uid),
		{STAUTH_VALUE_END, 0, NULL}};

	fold(page->prefix != NULL ? page->prefix : "", prefix);
	stauth_verb_read(db, err);
	struct stauth_query query;
	stauth_query_bind(&query, db,
		page->descending ? down[page->order]
				 : STAUTH_SQL_USER_LIST + page->order,
		page->order <= STAUTH_BY_EMAIL ? by_text : by_time);
	return read_list(&query, page, ret_accounts, ret_count);
}

static enum stauth_rc superusers(struct stauth_accounts *accounts, size_t max,
	struct stauth_account *ret_accounts, size_t *ret_count,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	const struct stauth_list list = {
		stauth_list_limit(max), read_row, sizeof(*ret_accounts)};

	stauth_verb_read(db, err);
	struct stauth_query query;
	START(&query, db, STAUTH_SQL_SUPERUSER_LIST,
		BIND_INT((int64_t)list.limit));
	return stauth_read_list(&query, &list, ret_accounts, ret_count);
}

const struct stauth_accounts_ops stauth_sqlite_accounts_ops = {
	.name = "SQLITE",
	.user_by_name = user_by_name,
	.user_by_uid = user_by_uid,
	.user_by_email = user_by_email,
	.user_clash = user_clash,
	.password_like = password_like,
	.user_list = user_list,
	.superusers = superusers,
	.user_insert = stauth_sq_user_insert,
	.user_update = stauth_sq_user_update,
	.password_set = stauth_sq_password_set,
	.password_rehash = stauth_sq_password_rehash,
	.pending_put = stauth_sq_pending_put,
	.pending_by_flow = stauth_sq_pending_by_flow,
	.pending_verify = stauth_sq_pending_verify,
	.pending_promote = stauth_sq_pending_promote,
	.pending_list = stauth_sq_pending_list,
	.pending_delete = stauth_sq_pending_delete,
	.user_delete = stauth_sq_user_delete,
};
