/* SPDX-License-Identifier: MIT */
/* The sessions of the visitor: as rows of the account page, and how to end
 * one of them, or all but this. */
#include "sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "csrf.h"
#include "route.h"
#include "show.h"
#include "text.h"

#include "base/banned.h"

/* Sessions are seen about once a minute: finer would be a guess. */
#define JUST_NOW_S 90

struct agent_name {
	const char *text; /* in the User-Agent */
	const char *name;
};

/* In this order: most browsers also call themselves Chrome and Safari. */
static const struct agent_name browsers[] = {
	{"Edg", "Edge"},
	{"OPR/", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"},
	{"Firefox/", "Firefox"},
	{"FxiOS/", "Firefox"},
	{"CriOS/", "Chrome"},
	{"Chromium/", "Chromium"},
	{"Chrome/", "Chrome"},
	{"Safari/", "Safari"},
	{"curl/", "curl"},
	{"python", "A Python program"},
	{"Python", "A Python program"},
};

/* Android says Linux, an iPhone says Mac OS X. */
static const struct agent_name systems[] = {
	{"Windows", "Windows"},
	{"iPhone", "iPhone"},
	{"iPad", "iPad"},
	{"Android", "Android"},
	{"CrOS", "ChromeOS"},
	{"Mac OS X", "macOS"},
	{"Linux", "Linux"},
};

static const char *find_name(
	const char *agent, const struct agent_name *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strstr(agent, names[i].text) != NULL) {
			return names[i].name;
		}
	}
	return NULL;
}

void gate_agent_name(const char *channel, const char *agent,
	char ret_name[GATE_AGENT_NAME_SIZE])
{
	if (strncmp(channel, "pam:", 4) == 0) {
		snprintf(ret_name, GATE_AGENT_NAME_SIZE, GATE_TEXT_HOST_LOG_IN,
			channel + 4);
		return;
	}
	const char *browser = find_name(
		agent, browsers, sizeof(browsers) / sizeof(browsers[0]));
	const char *platform =
		find_name(agent, systems, sizeof(systems) / sizeof(systems[0]));
	snprintf(ret_name, GATE_AGENT_NAME_SIZE, "%s%s%s",
		browser != NULL ? browser : GATE_TEXT_UNKNOWN_BROWSER,
		platform != NULL ? " on " : "",
		platform != NULL ? platform : "");
}

void gate_time_ago(int64_t seconds, char ret_text[GATE_TIME_AGO_SIZE])
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}};
	if (seconds < JUST_NOW_S) {
		snprintf(ret_text, GATE_TIME_AGO_SIZE, "just now");
		return;
	}
	size_t i = 0;
	while (seconds < units[i].seconds) {
		i++;
	}
	long long count = seconds / units[i].seconds;
	snprintf(ret_text, GATE_TIME_AGO_SIZE, "%lld %s%s ago", count,
		units[i].name, STAUTH_PLURAL(count));
}

static void set_session(void *user, size_t i, struct gate_view *row)
{
	struct gate_session_rows *rows = user;
	const struct gate_page *page = rows->page;
	const struct stauth_session *session = &rows->list[i];
	int64_t seen_at = session->last_seen_at > 0 ? session->last_seen_at
						    : session->created_at;
	bool own = strcmp(session->handle, page->session.handle) == 0;
	gate_agent_name(session->channel, session->agent, rows->browser);
	stauth_time_format(session->created_at, rows->since_at);
	snprintf(rows->since, sizeof(rows->since), "%.10s", rows->since_at);
	gate_time_ago(page->now_s - seen_at, rows->used);
	stauth_time_format(seen_at, rows->used_at);
	int tabs = stauth_live_count(
		rows->live, rows->live_count, session->handle);
	snprintf(rows->tabs, sizeof(rows->tabs), "%d open tab%s", tabs,
		STAUTH_PLURAL(tabs));
	gate_view_set(row, "tabs", tabs > 0 ? rows->tabs : "");
	gate_view_set(row, "browser", rows->browser);
	gate_view_set(row, "address", session->address);
	gate_view_set(row, "since", rows->since);
	gate_view_set(row, "since_at", rows->since_at);
	gate_view_set(row, "used", rows->used);
	gate_view_set(row, "used_at", rows->used_at);
	gate_view_set(row, "handle", session->handle);
	gate_view_set(row, "own_session", own ? "1" : "");
}

enum stauth_rc gate_session_rows(struct gate_page *page, int64_t uid,
	struct gate_session_rows *ret_rows, struct stauth_err *err)
{
	*ret_rows = (struct gate_session_rows){.page = page};
	ret_rows->list = calloc(GATE_SESSIONS_SHOWN, sizeof(*ret_rows->list));
	if (ret_rows->list == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "list of sessions");
	}
	const struct stauth_session_query query = {
		.uid = uid,
		.after = "",
		.limit = GATE_SESSIONS_SHOWN,
	};
	enum stauth_rc rc = stauth_session_list(
		page->ctx, &query, ret_rows->list, &ret_rows->count, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	/* Without it the list is of use, too. */
	(void)stauth_live_load(
		page->config, &ret_rows->live, &ret_rows->live_count, err);
	const struct gate_list list = {
		.count = ret_rows->count,
		.set_row = set_session,
		.user = ret_rows,
	};
	gate_view_set_list(&page->view, "sessions", &list);
	return STAUTH_OK;
}

void gate_session_rows_free(struct gate_session_rows *rows)
{
	free(rows->list);
	free(rows->live);
}

static void done(struct gate_page *page, enum stauth_message_type type,
	const char *text, const char *location)
{
	gate_page_only_message(page, type, text);
	gate_page_redirect(page, location);
}

void gate_sessions_end(struct gate_page *page)
{
	struct stauth_err err = {0};
	const struct stauth_session *own = &page->session;
	const char *handle = gate_form_value(&page->request->form, "session");
	struct stauth_actor actor = gate_page_actor(page);
	enum stauth_rc rc = stauth_session_revoke(
		page->ctx, handle, own->uid, &actor, &err);
	if (rc < 0) {
		gate_page_unavailable(page, &err);
	} else if (rc != STAUTH_OK) {
		done(page, STAUTH_INFO, STAUTH_TEXT_SESSION_NOT_FOUND,
			"/auth/account?done=gone");
	} else if (strcmp(handle, own->handle) != 0) {
		done(page, STAUTH_SUCCESS, STAUTH_TEXT_SESSION_ENDED,
			"/auth/account?done=ended");
	} else {
		gate_page_set_cookie(page, GATE_COOKIE_SESSION, "", 0);
		if (gate_page_renew_pre(page, GATE_PRE_PLAIN)) {
			done(page, STAUTH_SUCCESS, GATE_TEXT_SIGNED_OUT,
				"/auth/login?out=1");
		}
	}
}

void gate_sessions_end_others(struct gate_page *page)
{
	struct stauth_err err = {0};
	int ended = 0;
	struct stauth_actor actor = gate_page_actor(page);
	const struct stauth_session_end others = {
		.uid = page->session.uid, .keep = page->session.handle};
	if (stauth_session_revoke_all(
		    page->ctx, &others, &actor, &ended, &err) < 0) {
		gate_page_unavailable(page, &err);
	} else {
		done(page, STAUTH_SUCCESS, GATE_TEXT_SESSIONS_ENDED,
			"/auth/account?done=others");
	}
}
