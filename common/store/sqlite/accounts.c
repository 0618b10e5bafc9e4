/* SPDX-License-Identifier: MIT */
#include "store/sqlite/verbs.h"

#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/secret.h"
#include "store/sqlite/query.h"

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

/* Reads the one row that a bound query may have, and ends it. */
static enum stauth_rc one_account(struct stauth_query *query,
	struct stauth_account *ret_account, struct stauth_err *err)
{
	struct stauth_account account;
	enum stauth_rc rc = stauth_query_row(query, err);

	if (rc == STAUTH_OK) {
		memset(&account, 0, sizeof(account));
		read_row(query, &account);
		rc = stauth_query_only(query, err);
		if (rc == STAUTH_OK) {
			*ret_account = account;
		}
		stauth_wipe_array(account.password);
	}
	stauth_query_end(query);
	return rc;
}

static enum stauth_rc user_by_text(struct stauth_accounts *accounts,
	enum stauth_sql id, const char *text,
	struct stauth_account *ret_account, struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, id);
	stauth_bind_text(&query, text);
	return one_account(&query, ret_account, err);
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
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_USER_BY_UID);
	stauth_bind_int(&query, uid);
	return one_account(&query, ret_account, err);
}

static enum stauth_rc user_clash(struct stauth_accounts *accounts,
	const char *after, struct stauth_clash *ret_clash,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_USER_CLASH);
	stauth_bind_text(&query, after);
	rc = stauth_query_row(&query, err);
	if (rc == STAUTH_OK) {
		struct stauth_clash clash;

		stauth_read_text(&query, clash.name, sizeof(clash.name));
		stauth_read_text(&query, clash.email, sizeof(clash.email));
		rc = stauth_query_sound(&query, err);
		if (rc == STAUTH_OK) {
			*ret_clash = clash;
		}
	}
	stauth_query_end(&query);
	return rc;
}

static enum stauth_rc password_from(struct stauth_db *db, int64_t uid,
	char ret_encoded[STAUTH_ENCODED_SIZE], struct stauth_err *err)
{
	struct stauth_query query;

	stauth_query_start(&query, db, STAUTH_SQL_PASSWORD_FROM_UID);
	stauth_bind_int(&query, uid);
	enum stauth_rc rc = stauth_query_row(&query, err);
	char encoded[STAUTH_ENCODED_SIZE];
	if (rc == STAUTH_OK) {
		stauth_read_text(&query, encoded, sizeof(encoded));
		rc = stauth_query_sound(&query, err);
		if (rc == STAUTH_OK) {
			memcpy(ret_encoded, encoded, sizeof(encoded));
		}
		stauth_wipe_array(encoded);
	}
	stauth_query_end(&query);
	return rc;
}

static enum stauth_rc password_like(struct stauth_accounts *accounts,
	uint64_t seed, char ret_encoded[STAUTH_ENCODED_SIZE],
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	int64_t uid_max = 0;
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc == STAUTH_OK) {
		rc = stauth_query_value(
			db, STAUTH_SQL_USER_MAX_UID, NULL, &uid_max, err);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	seed %= (uint64_t)uid_max + 1;
	rc = password_from(db, (int64_t)seed, ret_encoded, err);
	if (rc == STAUTH_NOTFOUND) {
		rc = password_from(db, 0, ret_encoded, err);
	}
	return rc;
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
	struct stauth_account *ret_accounts, size_t *ret_count,
	struct stauth_err *err)
{
	const size_t limit = stauth_list_limit(page->limit);
	const size_t scan_max = page->scan_max > 0 ? page->scan_max : SIZE_MAX;
	struct stauth_account *row = NULL;
	size_t count = 0;
	enum stauth_rc rc = STAUTH_OK;

	for (size_t read = 0; count < limit && read < scan_max; read++) {
		rc = stauth_query_row(query, err);
		if (rc != STAUTH_OK) {
			break;
		}
		row = &ret_accounts[count];
		read_row(query, row);
		rc = stauth_query_sound(query, err);
		if (rc == STAUTH_OK && !begins(row, page)) {
			rc = STAUTH_NOTFOUND;
		}
		if (rc != STAUTH_OK) {
			break;
		}
		count += is_found(row, page->search) ? 1 : 0;
	}
	stauth_query_end(query);
	if (rc != STAUTH_OK && rc != STAUTH_NOTFOUND) {
		return rc;
	}
	if (page->ret_last != NULL && row != NULL) {
		*page->ret_last = *row;
	}
	if (page->ret_last != NULL && (row == NULL || rc != STAUTH_OK)) {
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
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	char prefix[STAUTH_EMAIL_SIZE];
	fold(page->prefix != NULL ? page->prefix : "", prefix);
	struct stauth_query query;
	stauth_query_start(&query, db,
		page->descending ? down[page->order]
				 : STAUTH_SQL_USER_LIST + page->order);
	if (page->order <= STAUTH_BY_EMAIL) {
		stauth_bind_text(&query, start_of(page));
		if (!page->descending) {
			stauth_bind_text(&query, prefix);
		}
	} else {
		bool first = page->descending && page->after_uid == 0;
		stauth_bind_int(&query, first ? INT64_MAX : page->after_at);
		stauth_bind_int(&query, first ? INT64_MAX : page->after_uid);
	}
	return read_list(&query, page, ret_accounts, ret_count, err);
}

static enum stauth_rc superusers(struct stauth_accounts *accounts, size_t max,
	struct stauth_account *ret_accounts, size_t *ret_count,
	struct stauth_err *err)
{
	struct stauth_db *db = stauth_accounts_db(accounts);
	enum stauth_rc rc = stauth_db_ready(db, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	const struct stauth_list list = {
		stauth_list_limit(max), read_row, sizeof(*ret_accounts)};
	struct stauth_query query;
	stauth_query_start(&query, db, STAUTH_SQL_SUPERUSER_LIST);
	stauth_bind_int(&query, (int64_t)list.limit);
	return stauth_query_list(&query, &list, ret_accounts, ret_count, err);
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
