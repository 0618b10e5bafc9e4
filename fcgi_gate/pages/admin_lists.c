/* SPDX-License-Identifier: MIT */
/* The short lists of the administration: sign-ups that wait, and what the rate
 * limits count. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "auth/account.h"
#include "auth/rate_limit.h"
#include "auth/signup.h"
#include "base/ascii.h"
#include "base/codec.h"
#include "route.h"
#include "sessions.h"
#include "show.h"
#include "text.h"

#include "base/banned.h"

/* --- sign-ups that wait */

struct pending {
	struct stauth_pending *list;
	size_t count;
	struct gate_when asked; /* of the row at hand */
	struct gate_when until;
};

static void set_pending(void *user, size_t i, struct gate_view *row)
{
	struct pending *pending = user;
	gate_when_set(&pending->asked, pending->list[i].created_at);
	gate_when_set(&pending->until, pending->list[i].expires_at);
	gate_view_set(row, "email", pending->list[i].email);
	gate_view_set(row, "asked", pending->asked.shown);
	gate_view_set(row, "asked_at", pending->asked.iso);
	gate_view_set(row, "until", pending->until.shown);
	gate_view_set(row, "until_at", pending->until.iso);
}

/* The page begins behind this row: its flow in hex, a point, its address. */
#define FLOW_HEX 64

static const struct stauth_pending *pending_after(
	const struct gate_page *page, struct stauth_pending *after)
{
	char at[FLOW_HEX + 1 + STAUTH_EMAIL_SIZE];
	gate_query_value(page->request->query, "at", at, sizeof(at));
	if (strlen(at) <= FLOW_HEX || at[FLOW_HEX] != '.') {
		return NULL;
	}
	for (size_t i = 0; i < FLOW_HEX; i += 2) {
		int high = stauth_hex_value(at[i]);
		int low = stauth_hex_value(at[i + 1]);
		if (high < 0 || low < 0) {
			return NULL;
		}
		after->flow_hash[i / 2] = (uint8_t)(high * 16 + low);
	}
	snprintf(after->email, sizeof(after->email), "%s", at + FLOW_HEX + 1);
	return after;
}

static void show_pending(struct gate_page *page, struct pending *pending)
{
	bool more = pending->count > GATE_ADMIN_ROWS;
	pending->count -= more ? 1 : 0;
	struct gate_link next;
	gate_link_start(&next, more ? "/auth/admin/pending" : "");
	if (more) {
		const struct stauth_pending *last =
			&pending->list[pending->count - 1];
		char at[FLOW_HEX + 1 + STAUTH_EMAIL_SIZE];
		stauth_hex_encode(last->flow_hash, sizeof(last->flow_hash), at);
		snprintf(at + FLOW_HEX, sizeof(at) - FLOW_HEX, ".%s",
			last->email);
		gate_link_add(&next, "at", at);
	}
	const struct gate_list rows = {pending->count, set_pending, pending};
	gate_view_set_list(&page->view, "rows", &rows);
	gate_view_set(&page->view, "next_page", gate_link_str(&next));
	gate_admin_show(page, 200, "admin-pending", GATE_TITLE_PENDING);
	gate_link_finish(&next);
}

void gate_admin_pending_get(struct gate_page *page)
{
	struct pending pending = {
		.list = calloc(GATE_ADMIN_ROWS + 1, sizeof(*pending.list)),
	};
	struct stauth_err err = {0};
	struct stauth_pending after = {0};
	const struct stauth_pending_page asked = {
		.after = pending_after(page, &after),
		.limit = GATE_ADMIN_ROWS + 1,
	};
	enum stauth_rc rc =
		pending.list == NULL
			? stauth_fail(&err, STAUTH_ENOMEM, "sign-ups")
			: stauth_pending_list(page->ctx, &asked, pending.list,
				  &pending.count, &err);
	if (rc != STAUTH_OK) {
		gate_page_unavailable(page, &err);
	} else {
		show_pending(page, &pending);
	}
	free(pending.list);
}

void gate_admin_pending_delete(struct gate_page *page)
{
	const char *email = gate_form_value(&page->request->form, "email");
	struct stauth_actor actor = gate_admin_actor(page);
	struct stauth_err err = {0};
	if (stauth_pending_delete(page->ctx, email, &actor, &err) < 0) {
		gate_page_unavailable(page, &err);
	} else {
		gate_admin_done(page, "/auth/admin/pending", "signup");
	}
}

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
	enum stauth_rc rc =
		throttle.list == NULL
			? stauth_fail(&err, STAUTH_ENOMEM, "rate limits")
			: stauth_rate_limit_list(page->ctx,
				  throttle_after(page, &after),
				  GATE_ADMIN_ROWS + 1, throttle.list,
				  &throttle.count, &err);
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
