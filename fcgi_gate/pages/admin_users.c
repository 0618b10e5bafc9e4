/* SPDX-License-Identifier: MIT */
/*
 * /auth/admin: the accounts, a page at a time, and what is done with several
 * of them at once.
 *
 * 1. A page reads what it shows: it begins behind the key of a row, and each
 *    order has an index. A search first finds what names and addresses begin
 *    with; for a part of a text it reads a number of accounts, and says how far
 *    it came (admin_search.c).
 * 2. What is done with several is done with each by itself, and what was not
 *    done is named.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "admin_search.h"
#include "auth/account.h"
#include "base/clock.h"
#include "http/return_url.h"
#include "route.h"
#include "sessions.h"
#include "show.h"
#include "text.h"

#include "base/banned.h"

#define KEY_SIZE GATE_PLACE_SIZE

struct order {
	const char *name; /* in the address; descending with - before it */
	const char *label;
	enum stauth_account_order order;
	bool descending;
};

static const struct order orders[] = {
	{"name", "Name", STAUTH_BY_NAME, false},
	{"-name", "Name, Z to A", STAUTH_BY_NAME, true},
	{"-created", "Newest first", STAUTH_BY_CREATED, true},
	{"created", "Oldest first", STAUTH_BY_CREATED, false},
	{"-login", "Last sign-in, latest first", STAUTH_BY_LOGIN, true},
	{"login", "Last sign-in, longest ago first", STAUTH_BY_LOGIN, false},
};

#define ORDER_COUNT (sizeof(orders) / sizeof(orders[0]))

/* One page of the list. */
struct users {
	struct gate_page *page;
	char search[GATE_SEARCH_SIZE];
	const struct order *order;
	char at[KEY_SIZE + 2]; /* behind (or before) this row */
	bool back; /* the rows before it; without it the last ones */
	struct stauth_account *list; /* room for one row more */
	size_t count;
	bool before; /* there are rows */
	bool after;
	char next[KEY_SIZE + 2]; /* of a search: where it goes on */
	/* of the row at hand */
	char pick[8];
	char used[GATE_TIME_AGO_SIZE];
	char used_at[24];
	struct gate_link link;
};

static void read_query(struct users *users)
{
	const char *query = users->page->request->query;
	users->order = &orders[0];
	gate_query_value(query, "q", users->search, sizeof(users->search));
	gate_query_value(query, "at", users->at, sizeof(users->at));
	char text[16];
	gate_query_value(query, "sort", text, sizeof(text));
	for (size_t i = 0; i < ORDER_COUNT; i++) {
		if (strcmp(orders[i].name, text) == 0) {
			users->order = &orders[i];
		}
	}
	gate_query_value(query, "go", text, sizeof(text));
	users->back = strcmp(text, "back") == 0;
}

static void reverse(struct stauth_account *list, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct stauth_account row = list[i];
		list[i] = list[count - 1 - i];
		list[count - 1 - i] = row;
	}
}

