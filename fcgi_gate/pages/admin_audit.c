/* SPDX-License-Identifier: MIT */
/*
 * /auth/admin/audit: what happened, newest first, and the same as a file.
 *
 * 1. A page reads the rows that it shows, however many there are.
 * 2. The file is written as it is read. A cell that a spreadsheet would take
 *    for a formula MUST NOT be one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "admin.h"
#include "auth/audit.h"
#include "base/clock.h"
#include "base/codec.h"
#include "route.h"
#include "show.h"
#include "text.h"
#include "worker.h"

#include "base/banned.h"

#define CSV_BATCH 500

/* What is asked for. */
struct audit {
	struct gate_page *page;
	char user[STAUTH_NAME_SIZE];
	char event[32];
	char since[16]; /* 2026-11-30 */
	struct stauth_audit_query query;
	struct stauth_audit_row *list;
	size_t count;
	struct gate_when when; /* of the row at hand */
	char link[GATE_ADMIN_URL_SIZE];
};

/* The first second of a day, UTC; 0: that is none. */
static int64_t day_at(const char *text)
{
	struct tm day = {0};
	const char *end = strptime(text, "%Y-%m-%d", &day);
	int64_t at = end != NULL && *end == '\0' ? timegm(&day) : 0;
	return at > 0 ? at : 0;
}

static void read_query(struct gate_page *page, struct audit *audit)
{
	const char *query = page->request->query;
	*audit = (struct audit){.page = page};
	gate_query_value(query, "user", audit->user, sizeof(audit->user));
	gate_query_value(query, "event", audit->event, sizeof(audit->event));
	gate_query_value(query, "since", audit->since, sizeof(audit->since));
	char at[48];
	gate_query_value(query, "at", at, sizeof(at));
	char *dot = strchr(at, '.');
	audit->query = (struct stauth_audit_query){
		.order = STAUTH_AUDIT_NEWEST,
		.user = audit->user,
		.event = audit->event,
		.since_s = day_at(audit->since),
		.limit = GATE_ADMIN_ROWS + 1,
	};
	if (dot != NULL) {
		*dot = '\0';
		if (!stauth_parse_int(
			    at, 1, INT64_MAX, &audit->query.after_at) ||
			!stauth_parse_int(dot + 1, 1, INT64_MAX,
				&audit->query.after_id)) {
			audit->query.after_at = 0;
			audit->query.after_id = 0;
		}
	}
}

static void add_filters(const struct audit *audit, struct gate_link *link)
{
	gate_link_add(link, "user", audit->user);
	gate_link_add(link, "event", audit->event);
	gate_link_add(link, "since", audit->since);
}

static void set_row(void *user, size_t i, struct gate_view *row)
{
	struct audit *audit = user;
	const struct stauth_audit_row *event = &audit->list[i];
	gate_when_set(&audit->when, event->at);
	struct gate_link link;
	gate_link_start(&link, "/auth/admin/user");
	gate_link_add(&link, "name", event->user);
	snprintf(audit->link, sizeof(audit->link), "%s",
		event->uid != 0 ? gate_link_str(&link) : "");
	gate_link_finish(&link);
	gate_view_set(row, "href", audit->link);
	gate_view_set(row, "at", audit->when.shown);
	gate_view_set(row, "at_iso", audit->when.iso);
	gate_view_set(row, "event", event->event);
	gate_view_set(row, "ok", event->ok ? "1" : "");
	gate_view_set(row, "user", event->user);
	gate_view_set(row, "actor", event->actor);
	gate_view_set(row, "channel", event->channel);
	gate_view_set(row, "address", event->address);
	gate_view_set(row, "detail", event->detail);
}

static void show(struct audit *audit)
{
	bool more = audit->count > GATE_ADMIN_ROWS;
	struct gate_view *view = &audit->page->view;
	audit->count -= more ? 1 : 0;
	struct gate_link first;
	gate_link_start(&first, "/auth/admin/audit");
	add_filters(audit, &first);
	struct gate_link next;
	gate_link_start(&next, more ? gate_link_str(&first) : "");
	if (more) {
		const struct stauth_audit_row *last =
			&audit->list[audit->count - 1];
		char at[48];
		snprintf(at, sizeof(at), "%lld.%lld", (long long)last->at,
			(long long)last->id);
		gate_link_add(&next, "at", at);
	}
	struct gate_link file;
	gate_link_start(&file, "/auth/admin/audit.csv");
	add_filters(audit, &file);
	const struct gate_list rows = {audit->count, set_row, audit};
	gate_view_set_list(view, "rows", &rows);
	gate_view_set(view, "user", audit->user);
	gate_view_set(view, "event", audit->event);
	gate_view_set(view, "since", audit->since);
	gate_view_set(view, "first_page",
		audit->query.after_id != 0 ? gate_link_str(&first) : "");
	gate_view_set(view, "next_page", gate_link_str(&next));
	gate_view_set(view, "file", gate_link_str(&file));
	gate_admin_show(audit->page, 200, "admin-audit", GATE_TITLE_AUDIT);
	gate_link_finish(&next);
	gate_link_finish(&first);
	gate_link_finish(&file);
}

