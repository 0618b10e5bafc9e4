/* SPDX-License-Identifier: MIT */
/* /auth/admin/user: one account, and what can be done with it. */
#include "admin_user.h"

#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "auth/account.h"
#include "route.h"
#include "sessions.h"
#include "show.h"
#include "text.h"

#include "base/banned.h"

#define PATH_SIZE 1024

static void to_user(struct gate_page *page, const char *name, const char *done)
{
	struct gate_link link;
	gate_link_start(&link, "/auth/admin/user");
	gate_link_add(&link, "name", name);
	gate_admin_done(page, gate_link_str(&link), done);
	gate_link_finish(&link);
}

struct facts {
	struct gate_when created;
	struct gate_when login;
	char audit[PATH_SIZE];
};

static void fill(struct gate_page *page, const struct stauth_account *account,
	const struct gate_user_form *form, struct facts *facts)
{
	const struct gate_user_form stored = {account->email,
		account->display_name, account->groups, account->su};
	struct gate_view *view = &page->view;
	struct gate_link link;
	bool own = account->uid == page->session.uid;
	gate_link_start(&link, "/auth/admin/audit");
	gate_link_add(&link, "user", account->name);
	snprintf(
		facts->audit, sizeof(facts->audit), "%s", gate_link_str(&link));
	gate_link_finish(&link);
	gate_when_set(&facts->created, account->created_at);
	gate_when_set(&facts->login, account->last_login_at);
	form = form != NULL ? form : &stored;
	gate_view_set(view, "name", account->name);
	gate_view_set(view, "email", form->email);
	gate_view_set(view, "display_name", form->display_name);
	gate_view_set(view, "groups", form->groups);
	gate_view_set(view, "su", form->su ? "1" : "");
	gate_view_set(view, "is_su", account->su ? "1" : "");
	gate_view_set(view, "disabled", account->disabled ? "1" : "");
	gate_view_set(view, "must_change", account->must_change ? "1" : "");
	gate_view_set(view, "system_login", account->system_login ? "1" : "");
	gate_view_set(view, "own", own ? "1" : "");
	gate_view_set(view, "fixed", own || account->system_login ? "1" : "");
	gate_view_set(view, "has_mail",
		account->email[0] != '\0' &&
				gate_page_offers(page, GATE_NEEDS_MAIL)
			? "1"
			: "");
	gate_view_set(view, "has_url",
		gate_page_offers(page, GATE_NEEDS_PUBLIC_URL) ? "1" : "");
	gate_view_set(view, "created", facts->created.shown);
	gate_view_set(view, "created_at", facts->created.iso);
	gate_view_set(view, "login", facts->login.shown);
	gate_view_set(view, "login_at", facts->login.iso);
	gate_view_set(view, "audit", facts->audit);
}

void gate_admin_user_show(struct gate_page *page, int status,
	const struct stauth_account *account, const struct gate_user_form *form)
{
	struct facts facts;
	fill(page, account, form, &facts);
	struct gate_session_rows rows = {0};
	struct stauth_err err = {0};
	if (gate_session_rows(page, account->uid, &rows, &err) < 0) {
		gate_page_unavailable(page, &err);
	} else {
		gate_view_set(&page->view, "others", rows.count > 0 ? "1" : "");
		gate_admin_show(page, status, "admin-user", GATE_TITLE_USER);
	}
	gate_session_rows_free(&rows);
}

void gate_admin_user_get(struct gate_page *page)
{
	char name[STAUTH_NAME_SIZE];
	gate_query_value(page->request->query, "name", name, sizeof(name));
	struct stauth_account account;
	if (gate_admin_account(page, name, &account)) {
		gate_admin_user_show(page, 200, &account, NULL);
	}
}

/* --- changes */

/* Reads the account of the form, if it may be changed here. */
static bool changeable(
	struct gate_page *page, struct stauth_account *ret_account)
{
	const char *name = gate_form_value(&page->request->form, "name");
	if (!gate_admin_account(page, name, ret_account)) {
		return false;
	}
	if (!gate_admin_may(page, ret_account)) {
		gate_admin_user_show(page, 403, ret_account, NULL);
		return false;
	}
	return true;
}

