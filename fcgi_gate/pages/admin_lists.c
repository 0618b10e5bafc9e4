/* SPDX-License-Identifier: MIT */
/* The short lists of the administration: what the rate limits count, and the
 * WebSockets that are open. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "auth/account.h"
#include "auth/live.h"
#include "auth/rate_limit.h"
#include "base/codec.h"
#include "route.h"
#include "sessions.h"
#include "show.h"
#include "text.h"

#include "base/banned.h"

/* --- the rate limits */

struct throttle {
	const struct gate_page *page;
	struct stauth_rate_limit_row *list;
	size_t count;
	char failures[24]; /* of the row at hand */
	char wait[24];
	char last[GATE_TIME_AGO_SIZE];
	struct gate_when when;
};

static void set_throttle(void *user, size_t i, struct gate_view *row)
{
	struct throttle *throttle = user;
	const struct stauth_rate_limit_row *limit = &throttle->list[i];
	const char *whose =
		limit->user[0] != '\0' ? limit->user : limit->source;
	snprintf(throttle->failures, sizeof(throttle->failures), "%lld",
		(long long)limit->count.failures);
	snprintf(throttle->wait, sizeof(throttle->wait), "%lld",
		(long long)limit->wait_s);
	gate_time_ago(
		throttle->page->now_s - limit->count.last_at, throttle->last);
	gate_when_set(&throttle->when, limit->count.last_at);
	gate_view_set(row, "limit", limit->count.name);
	gate_view_set(row, "user", limit->user);
	gate_view_set(row, "source", limit->source);
	gate_view_set(row, "failures", throttle->failures);
	gate_view_set(row, "wait", limit->wait_s > 0 ? throttle->wait : "");
	gate_view_set(row, "last", throttle->last);
	gate_view_set(row, "last_at", throttle->when.iso);
	gate_view_set(row, "whose", whose);
}

/* Behind this counter: its name, a blank, its key. */
static const struct stauth_rate_limit_row *throttle_after(
	const struct gate_page *page, struct stauth_rate_limit_row *after)
{
	char at[sizeof(after->count.name) + sizeof(after->count.key)];
	gate_query_value(page->request->query, "at", at, sizeof(at));
	char *blank = strchr(at, ' ');
	if (blank == NULL ||
		(size_t)(blank - at) >= sizeof(after->count.name)) {
		return NULL;
	}
	memcpy(after->count.name, at, (size_t)(blank - at));
	snprintf(after->count.key, sizeof(after->count.key), "%s", blank + 1);
	return after;
}

static void show_throttle(struct gate_page *page, struct throttle *throttle)
{
	bool more = throttle->count > GATE_ADMIN_ROWS;
	throttle->count -= more ? 1 : 0;
	struct gate_link next;
	gate_link_start(&next, more ? "/auth/admin/throttle" : "");
	if (more) {
		const struct stauth_counter *last =
			&throttle->list[throttle->count - 1].count;
		char at[sizeof(last->name) + sizeof(last->key)];
		snprintf(at, sizeof(at), "%s %s", last->name, last->key);
		gate_link_add(&next, "at", at);
	}
	const struct gate_list rows = {throttle->count, set_throttle, throttle};
	gate_view_set_list(&page->view, "rows", &rows);
	gate_view_set(&page->view, "next_page", gate_link_str(&next));
	gate_admin_show(page, 200, "admin-throttle", GATE_TITLE_THROTTLE);
	gate_link_finish(&next);
}

void gate_admin_throttle_get(struct gate_page *page)
{
	struct throttle throttle = {
		.page = page,
		.list = calloc(GATE_ADMIN_ROWS + 1, sizeof(*throttle.list)),
	};
	struct stauth_err err = {0};
	struct stauth_rate_limit_row after = {0};
	const struct stauth_rate_limit_page asked = {
		throttle_after(page, &after), GATE_ADMIN_ROWS + 1};
	enum stauth_rc rc =
		throttle.list == NULL
			? stauth_fail(&err, STAUTH_ENOMEM, "rate limits")
			: stauth_rate_limit_list(page->ctx, &asked,
				  throttle.list, &throttle.count, &err);
	if (rc != STAUTH_OK) {
		gate_page_unavailable(page, &err);
	} else {
		show_throttle(page, &throttle);
	}
	free(throttle.list);
}

/* May these counters be lifted here? Those of an account
 * that may open a host may not: they guard the host. */
