/* SPDX-License-Identifier: MIT */
/* /auth/account: who is signed in, the sessions, the password. */
#include "account.h"

#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "auth/audit.h"
#include "csrf.h"
#include "http/return_url.h"
#include "route.h"
#include "sessions.h"
#include "show.h"
#include "signin.h"
#include "text.h"

#include "base/banned.h"

static const struct gate_note notes[] = {
	{"password", STAUTH_SUCCESS, GATE_TEXT_PASSWORD_CHANGED},
	{"name", STAUTH_SUCCESS, GATE_TEXT_NAME_CHANGED},
	{"email", STAUTH_SUCCESS, GATE_TEXT_EMAIL_CHANGED},
	{"ended", STAUTH_SUCCESS, STAUTH_TEXT_SESSION_ENDED},
	{"others", STAUTH_SUCCESS, GATE_TEXT_SESSIONS_ENDED},
	{"gone", STAUTH_INFO, STAUTH_TEXT_SESSION_NOT_FOUND},
};

/* The log-in before this one. */
struct before {
	struct stauth_audit_row rows[2];
	struct gate_when when;
};

static void set_before(struct gate_page *page, struct before *before)
{
	const struct stauth_audit_query asked = {
		.order = STAUTH_AUDIT_NEWEST,
		.user = page->session.user,
		.event = "login",
		.limit = 2,
	};
	size_t count = 0;
	/* Without it the page is of use, too. */
	(void)stauth_audit_list(page->ctx, &asked, before->rows, &count, NULL);
	const struct stauth_audit_row *row = &before->rows[1];
	gate_when_set(&before->when, count > 1 ? row->at : 0);
	gate_view_set(&page->view, "before", before->when.shown);
	gate_view_set(&page->view, "before_at", before->when.iso);
	gate_view_set(
		&page->view, "before_from", count > 1 ? row->address : "");
}

static void fill_view(
	struct gate_page *page, const struct gate_account_form *form)
{
	struct gate_view *view = &page->view;
	const struct stauth_session *session = &page->session;
	bool same = strcmp(session->email, session->user) == 0;
	gate_view_set(view, "user", session->user);
	gate_view_set(view, "display_name", session->display_name);
	gate_view_set(view, "email", same ? "" : session->email);
	gate_view_set(view, "groups", session->groups);
	gate_view_set(view, "typed_name",
		form->display_name != NULL ? form->display_name
					   : session->display_name);
	gate_view_set(view, "typed_email",
		form->email != NULL ? form->email : session->email);
	gate_view_set(view, "has_mail",
		gate_page_offers(page, GATE_NEEDS_MAIL) ? "1" : "");
	gate_view_set(view, "admin", gate_is_superuser(session) ? "1" : "");
	gate_view_set(view, "forced", session->must_change ? "1" : "");
	gate_view_set(view, "rd", strcmp(form->rd, "/") != 0 ? form->rd : "");
	gate_view_set(view, "fault_current", form->fault_current);
	gate_view_set(view, "password_label", GATE_LABEL_NEW_PASSWORD);
	gate_view_set(view, "confirm_label", GATE_LABEL_CONFIRM_NEW);
	gate_newpass_view(page, form->new);
}

void gate_account_show(struct gate_page *page, int status,
	const struct gate_account_form *form)
{
	static const struct gate_list no_rows = {0};
	if (!gate_page_form(page)) {
		return;
	}
	fill_view(page, form);
	struct before before;
	set_before(page, &before);
	struct gate_session_rows rows = {0};
	struct stauth_err err = {0};
	enum stauth_rc rc = STAUTH_OK;
	if (page->session.must_change) {
		gate_view_set_list(&page->view, "sessions", &no_rows);
	} else {
		rc = gate_session_rows(page, page->session.uid, &rows, &err);
	}
	gate_view_set(&page->view, "others", rows.count > 1 ? "1" : "");
	if (rc < 0) {
		gate_page_unavailable(page, &err);
	} else {
		gate_page_show(page, status, "account", GATE_TITLE_ACCOUNT);
	}
	gate_session_rows_free(&rows);
}

void gate_account_get(struct gate_page *page)
{
	char given[GATE_RETURN_URL_MAX + 1];
	gate_query_value(page->request->query, "rd", given, sizeof(given));
	const struct gate_account_form form = {
		.rd = gate_return_url(given),
		.fault_current = "",
	};
	if (page->session.must_change) {
		gate_page_message(
			page, STAUTH_WARNING, STAUTH_TEXT_MUST_CHANGE);
	} else {
		gate_page_note(page, notes, sizeof(notes) / sizeof(notes[0]));
	}
	char summary[GATE_MESSAGE_SIZE];
	snprintf(summary, sizeof(summary), GATE_TEXT_SIGNED_IN_AS,
		page->session.user);
	page->summary = summary;
	gate_account_show(page, 200, &form);
	page->summary = NULL;
}

void gate_account_again(struct gate_page *page)
{
	const char *rd = gate_form_value(&page->request->form, "rd");
	const struct gate_account_form form = {
		.rd = gate_return_url(rd),
		.fault_current = "",
	};
	gate_account_show(page, 403, &form);
}

void gate_account_redirect(struct gate_page *page)
{
	page->response.status = 303;
	gate_response_header(&page->response, "Location", "/auth/account");
}
