/* SPDX-License-Identifier: MIT */
/*
 * A new account, and the ways into one: a link by mail, a link that is shown,
 * or a generated password that is shown.
 *
 * 1. What is shown is shown in the answer to the POST, and nowhere again.
 * 2. A generated password must be changed at the first log-in.
 */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "admin_user.h"
#include "auth/account.h"
#include "auth/reset.h"
#include "route.h"
#include "show.h"
#include "text.h"

#include "base/banned.h"

/* --- a link, or a password */

void gate_admin_user_once(struct gate_page *page,
	const struct stauth_account *account, const char *link,
	const char *password)
{
	struct gate_view *view = &page->view;
	struct gate_link back;
	gate_link_start(&back, "/auth/admin/user");
	gate_link_add(&back, "name", account->name);
	gate_view_set(view, "name", account->name);
	gate_view_set(view, "link", link);
	gate_view_set(view, "password", password);
	gate_view_set(view, "back_page", gate_link_str(&back));
	gate_admin_show(page, 200, "admin-once",
		link[0] != '\0' ? GATE_TITLE_LINK : GATE_TITLE_PASSWORD);
	gate_link_finish(&back);
}

static void refuse(struct gate_page *page, const struct stauth_account *account,
	const struct stauth_err *err)
{
	int status = gate_admin_status(page, err);
	if (status != 0) {
		gate_page_message(page, STAUTH_ERROR, "%s", err->msg);
		gate_admin_user_show(page, status, account, NULL);
	}
}

static void give_link(
	struct gate_page *page, const struct stauth_account *account, bool send)
{
	const struct stauth_reset_link ask = {account->name, send};
	struct stauth_actor actor = gate_admin_actor(page);
	char link[STAUTH_RESET_LINK_SIZE] = "";
	const char *missing = gate_page_missing(
		page->config, send ? GATE_NEEDS_MAIL : GATE_NEEDS_PUBLIC_URL);
	if (missing != NULL) {
		gate_page_message(page, STAUTH_ERROR, "%s", missing);
		gate_admin_user_show(page, 422, account, NULL);
		return;
	}
	struct stauth_err err = {0};
	if (stauth_reset_link(page->ctx, &ask, &actor, link, &err) !=
		STAUTH_OK) {
		refuse(page, account, &err);
	} else if (send) {
		struct gate_link back;
		gate_link_start(&back, "/auth/admin/user");
		gate_link_add(&back, "name", account->name);
		gate_admin_done(page, gate_link_str(&back), "mailed");
		gate_link_finish(&back);
	} else {
		gate_admin_user_once(page, account, link, "");
	}
	stauth_wipe_array(link);
}

static void give_password(
	struct gate_page *page, const struct stauth_account *account)
{
	struct stauth_secret password = {0};
	struct stauth_err err = {0};
	struct stauth_actor actor = gate_admin_actor(page);
	const struct stauth_password_set set = {
		.name = account->name,
		.password = &password,
		.must_change = true,
		.generated = true,
	};
	int ended = 0;
	enum stauth_rc rc =
		stauth_password_generate(page->ctx, &password, &err);
	if (rc == STAUTH_OK) {
		rc = stauth_password_set(page->ctx, &set, &actor, &ended, &err);
	}
	if (rc != STAUTH_OK) {
		refuse(page, account, &err);
	} else {
		gate_admin_user_once(page, account, "", password.data);
	}
	stauth_secret_wipe(&password);
}

void gate_admin_give_access(
	struct gate_page *page, const struct stauth_account *account)
{
	const char *access = gate_form_value(&page->request->form, "access");
	if (strcmp(access, "mail") == 0) {
		give_link(page, account, true);
	} else if (strcmp(access, "link") == 0) {
		give_link(page, account, false);
	} else if (strcmp(access, "password") == 0) {
		give_password(page, account);
	} else {
		gate_page_error(page, 400);
	}
}

/* --- a new account */

static void show_new(struct gate_page *page, int status)
{
	const struct gate_form *form = &page->request->form;
	struct gate_view *view = &page->view;
	bool mail = gate_page_offers(page, GATE_NEEDS_MAIL);
	bool url = gate_page_offers(page, GATE_NEEDS_PUBLIC_URL);
	gate_view_set(view, "name", gate_form_value(form, "name"));
	gate_view_set(view, "email", gate_form_value(form, "email"));
	gate_view_set(
		view, "display_name", gate_form_value(form, "display_name"));
	gate_view_set(view, "groups", gate_form_value(form, "groups"));
	gate_view_set(
		view, "su", gate_form_value(form, "su")[0] != '\0' ? "1" : "");
	gate_view_set(view, "has_mail", mail ? "1" : "");
	gate_view_set(view, "has_url", url ? "1" : "");
	gate_admin_show(page, status, "admin-new", GATE_TITLE_NEW_USER);
}

void gate_admin_new_get(struct gate_page *page)
{
	show_new(page, 200);
}

void gate_admin_new_post(struct gate_page *page)
{
	const struct gate_form *form = &page->request->form;
	const char *email = gate_form_value(form, "email");
	const struct stauth_account_new given = {
		.name = gate_form_value(form, "name"),
		.email = email[0] != '\0' ? email : NULL,
		.display_name = gate_form_value(form, "display_name"),
		.groups = gate_form_value(form, "groups"),
		.su = gate_form_value(form, "su")[0] != '\0',
	};
	struct stauth_actor actor = gate_admin_actor(page);
	struct stauth_account account;
	struct stauth_err err = {0};
	if (stauth_account_add(page->ctx, &given, &actor, &account, &err) ==
		STAUTH_OK) {
		gate_page_message(page, STAUTH_SUCCESS, GATE_TEXT_USER_ADDED);
		gate_admin_give_access(page, &account);
		return;
	}
	int status = gate_admin_status(page, &err);
	if (status != 0) {
		show_new(page, status);
	}
}