void gate_admin_audit_get(struct gate_page *page)
{
	struct audit audit;
	read_query(page, &audit);
	if (audit.since[0] != '\0' && audit.query.since_s == 0) {
		gate_page_message(page, STAUTH_WARNING, GATE_TEXT_NO_DATE);
	}
	audit.list = calloc(GATE_ADMIN_ROWS + 1, sizeof(*audit.list));
	struct stauth_err err = {0};
	enum stauth_rc rc = audit.list == NULL
				    ? stauth_fail(&err, STAUTH_ENOMEM, "audit")
				    : stauth_audit_list(page->ctx, &audit.query,
					      audit.list, &audit.count, &err);
	if (rc != STAUTH_OK) {
		gate_page_unavailable(page, &err);
	} else {
		show(&audit);
	}
	free(audit.list);
}

/* --- as a file */

static void add_cell(struct stauth_buf *out, const char *text, char end)
{
	stauth_buf_add(out, "\"");
	/* =1+1 and the like; a quote mark makes it text. */
	if (text[0] != '\0' && strchr("=+-@\t\r\n", text[0]) != NULL) {
		stauth_buf_add(out, "'");
	}
	for (; *text != '\0'; text++) {
		stauth_buf_add(out, *text == '"' ? "\"" : "");
		stauth_buf_add_len(out, text, 1);
	}
	stauth_buf_addf(out, "\"%c", end);
}

static void add_line(struct stauth_buf *out, const struct stauth_audit_row *row)
{
	char at[24];
	stauth_time_format(row->at, at);
	char id[24];
	snprintf(id, sizeof(id), "%lld", (long long)row->id);
	add_cell(out, id, ',');
	add_cell(out, at, ',');
	add_cell(out, row->event, ',');
	add_cell(out, row->ok ? "1" : "0", ',');
	add_cell(out, row->user, ',');
	add_cell(out, row->actor, ',');
	add_cell(out, row->channel, ',');
	add_cell(out, row->address, ',');
	add_cell(out, row->detail, '\n');
}

/* The next part of the file; false after the last. */
static bool more_lines(void *user, struct stauth_buf *out)
{
	struct audit *audit = user;
	alarm(GATE_WATCHDOG_S);
	struct stauth_err err = {0};
	if (stauth_audit_list(audit->page->ctx, &audit->query, audit->list,
		    &audit->count, &err) != STAUTH_OK) {
		stauth_buf_add(out, GATE_TEXT_CSV_BROKEN "\n");
		return false;
	}
	for (size_t i = 0; i < audit->count; i++) {
		add_line(out, &audit->list[i]);
	}
	if (audit->count < audit->query.limit) {
		return false;
	}
	audit->query.after_id = audit->list[audit->count - 1].id;
	audit->query.after_at = audit->list[audit->count - 1].at;
	return true;
}

static void free_audit(void *user)
{
	struct audit *audit = user;
	free(audit->list);
	free(audit);
}

void gate_admin_csv_get(struct gate_page *page)
{
	struct audit *audit = calloc(1, sizeof(*audit));
	struct stauth_audit_row *list = calloc(CSV_BATCH, sizeof(*list));
	if (audit == NULL || list == NULL) {
		struct stauth_err err = {0};
		stauth_fail(&err, STAUTH_ENOMEM, "audit");
		gate_page_unavailable(page, &err);
		free(audit);
		free(list);
		return;
	}
	read_query(page, audit);
	audit->list = list;
	audit->query.limit = CSV_BATCH;
	page->response.status = 200;
	page->response.content_type = "text/csv; charset=utf-8";
	gate_response_header(&page->response, "Content-Disposition",
		"attachment; filename=\"audit.csv\"");
	stauth_buf_add(&page->response.body,
		"id,at,event,ok,user,actor,channel,address,detail\n");
	page->response.more = more_lines;
	page->response.more_done = free_audit;
	page->response.more_user = audit;
}