static enum stauth_rc read_page(struct users *users, struct stauth_err *err)
{
	struct stauth_account_page asked = {
		.order = users->order->order,
		.descending = users->order->descending != users->back,
		.limit = GATE_ADMIN_ROWS + 1,
	};
	gate_account_key_read(users->at, &asked);
	enum stauth_rc rc = stauth_account_list(
		users->page->ctx, &asked, users->list, &users->count, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	bool more = users->count > GATE_ADMIN_ROWS;
	users->count -= more ? 1 : 0;
	users->before = users->back ? more : users->at[0] != '\0';
	users->after = users->back ? users->at[0] != '\0' : more;
	if (users->back) {
		reverse(users->list, users->count);
	}
	return STAUTH_OK;
}

static enum stauth_rc read_search(struct users *users, struct stauth_err *err)
{
	struct gate_search search = {
		.text = users->search,
		.at = users->at,
		.rows = users->list,
		.limit = GATE_ADMIN_ROWS,
	};
	enum stauth_rc rc = gate_search(users->page, &search, err);
	users->count = search.count;
	users->before = users->at[0] != '\0';
	users->after = search.next[0] != '\0';
	snprintf(users->next, sizeof(users->next), "%s", search.next);
	if (rc == STAUTH_OK && search.partial) {
		gate_page_message(
			users->page, STAUTH_INFO, GATE_TEXT_SEARCH_PARTIAL);
	}
	return rc;
}

static const char *link_to(struct users *users, const char *at, bool back)
{
	gate_link_finish(&users->link);
	gate_link_start(&users->link, "/auth/admin");
	gate_link_add(&users->link, "q", users->search);
	gate_link_add(&users->link, "sort",
		users->order != &orders[0] ? users->order->name : "");
	gate_link_add(&users->link, "at", at);
	gate_link_add(&users->link, "go", back ? "back" : "");
	return gate_link_str(&users->link);
}

static void set_user(void *user, size_t i, struct gate_view *row)
{
	struct users *users = user;
	const struct stauth_account *account = &users->list[i];
	bool fixed = account->system_login ||
		     account->uid == users->page->session.uid;
	snprintf(users->pick, sizeof(users->pick), "u%zu", i);
	stauth_time_format(account->last_login_at, users->used_at);
	gate_time_ago(users->page->now_s - account->last_login_at, users->used);
	gate_link_finish(&users->link);
	gate_link_start(&users->link, "/auth/admin/user");
	gate_link_add(&users->link, "name", account->name);
	gate_view_set(row, "href", gate_link_str(&users->link));
	gate_view_set(row, "pick", fixed ? "" : users->pick);
	gate_view_set(row, "name", account->name);
	gate_view_set(row, "display_name", account->display_name);
	gate_view_set(row, "email", account->email);
	gate_view_set(row, "groups", account->groups);
	gate_view_set(row, "su", account->su ? "1" : "");
	gate_view_set(row, "disabled", account->disabled ? "1" : "");
	gate_view_set(row, "system_login", account->system_login ? "1" : "");
	gate_view_set(row, "used_at", users->used_at);
	gate_view_set(row, "used", users->used);
}

static void set_order(void *user, size_t i, struct gate_view *row)
{
	const struct users *users = user;
	gate_view_set(row, "value", orders[i].name);
	gate_view_set(row, "label", orders[i].label);
	gate_view_set(row, "here", users->order == &orders[i] ? "1" : "");
}

/* The ways on: each a link of its own, which the view borrows. */
struct ways {
	char first[GATE_ADMIN_URL_SIZE];
	char back[GATE_ADMIN_URL_SIZE];
	char next[GATE_ADMIN_URL_SIZE];
	char last[GATE_ADMIN_URL_SIZE];
	char here[GATE_ADMIN_URL_SIZE];
};

static void set_ways(struct users *users, struct ways *ways)
{
	bool search = users->search[0] != '\0';
	char key[KEY_SIZE] = "";
	memset(ways, 0, sizeof(*ways));
	snprintf(ways->here, sizeof(ways->here), "%s",
		link_to(users, users->at, users->back));
	if (users->before) {
		snprintf(ways->first, sizeof(ways->first), "%s",
			link_to(users, "", false));
	}
	if (users->before && !search && users->count > 0) {
		gate_account_key(users->order->order, &users->list[0], key);
		snprintf(ways->back, sizeof(ways->back), "%s",
			link_to(users, key, true));
	}
	if (users->after && users->count > 0 && !search) {
		gate_account_key(users->order->order,
			&users->list[users->count - 1], key);
		snprintf(ways->next, sizeof(ways->next), "%s",
			link_to(users, key, false));
		snprintf(ways->last, sizeof(ways->last), "%s",
			link_to(users, "", true));
	}
	if (users->after && search) {
		snprintf(ways->next, sizeof(ways->next), "%s",
			link_to(users, users->next, false));
	}
	struct gate_view *view = &users->page->view;
	gate_view_set(view, "first_page", ways->first);
	gate_view_set(view, "back_page", ways->back);
	gate_view_set(view, "next_page", ways->next);
	gate_view_set(view, "last_page", ways->last);
	gate_view_set(view, "here_page", ways->here);
}

static void show(struct gate_page *page, int status)
{
	struct users users = {.page = page};
	struct stauth_err err = {0};
	users.list = calloc(GATE_ADMIN_ROWS + 1, sizeof(*users.list));
	gate_link_start(&users.link, "");
	read_query(&users);
	enum stauth_rc rc = STAUTH_OK;
	if (users.list == NULL) {
		rc = stauth_fail(&err, STAUTH_ENOMEM, "list of users");
	} else if (users.search[0] != '\0') {
		rc = read_search(&users, &err);
	} else {
		rc = read_page(&users, &err);
	}
	if (rc != STAUTH_OK) {
		gate_page_unavailable(page, &err);
		goto out;
	}
	struct ways ways;
	set_ways(&users, &ways);
	const struct gate_list rows = {users.count, set_user, &users};
	const struct gate_list sorts = {ORDER_COUNT, set_order, &users};
	gate_view_set_list(&page->view, "rows", &rows);
	gate_view_set_list(&page->view, "sorts", &sorts);
	gate_view_set(&page->view, "search", users.search);
	gate_admin_show(page, status, "admin-users", GATE_TITLE_USERS);
out:
	gate_link_finish(&users.link);
	free(users.list);
}

void gate_admin_users_get(struct gate_page *page)
{
	show(page, 200);
}

/* --- several at once */

struct several {
	const char *action;
	const char *group;
	int done;
	int left;
};

static enum stauth_rc act(struct gate_page *page, const struct several *several,
	const struct stauth_account *account, struct stauth_err *err)
{
	struct stauth_actor actor = gate_admin_actor(page);
	struct stauth_account_edit edit = {.name = account->name,
		.su = -1,
		.system_login = -1,
		.disabled = -1};
	int ended = 0;
	if (strcmp(several->action, "end") == 0) {
		return stauth_session_revoke_all(page->ctx,
			&(const struct stauth_session_end){.uid = account->uid},
			&actor, &ended, err);
	}
	if (strcmp(several->action, "disable") == 0) {
		edit.disabled = 1;
	} else if (strcmp(several->action, "enable") == 0) {
		edit.disabled = 0;
	} else if (strcmp(several->action, "join") == 0) {
		edit.add_group = several->group;
	} else {
		edit.remove_group = several->group;
	}
	return stauth_account_edit(page->ctx, &edit, &actor, &ended, err);
}

/* One account. false: it cannot be said whether anything was done. */
static bool one(
	struct gate_page *page, struct several *several, const char *name)
{
	struct stauth_account account;
	struct stauth_err err = {0};
	enum stauth_rc rc = stauth_account_get(page->ctx, name, &account, &err);
	if (rc == STAUTH_OK && !gate_admin_may(page, &account)) {
		rc = STAUTH_REFUSED;
	} else if (rc == STAUTH_OK) {
		rc = act(page, several, &account, &err);
	} else if (rc > 0) {
		gate_page_message(page, STAUTH_ERROR, "%s", err.msg);
	}
	if (rc < 0) {
		gate_page_unavailable(page, &err);
		return false;
	}
	several->done += rc == STAUTH_OK ? 1 : 0;
	several->left += rc == STAUTH_OK ? 0 : 1;
	return true;
}

static bool is_action(const char *action)
{
	static const char *const known[] = {
		"join", "leave", "disable", "enable", "end"};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i], action) == 0) {
			return true;
		}
	}
	return false;
}