/* What became of a change; it is shown at the account. */
static void finish(struct gate_page *page, const struct stauth_account *account,
	const struct stauth_err *err, const char *done)
{
	int status = 0;
	if (err->rc != STAUTH_OK) {
		status = gate_admin_status(page, err);
	}
	if (err->rc == STAUTH_OK) {
		to_user(page, account->name, done);
	} else if (status != 0) {
		gate_admin_user_show(page, status, account, NULL);
	}
}

void gate_admin_user_set(struct gate_page *page)
{
	const struct gate_form *form = &page->request->form;
	struct stauth_account account;
	if (!changeable(page, &account)) {
		return;
	}
	const struct gate_user_form typed = {
		.email = gate_form_value(form, "email"),
		.display_name = gate_form_value(form, "display_name"),
		.groups = gate_form_value(form, "groups"),
		.su = gate_form_value(form, "su")[0] != '\0',
	};
	const struct stauth_account_edit edit = {
		.name = account.name,
		.email = typed.email,
		.display_name = typed.display_name,
		.groups = typed.groups,
		.su = typed.su,
		.system_login = -1,
		.disabled = -1,
	};
	struct stauth_actor actor = gate_admin_actor(page);
	struct stauth_err err = {0};
	int ended = 0;
	if (stauth_account_edit(page->ctx, &edit, &actor, &ended, &err) ==
		STAUTH_OK) {
		to_user(page, account.name, "set");
		return;
	}
	int status = gate_admin_status(page, &err);
	if (status != 0) {
		gate_admin_user_show(page, status, &account, &typed);
	}
}

void gate_admin_user_state(struct gate_page *page)
{
	const char *action = gate_form_value(&page->request->form, "action");
	bool disable = strcmp(action, "disable") == 0;
	struct stauth_account account;
	if (!changeable(page, &account)) {
		return;
	}
	struct stauth_account_edit edit = {
		.name = account.name,
		.su = -1,
		.system_login = -1,
		.disabled = disable,
	};
	struct stauth_actor actor = gate_admin_actor(page);
	struct stauth_err err = {0};
	int ended = 0;
	if (strcmp(action, "end") == 0) {
		err.rc = stauth_session_revoke_all(page->ctx,
			&(const struct stauth_session_end){.uid = account.uid},
			&actor, &ended, &err);
		finish(page, &account, &err, "end");
	} else if (disable || strcmp(action, "enable") == 0) {
		err.rc = stauth_account_edit(
			page->ctx, &edit, &actor, &ended, &err);
		finish(page, &account, &err, disable ? "disable" : "enable");
	} else {
		gate_page_error(page, 400);
	}
}

void gate_admin_user_session(struct gate_page *page)
{
	const char *handle = gate_form_value(&page->request->form, "session");
	struct stauth_account account;
	if (!changeable(page, &account)) {
		return;
	}
	struct stauth_actor actor = gate_admin_actor(page);
	struct stauth_err err = {0};
	enum stauth_rc rc = stauth_session_revoke(
		page->ctx, handle, account.uid, &actor, &err);
	if (rc < 0) {
		gate_page_unavailable(page, &err);
	} else {
		to_user(page, account.name, rc == STAUTH_OK ? "ended" : "gone");
	}
}

void gate_admin_user_delete(struct gate_page *page)
{
	const char *typed = gate_form_value(&page->request->form, "again");
	struct stauth_account account;
	if (!changeable(page, &account)) {
		return;
	}
	if (strcmp(typed, account.name) != 0) {
		gate_page_message(page, STAUTH_ERROR, GATE_TEXT_DELETE_NAME,
			account.name);
		gate_admin_user_show(page, 422, &account, NULL);
		return;
	}
	struct stauth_actor actor = gate_admin_actor(page);
	struct stauth_err err = {0};
	int ended = 0;
	err.rc = stauth_account_delete(
		page->ctx, account.name, &actor, &ended, &err);
	if (err.rc == STAUTH_OK) {
		gate_admin_done(page, "/auth/admin", "delete");
	} else {
		finish(page, &account, &err, "");
	}
}

void gate_admin_user_access(struct gate_page *page)
{
	struct stauth_account account;
	if (changeable(page, &account)) {
		gate_admin_give_access(page, &account);
	}
}
