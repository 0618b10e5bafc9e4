/* SPDX-License-Identifier: MIT */
/*
 * A fresh proof of who it is: /auth/confirm, and in the way of a form of the
 * administration.
 *
 * 1. The password MUST be checked like at any log-in, rate limits and all.
 * 2. The session MUST stay; only the instant of its proof moves.
 * 3. A form that has to wait for the proof MUST go on with it: the page that
 *    asks for the password holds the form's fields, and sends them again.
 */
#include <string.h>

#include "csrf.h"
#include "http/return_url.h"
#include "route.h"
#include "show.h"
#include "signin.h"
#include "text.h"

#include "base/banned.h"

/* What the page that asks has to hold. */
struct ask {
	const char *action;
	const char *rd;   /* "" none */
	const char *back; /* for who does not want to */
	bool password;    /* else only a button: the token was out of date */
	const struct gate_field *kept[GATE_FIELDS_MAX];
	size_t kept_count;
};

static void set_kept(void *user, size_t i, struct gate_view *row)
{
	const struct ask *ask = user;
	gate_view_set(row, "name", ask->kept[i]->name);
	gate_view_set(row, "value", ask->kept[i]->value);
}

static void show(struct gate_page *page, int status, struct ask *ask)
{
	if (!gate_page_form(page)) {
		return;
	}
	const struct gate_list kept = {ask->kept_count, set_kept, ask};
	struct gate_view *view = &page->view;
	gate_view_set_list(view, "kept", &kept);
	gate_view_set(view, "user", page->session.user);
	gate_view_set(view, "action", ask->action);
	gate_view_set(view, "rd", ask->rd);
	gate_view_set(view, "back", ask->back);
	gate_view_set(view, "ask", ask->password ? "1" : "");
	gate_view_set(view, "wrong", status == 401 ? "1" : "");
	gate_page_show(page, status, "confirm",
		ask->password ? GATE_TITLE_CONFIRM : GATE_TITLE_REPEAT);
}

/* --- the page */

static void show_page(struct gate_page *page, int status, const char *given)
{
	const char *rd = gate_return_url(given);
	struct ask ask = {
		.action = "/auth/confirm",
		.rd = strcmp(rd, "/") != 0 ? rd : "",
		.back = "/",
		.password = true,
	};
	show(page, status, &ask);
}

void gate_confirm_get(struct gate_page *page)
{
	char given[GATE_RETURN_URL_MAX + 1];
	gate_query_value(page->request->query, "rd", given, sizeof(given));
	page->summary = GATE_TEXT_CONFIRM;
	show_page(page, 200, given);
}

void gate_confirm_again(struct gate_page *page)
{
	show_page(page, 403, gate_form_value(&page->request->form, "rd"));
}

/* 0: it is confirmed, or the answer is made; else a status, and a message. */
static int confirm(struct gate_page *page, bool *ret_confirmed)
{
	const struct gate_form *form = &page->request->form;
	*ret_confirmed = false;
	struct stauth_login login;
	int status = gate_signin_try(page, page->session.user,
		gate_form_field(form, "password"), &login);
	if (status == 401) {
		gate_page_only_message(
			page, STAUTH_ERROR, GATE_TEXT_WRONG_PASSWORD);
	}
	if (status != 0) {
		goto out;
	}
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_session_confirm(page->ctx, &login, &page->session, &err);
	*ret_confirmed = rc == STAUTH_OK;
	if (rc < 0) {
		status = gate_signin_unavailable(page, &err);
	} else if (rc != STAUTH_OK) {
		gate_page_only_message(
			page, STAUTH_WARNING, GATE_TEXT_SESSION_OVER);
		gate_page_redirect(page, "/auth/login?ended=1");
	}
out:
	stauth_login_finish(&login);
	return status;
}

void gate_confirm_post(struct gate_page *page)
{
	const char *given = gate_form_value(&page->request->form, "rd");
	bool confirmed = false;
	int status = confirm(page, &confirmed);
	if (status != 0) {
		show_page(page, status, given);
	} else if (confirmed) {
		gate_page_message(page, STAUTH_SUCCESS, GATE_TEXT_CONFIRMED);
		gate_page_redirect(page, gate_return_url(given));
	}
}

/* --- in the way of a form */

/* The form that came, to be sent once more: all of it but what is asked. */
static void show_form(struct gate_page *page, int status, bool password)
{
	const struct gate_form *form = &page->request->form;
	struct ask ask = {
		.action = page->route,
		.rd = "",
		.back = strncmp(page->route, "/auth/admin", 11) == 0
				? "/auth/admin"
				: "/auth/account",
		.password = password,
	};
	for (size_t i = 0; i < form->count; i++) {
		const char *name = form->fields[i].name;
		if (strcmp(name, "csrf") != 0 &&
			strcmp(name, "password") != 0) {
			ask.kept[ask.kept_count++] = &form->fields[i];
		}
	}
	show(page, status, &ask);
}

bool gate_confirm_here(struct gate_page *page)
{
	bool confirmed = false;
	int status = 403;
	if (gate_form_field(&page->request->form, "password") == NULL) {
		gate_page_message(page, STAUTH_INFO, GATE_TEXT_CONFIRM);
	} else {
		status = confirm(page, &confirmed);
	}
	if (status != 0) {
		show_form(page, status, true);
	}
	return confirmed;
}

void gate_repeat(struct gate_page *page)
{
	show_form(page, 403, false);
}
