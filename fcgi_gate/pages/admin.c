/* SPDX-License-Identifier: MIT */
/*
 * The administration, for superusers:
 *
 * 1. The route table asks for the superuser, and for a fresh proof before
 *    anything is changed; no handler asks again.
 * 2. Nobody changes the own account here (it has a page of its own), nor one
 *    that may open a host: that is stauthctl's, and the domain says so too.
 * 3. No password is ever shown or typed here, but a generated one, once.
 * 4. Each change is one POST, and leaves one row of the audit.
 */
#include "admin.h"

#include <stdio.h>
#include <string.h>

#include "auth/account.h"
#include "base/clock.h"
#include "csrf.h"
#include "show.h"
#include "signin.h"
#include "text.h"

#include "base/banned.h"

static const struct {
	const char *path;
	const char *label;
} sections[] = {
	{"/auth/admin", GATE_TITLE_USERS},
	{"/auth/admin/pending", GATE_TITLE_PENDING},
	{"/auth/admin/invites", GATE_TITLE_INVITES},
	{"/auth/admin/live", GATE_TITLE_LIVE},
	{"/auth/admin/audit", GATE_TITLE_AUDIT},
	{"/auth/admin/throttle", GATE_TITLE_THROTTLE},
};

#define SECTION_COUNT (sizeof(sections) / sizeof(sections[0]))

static void set_section(void *user, size_t i, struct gate_view *row)
{
	const struct gate_page *page = user;
	bool here = strcmp(page->route, sections[i].path) == 0;
	gate_view_set(row, "href", sections[i].path);
	gate_view_set(row, "label", sections[i].label);
	gate_view_set(row, "here", here ? "1" : "");
}

static const struct gate_note notes[] = {
	{"add", STAUTH_SUCCESS, GATE_TEXT_USER_ADDED},
	{"set", STAUTH_SUCCESS, GATE_TEXT_USER_SET},
	{"disable", STAUTH_SUCCESS, GATE_TEXT_USER_DISABLED},
	{"enable", STAUTH_SUCCESS, GATE_TEXT_USER_ENABLED},
	{"end", STAUTH_SUCCESS, GATE_TEXT_USER_SESSIONS_ENDED},
	{"ended", STAUTH_SUCCESS, STAUTH_TEXT_SESSION_ENDED},
	{"gone", STAUTH_INFO, STAUTH_TEXT_SESSION_NOT_FOUND},
	{"delete", STAUTH_SUCCESS, GATE_TEXT_USER_DELETED},
	{"mailed", STAUTH_SUCCESS, GATE_TEXT_LINK_MAILED},
	{"several", STAUTH_SUCCESS, GATE_TEXT_SEVERAL_DONE},
	{"signup", STAUTH_SUCCESS, GATE_TEXT_PENDING_DELETED},
	{"approve", STAUTH_SUCCESS, GATE_TEXT_PENDING_APPROVED},
	{"revoked", STAUTH_SUCCESS, GATE_TEXT_INVITE_REVOKED},
	{"lifted", STAUTH_SUCCESS, GATE_TEXT_THROTTLE_LIFTED},
};

void gate_admin_show(
	struct gate_page *page, int status, const char *name, const char *title)
{
	if (!gate_page_form(page)) {
		return;
	}
	const struct gate_list nav = {SECTION_COUNT, set_section, page};
	gate_view_set_list(&page->view, "nav", &nav);
	if (status == 200) {
		gate_page_note(page, notes, sizeof(notes) / sizeof(notes[0]));
	}
	page->wide = true;
	gate_page_show(page, status, name, title);
}

void gate_admin_done(struct gate_page *page, const char *path, const char *done)
{
	struct gate_link link;
	gate_link_start(&link, path);
	gate_link_add(&link, "done", done);
	page->message_count = 0;
	gate_page_redirect(page, gate_link_str(&link));
	gate_link_finish(&link);
}

struct stauth_actor gate_admin_actor(const struct gate_page *page)
{
	struct stauth_actor actor = gate_page_actor(page);
	actor.name = page->session.user;
	return actor;
}

int gate_admin_status(struct gate_page *page, const struct stauth_err *err)
{
	switch (err->rc) {
	case STAUTH_NOTFOUND:
		return 404;
	case STAUTH_REFUSED:
		return 403;
	case STAUTH_BADVALUE:
	case STAUTH_EXISTS:
	case STAUTH_EXPIRED:
		return 422;
	case STAUTH_EBUSY:
		return gate_signin_unavailable(page, err);
	default:
		gate_page_unavailable(page, err);
		return 0;
	}
}

bool gate_admin_may(
	struct gate_page *page, const struct stauth_account *account)
{
	if (account->system_login) {
		gate_page_message(page, STAUTH_WARNING, STAUTH_TEXT_CLI_ONLY);
	} else if (account->uid == page->session.uid) {
		gate_page_message(page, STAUTH_INFO, GATE_TEXT_ADMIN_SELF);
	} else {
		return true;
	}
	return false;
}

bool gate_admin_account(struct gate_page *page, const char *name,
	struct stauth_account *ret_account)
{
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_account_get(page->ctx, name, ret_account, &err);
	if (rc < 0) {
		gate_page_unavailable(page, &err);
	} else if (rc != STAUTH_OK) {
		gate_page_message(page, STAUTH_ERROR, "%s", err.msg);
		gate_admin_show(page, 404, "admin-error", GATE_TITLE_NO_USER);
	}
	return rc == STAUTH_OK;
}

void gate_link_start(struct gate_link *link, const char *path)
{
	stauth_buf_init(&link->url, GATE_ADMIN_URL_SIZE);
	stauth_buf_add(&link->url, path);
}

void gate_link_add(struct gate_link *link, const char *name, const char *value)
{
	if (value[0] == '\0') {
		return;
	}
	const char *str = stauth_buf_str(&link->url);
	stauth_buf_addf(&link->url,
		"%c%s=", strchr(str, '?') != NULL ? '&' : '?', name);
	stauth_buf_add_uri(&link->url, value, strlen(value));
}

const char *gate_link_str(const struct gate_link *link)
{
	return stauth_buf_str(&link->url);
}

void gate_link_finish(struct gate_link *link)
{
	stauth_buf_finish(&link->url);
}

void gate_when_set(struct gate_when *when, int64_t at_s)
{
	char iso[24];
	stauth_time_format(at_s, iso);
	snprintf(when->iso, sizeof(when->iso), "%s", iso);
	snprintf(when->shown, sizeof(when->shown), "%.10s%s%.5s", iso,
		at_s != 0 ? " " : "", at_s != 0 ? iso + 11 : "");
}
