/* SPDX-License-Identifier: MIT */
#include "store/sqlite/rows.h"

#include "base/banned.h"

void stauth_read_account(
	struct stauth_query *query, struct stauth_account *account)
{
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
	account->created_at = stauth_read_at(query);
	account->last_login_at = stauth_read_at(query);
	account->mfa_since = stauth_read_at(query);
}

void stauth_read_session(struct stauth_query *query, uint8_t ret_hash[32],
	struct stauth_session *session)
{
	stauth_read_hash(query, ret_hash);
	stauth_read_text(query, session->handle, sizeof(session->handle));
	session->uid = stauth_read_int(query, 0, INT64_MAX);
	session->epoch = stauth_read_int(query, 0, INT64_MAX);
	stauth_read_text(query, session->user, sizeof(session->user));
	stauth_read_text(query, session->email, sizeof(session->email));
	stauth_read_text(
		query, session->display_name, sizeof(session->display_name));
	stauth_read_text(query, session->groups, sizeof(session->groups));
	stauth_read_text(query, session->channel, sizeof(session->channel));
	stauth_read_text(query, session->address, sizeof(session->address));
	stauth_read_text(query, session->agent, sizeof(session->agent));
	session->remember = stauth_read_flag(query);
	session->must_change = stauth_read_flag(query);
	session->factors = (int)stauth_read_int(query, 0, INT32_MAX);
	session->level = (int)stauth_read_int(query, 0, INT32_MAX);
	session->auth_at = stauth_read_at(query);
	session->confirmed_at = stauth_read_at(query);
	session->created_at = stauth_read_at(query);
	session->last_seen_at = stauth_read_at(query);
	session->expires_at = stauth_read_at(query);
}

void stauth_read_checked(struct stauth_query *query, uint8_t ret_hash[32],
	struct stauth_session *session)
{
	stauth_read_hash(query, ret_hash);
	stauth_read_text(query, session->handle, sizeof(session->handle));
	session->uid = stauth_read_int(query, 0, INT64_MAX);
	stauth_read_text(query, session->user, sizeof(session->user));
	stauth_read_text(query, session->email, sizeof(session->email));
	stauth_read_text(
		query, session->display_name, sizeof(session->display_name));
	stauth_read_text(query, session->groups, sizeof(session->groups));
	session->remember = stauth_read_flag(query);
	session->must_change = stauth_read_flag(query);
	session->factors = (int)stauth_read_int(query, 0, INT32_MAX);
	session->level = (int)stauth_read_int(query, 0, INT32_MAX);
	session->auth_at = stauth_read_at(query);
	session->last_seen_at = stauth_read_at(query);
	session->expires_at = stauth_read_at(query);
}

void stauth_read_audit(struct stauth_query *query, struct stauth_audit_row *row)
{
	row->id = stauth_read_int(query, 1, INT64_MAX);
	row->at = stauth_read_at(query);
	stauth_read_text(query, row->event, sizeof(row->event));
	row->ok = stauth_read_flag(query);
	stauth_read_text(query, row->user, sizeof(row->user));
	row->uid = stauth_read_int(query, 0, INT64_MAX);
	stauth_read_text(query, row->actor, sizeof(row->actor));
	stauth_read_text(query, row->channel, sizeof(row->channel));
	stauth_read_text(query, row->address, sizeof(row->address));
	stauth_read_text(query, row->detail, sizeof(row->detail));
}