void gate_admin_several_post(struct gate_page *page)
{
	const struct gate_form *form = &page->request->form;
	struct several several = {
		.action = gate_form_value(form, "action"),
		.group = gate_form_value(form, "group"),
	};
	bool grouped = strcmp(several.action, "join") == 0 ||
		       strcmp(several.action, "leave") == 0;
	if (!is_action(several.action) ||
		(grouped && several.group[0] == '\0')) {
		gate_page_message(page, STAUTH_ERROR, "%s",
			grouped ? GATE_TEXT_GROUP_EMPTY : GATE_TEXT_NO_ACTION);
		show(page, 422);
		return;
	}
	for (size_t i = 0; i < form->count; i++) {
		if (form->fields[i].name[0] == 'u' &&
			!one(page, &several, form->fields[i].value)) {
			return;
		}
	}
	if (several.done + several.left == 0) {
		gate_page_message(page, STAUTH_ERROR, GATE_TEXT_NONE_CHOSEN);
		show(page, 422);
	} else if (several.left > 0) {
		gate_page_message(page, STAUTH_WARNING, GATE_TEXT_SEVERAL_LEFT,
			several.done, several.left);
		show(page, 422);
	} else {
		const char *back = gate_return_url(gate_form_value(form, "rd"));
		gate_admin_done(page,
			strncmp(back, "/auth/admin", 11) == 0 ? back
							      : "/auth/admin",
			"several");
	}
}