static bool may_lift(struct gate_page *page, const char *whose)
{
	struct stauth_account account;
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_account_get(page->ctx, whose, &account, &err);
	if (rc < 0) {
		gate_page_unavailable(page, &err);
		return false;
	}
	if (rc == STAUTH_OK && account.system_login) {
		gate_page_message(page, STAUTH_ERROR, STAUTH_TEXT_CLI_ONLY);
		gate_admin_show(page, 403, "admin-error", GATE_TITLE_THROTTLE);
		return false;
	}
	return true;
}

void gate_admin_throttle_clear(struct gate_page *page)
{
	const char *whose = gate_form_value(&page->request->form, "whose");
	if (whose[0] == '\0') {
		gate_page_error(page, 400);
		return;
	}
	if (!may_lift(page, whose)) {
		return;
	}
	struct stauth_actor actor = gate_admin_actor(page);
	struct stauth_err err = {0};
	int cleared = 0;
	enum stauth_rc rc = stauth_rate_limit_clear(
		page->ctx, whose, &actor, &cleared, &err);
	if (rc < 0) {
		gate_page_unavailable(page, &err);
	} else if (rc != STAUTH_OK) {
		gate_page_message(page, STAUTH_ERROR, "%s", err.msg);
		gate_admin_show(page, 422, "admin-error", GATE_TITLE_THROTTLE);
	} else {
		gate_admin_done(page, "/auth/admin/throttle", "lifted");
	}
}

/* --- open WebSockets */

struct live {
	struct gate_page *page;
	struct stauth_live *list;
	size_t count;
	struct stauth_session session; /* of the row at hand */
	char browser[GATE_AGENT_NAME_SIZE];
	char sockets[16];
	struct gate_when opened;
	struct gate_when message;
	char link[GATE_ADMIN_URL_SIZE];
};

static void set_live(void *user, size_t i, struct gate_view *row)
{
	struct live *live = user;
	const struct stauth_live *open = &live->list[i];
	struct stauth_session *session = &live->session;
	live->browser[0] = '\0';
	struct gate_link link;
	gate_link_start(&link, "/auth/admin/user");
	struct stauth_err err = {0};
	if (open->handle[0] != '\0' &&
		stauth_session_by_handle(live->page->ctx, open->handle, session,
			&err) == STAUTH_OK) {
		gate_agent_name(
			session->channel, session->agent, live->browser);
		gate_link_add(&link, "name", session->user);
	} else {
		*session = (struct stauth_session){.user = ""};
	}
	snprintf(live->link, sizeof(live->link), "%s",
		session->user[0] != '\0' ? gate_link_str(&link) : "");
	gate_link_finish(&link);
	snprintf(live->sockets, sizeof(live->sockets), "%d", open->count);
	gate_when_set(&live->opened, open->opened_at);
	gate_when_set(&live->message, open->message_at);
	gate_view_set(row, "href", live->link);
	gate_view_set(row, "user", session->user);
	gate_view_set(row, "browser", live->browser);
	gate_view_set(row, "address", session->address);
	gate_view_set(row, "app", open->app);
	gate_view_set(row, "sockets", live->sockets);
	gate_view_set(row, "opened", live->opened.shown);
	gate_view_set(row, "opened_at", live->opened.iso);
	gate_view_set(row, "message", live->message.shown);
	gate_view_set(row, "message_at", live->message.iso);
}

void gate_admin_live_get(struct gate_page *page)
{
	struct live live = {.page = page};
	struct stauth_err err = {0};
	if (stauth_live_load(page->config, &live.list, &live.count, &err) !=
		STAUTH_OK) {
		gate_page_unavailable(page, &err);
		return;
	}
	/* Behind this many: the list is short-lived, so a number will do. */
	char at[24];
	gate_query_value(page->request->query, "at", at, sizeof(at));
	int64_t skip = 0;
	if (!stauth_parse_int(at, 0, (int64_t)live.count, &skip)) {
		skip = 0;
	}
	size_t left = live.count - (size_t)skip;
	struct gate_link next;
	gate_link_start(
		&next, left > GATE_ADMIN_ROWS ? "/auth/admin/live" : "");
	if (left > GATE_ADMIN_ROWS) {
		snprintf(at, sizeof(at), "%lld",
			(long long)skip + GATE_ADMIN_ROWS);
		gate_link_add(&next, "at", at);
		left = GATE_ADMIN_ROWS;
	}
	struct stauth_live *all = live.list;
	live.list += skip;
	const struct gate_list rows = {left, set_live, &live};
	gate_view_set_list(&page->view, "rows", &rows);
	gate_view_set(&page->view, "next_page", gate_link_str(&next));
	gate_view_set(&page->view, "relay",
		page->config->app_upstream[0] != '\0' ? "1" : "");
	gate_admin_show(page, 200, "admin-live", GATE_TITLE_LIVE);
	gate_link_finish(&next);
	free(all);
}
