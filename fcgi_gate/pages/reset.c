/* SPDX-License-Identifier: MIT */
/*
 * The mailed link to a new password.
 *
 * 1. A GET MUST consume nothing: mail scanners follow links.
 * 2. A password that is refused MUST leave the link as good as it was.
 * 3. Success MUST sign nobody in.
 * 4. The token MUST stand nowhere but in the form: see secret_url.
 */
#include <string.h>

#include "auth/reset.h"
#include "newpass.h"
#include "page.h"
#include "route.h"
#include "signin.h"
#include "text.h"

#include "base/banned.h"

static void show_expired(struct gate_page *page)
{
	bool mail = gate_route_ready(page->config, GATE_NEEDS_MAIL);
	page->message_count = 0;
	gate_page_message(page, STAUTH_ERROR, GATE_TEXT_RESET_EXPIRED);
	gate_view_set(&page->view, "mail", mail ? "1" : "");
	gate_page_show(page, 422, "reset-expired", "This link works no longer");
}

static void show_form(struct gate_page *page, int status, const char *token,
	const char *name, const struct gate_newpass *new)
{
	if (!gate_page_form(page)) {
		return;
	}
	gate_view_set(&page->view, "token", token);
	gate_view_set(&page->view, "user", name);
	gate_view_set(
		&page->view, "fresh", page->message_count == 0 ? "1" : "");
	gate_newpass_view(page, new);
	gate_page_show(page, status, "reset", "Choose a new password");
}

/* Whose link? false: it is dead or cannot be looked up, and the answer is
 * made. */
static bool still_holds(struct gate_page *page, const char *token,
	char ret_name[STAUTH_NAME_SIZE])
{
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_reset_check(page->ctx, token, ret_name, &err);
	if (rc < 0) {
		gate_page_unavailable(page, &err);
	} else if (rc != STAUTH_OK) {
		show_expired(page);
	}
	return rc == STAUTH_OK;
}

void gate_reset_get(struct gate_page *page)
{
	char token[2 * STAUTH_RESET_TOKEN_LEN];
	gate_query_value(page->request->query, "token", token, sizeof(token));
	char name[STAUTH_NAME_SIZE];
	if (still_holds(page, token, name)) {
		page->summary = GATE_TEXT_RESET_ASK;
		show_form(page, 200, token, name, NULL);
	}
	stauth_wipe_array(token);
}

void gate_reset_again(struct gate_page *page)
{
	char name[STAUTH_NAME_SIZE];
	const char *token = gate_form_value(&page->request->form, "token");
	if (still_holds(page, token, name)) {
		show_form(page, 403, token, name, NULL);
	}
}

/* The log-in page knows by the pre-cookie what to say. A random source that
 * fails costs that sentence, not the word that the password is changed. */
static void succeed(struct gate_page *page)
{
	if (!gate_page_renew_pre(page, GATE_PRE_RESET)) {
		gate_response_reset(&page->response);
	}
	page->message_count = 0;
	gate_page_message(page, STAUTH_SUCCESS, GATE_TEXT_RESET_DONE);
	gate_page_redirect(page, "/auth/login");
}

static void commit(struct gate_page *page, const char *token, const char *name,
	struct gate_newpass *new)
{
	struct stauth_err err = {0};
	enum stauth_rc rc = stauth_reset_commit(
		page->ctx, token, &new->secret, page->request->address, &err);
	if (rc < 0) {
		show_form(page, gate_signin_unavailable(page, &err), token,
			name, new);
	} else if (rc == STAUTH_BADVALUE) {
		show_form(page, gate_newpass_refuse(page, new, &err), token,
			name, new);
	} else if (rc != STAUTH_OK) {
		show_expired(page);
	} else {
		succeed(page);
	}
}

void gate_reset_post(struct gate_page *page)
{
	char name[STAUTH_NAME_SIZE];
	const char *token = gate_form_value(&page->request->form, "token");
	if (!still_holds(page, token, name)) {
		return;
	}
	struct gate_newpass new;
	int status = gate_newpass_take(page, &new);
	if (status != 0) {
		show_form(page, status, token, name, &new);
	} else {
		commit(page, token, name, &new);
	}
	stauth_secret_wipe(&new.secret);
}
