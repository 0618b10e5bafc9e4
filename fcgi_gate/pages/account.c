/* SPDX-License-Identifier: MIT */
/* /auth/account: who is signed in, the password, the sessions. */
#include "account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "ago.h"
#include "base/clock.h"
#include "http/return_url.h"
#include "route.h"
#include "text.h"

#include "base/banned.h"

#define TITLE "Your account"
/* More than a person looks through; `end all others` reaches the rest. */
#define SESSIONS_SHOWN 30

struct note {
	const char *name;
	enum stauth_message_type type;
	const char *text;
};

/* What ?done= may say: after a change the browser comes back by a GET, so
 * that a reload repeats nothing. */
static const struct note notes[] = {
	{"password", STAUTH_SUCCESS, GATE_TEXT_PASSWORD_CHANGED},
	{"ended", STAUTH_SUCCESS, STAUTH_TEXT_SESSION_ENDED},
	{"others", STAUTH_SUCCESS, GATE_TEXT_SESSIONS_ENDED},
	{"gone", STAUTH_INFO, STAUTH_TEXT_SESSION_NOT_FOUND},
};

bool gate_account_session(
	struct gate_page *page, struct stauth_session *ret_session)
{
	struct stauth_err err = {0};
	enum stauth_rc rc = gate_page_session(page, ret_session, &err);
	if (rc == STAUTH_OK) {
		return true;
	}
	if (rc < 0) {
		gate_page_unavailable(page, &err);
		return false;
	}
	char given[GATE_RETURN_URL_MAX + 1];
	gate_query_value(page->request->query, "rd", given, sizeof(given));
	const char *rd = gate_return_url(given);
	gate_page_message(page, STAUTH_INFO, GATE_TEXT_PLEASE_SIGN_IN);
	gate_page_redirect_with_rd(page, "/auth/login",
		strcmp(rd, "/") != 0 ? rd : "/auth/account");
	return false;
}

static bool add_row(struct gate_html *rows, struct gate_page *page,
	const struct stauth_session *own, const struct stauth_session *row)
{
	char browser[GATE_AGENT_WORDS_SIZE];
	int64_t seen_at =
		row->last_seen_at > 0 ? row->last_seen_at : row->created_at;
	gate_agent_name(row->channel, row->agent, browser);
	char used[GATE_AGO_SIZE];
	gate_time_ago(page->now_s - seen_at, used);
	char used_at[21];
	stauth_time_format(seen_at, used_at);
	struct gate_view view = {0};
	gate_view_set(&view, "browser", browser);
	gate_view_set(&view, "address", row->address);
	gate_view_set(&view, "used", used);
	gate_view_set(&view, "used_at", used_at);
	gate_view_set(&view, "handle", row->handle);
	gate_view_set(&view, "csrf", page->csrf);
	gate_view_set(
		&view, "own", strcmp(row->handle, own->handle) == 0 ? "1" : "");
	return gate_template_render("session", &view, rows);
}

static enum stauth_rc add_rows(struct gate_page *page,
	const struct stauth_session *own, struct gate_html *rows,
	size_t *ret_count, struct stauth_err *err)
{
	struct stauth_session *list = calloc(SESSIONS_SHOWN, sizeof(*list));
	if (list == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "list of sessions");
	}
	const struct stauth_session_query query = {
		.uid = own->uid, .after = "", .limit = SESSIONS_SHOWN};
	size_t count = 0;
	enum stauth_rc rc =
		stauth_session_list(page->ctx, &query, list, &count, err);
	for (size_t i = 0; rc == STAUTH_OK && i < count; i++) {
		if (!add_row(rows, page, own, &list[i])) {
			rc = stauth_fail(err, STAUTH_ENOMEM, "session row");
		}
	}
	free(list);
	*ret_count = count;
	return rc;
}

static void fill_view(struct gate_page *page,
	const struct stauth_session *session, const char *rd,
	const char *fault_current, const struct gate_newpass *new)
{
	struct gate_view *view = &page->view;
	gate_view_set(view, "user", session->user);
	gate_view_set(view, "display_name", session->display_name);
	gate_view_set(view, "email",
		strcmp(session->email, session->user) != 0 ? session->email
							   : "");
	gate_view_set(view, "groups", session->groups);
	gate_view_set(view, "forced", session->must_change ? "1" : "");
	gate_view_set(view, "rd", strcmp(rd, "/") != 0 ? rd : "");
	gate_view_set(view, "fault_current", fault_current);
	gate_newpass_view(page, new);
}

void gate_account_show(struct gate_page *page, int status,
	const struct stauth_session *session, const char *rd,
	const char *fault_current, const struct gate_newpass *new)
{
	if (!gate_page_form(page)) {
		return;
	}
	struct gate_html rows;
	gate_html_init(&rows);
	fill_view(page, session, rd, fault_current, new);
	struct stauth_err err = {0};
	enum stauth_rc rc = STAUTH_OK;
	size_t count = 0;
	if (!session->must_change) {
		rc = add_rows(page, session, &rows, &count, &err);
	}
	gate_view_fragment(&page->view, "sessions", &rows);
	gate_view_set(&page->view, "others", count > 1 ? "1" : "");
	if (rc < 0) {
		gate_page_unavailable(page, &err);
	} else {
		gate_page_show(page, status, "account", TITLE);
	}
	gate_html_finish(&rows);
}

static void say_note(struct gate_page *page)
{
	char done[16];
	gate_query_value(page->request->query, "done", done, sizeof(done));
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		if (strcmp(notes[i].name, done) == 0) {
			gate_page_message(
				page, notes[i].type, "%s", notes[i].text);
		}
	}
}

void gate_account_get(struct gate_page *page)
{
	struct stauth_session session;
	if (!gate_account_session(page, &session)) {
		return;
	}
	char given[GATE_RETURN_URL_MAX + 1];
	gate_query_value(page->request->query, "rd", given, sizeof(given));
	if (session.must_change) {
		gate_page_message(
			page, STAUTH_WARNING, STAUTH_TEXT_MUST_CHANGE);
	} else {
		say_note(page);
		stauth_session_touch(page->ctx, &session);
	}
	char summary[GATE_MESSAGE_SIZE];
	snprintf(
		summary, sizeof(summary), GATE_TEXT_SIGNED_IN_AS, session.user);
	page->summary = summary;
	gate_account_show(
		page, 200, &session, gate_return_url(given), "", NULL);
	page->summary = NULL;
}

void gate_account_again(struct gate_page *page)
{
	struct stauth_session session;
	if (gate_account_session(page, &session)) {
		const char *rd = gate_form_value(&page->request->form, "rd");
		gate_account_show(
			page, 403, &session, gate_return_url(rd), "", NULL);
	}
}

void gate_account_redirect(struct gate_page *page)
{
	page->response.status = 303;
	gate_response_header(&page->response, "Location", "/auth/account");
}
