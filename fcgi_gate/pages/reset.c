/* SPDX-License-Identifier: MIT */
/*
 * "Forgot your password?", and the mailed link to a new one.
 *
 * 1. The answer to a forgotten password MUST be the same for everybody.
 * 2. A GET of the link MUST consume nothing: mail scanners follow links.
 * 3. A password that is refused MUST leave the link as good as it was.
 * 4. Success MUST sign nobody in.
 * 5. The token MUST stand nowhere but in the form: see secret_url.
 */
#include "auth/reset.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "csrf.h"
#include "route.h"
#include "show.h"
#include "signin.h"
#include "text.h"

#include "base/banned.h"

static void show_forgot(
	struct gate_page *page, int status, const char *fault_email)
{
	const struct gate_form *form = &page->request->form;
	if (!gate_page_form(page)) {
		return;
	}
	bool focus = page->message_count == 0 || fault_email[0] != '\0';
	gate_view_set(&page->view, "email", gate_form_value(form, "email"));
	gate_view_set(&page->view, "fault_email", fault_email);
	gate_view_set(&page->view, "focus_email", focus ? "1" : "");
	gate_page_show(page, status, "forgot", GATE_TITLE_FORGOT);
}

void gate_forgot_get(struct gate_page *page)
{
	page->summary = GATE_TEXT_FORGOT_ASK;
	show_forgot(page, 200, "");
}

void gate_forgot_again(struct gate_page *page)
{
	show_forgot(page, 403, "");
}

static void show_sent(struct gate_page *page, const char *email)
{
	gate_page_only_message(page, STAUTH_SUCCESS, GATE_TEXT_FORGOT_SENT);
	if (gate_request_wants_json(page->request)) {
		gate_page_redirect(page, "/auth/login");
		return;
	}
	char minutes[16];
	snprintf(minutes, sizeof(minutes), "%d", STAUTH_RESET_MINUTES);
	gate_view_set(&page->view, "email", email);
	gate_view_set(&page->view, "minutes", minutes);
	gate_page_show(page, 200, "forgot-sent", GATE_TITLE_CHECK_MAIL);
}

void gate_forgot_post(struct gate_page *page)
{
	struct stauth_err err = {0};
	const char *fault = "";
	const char *email = gate_form_value(&page->request->form, "email");
	enum stauth_rc rc = stauth_reset_ask(
		page->ctx, email, page->request->address, &err);
	if (rc < 0) {
		show_forgot(page, gate_signin_unavailable(page, &err), "");
	} else if (rc == STAUTH_BADVALUE) {
		page->message_count = 0;
		gate_page_fault(page, &fault,
			email[0] == '\0' ? GATE_TEXT_EMAIL_EMPTY
					 : STAUTH_TEXT_EMAIL_BAD);
		show_forgot(page, 422, fault);
	} else {
		show_sent(page, email);
	}
}

/* A mailed link as it stands. */
struct link {
	const char *token;
	char name[STAUTH_NAME_SIZE]; /* of the account */
};

static void show_expired(struct gate_page *page)
{
	bool mail = gate_page_offers(page, GATE_NEEDS_MAIL);
	gate_page_only_message(page, STAUTH_ERROR, GATE_TEXT_RESET_EXPIRED);
	gate_view_set(&page->view, "mail", mail ? "1" : "");
	gate_page_show(page, 422, "reset-expired", GATE_TITLE_LINK_EXPIRED);
}

/* Another user may be signed in here: then the page says so. */
static void say_for_whom(struct gate_page *page, const struct link *link)
{
	struct stauth_err err = {0};
	if (gate_page_session(page, &err) == STAUTH_OK &&
		strcmp(page->session.user, link->name) != 0) {
		gate_page_message(page, STAUTH_INFO, GATE_TEXT_RESET_OTHER,
			page->session.user, link->name);
	}
}

static void show_form(struct gate_page *page, int status,
	const struct link *link, const struct gate_newpass *new)
{
	if (!gate_page_form(page)) {
		return;
	}
	gate_newpass_view(page, new);
	if (page->message_count == 0) {
		gate_view_set(&page->view, "focus_password", "1");
	}
	gate_view_set(&page->view, "password_label", GATE_LABEL_NEW_PASSWORD);
	gate_view_set(&page->view, "confirm_label", GATE_LABEL_CONFIRM_NEW);
	gate_view_set(&page->view, "token", link->token);
	gate_view_set(&page->view, "user", link->name);
	gate_page_show(page, status, "reset", GATE_TITLE_RESET);
}

/* Whose link? false: it is dead or cannot be looked up, and the answer is
 * made. */
static bool link_valid(struct gate_page *page, struct link *link)
{
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_reset_check(page->ctx, link->token, link->name, &err);
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
	struct link link = {.token = token};
	gate_query_value(page->request->query, "token", token, sizeof(token));
	if (link_valid(page, &link)) {
		page->summary = GATE_TEXT_RESET_ASK;
		say_for_whom(page, &link);
		show_form(page, 200, &link, NULL);
	}
	stauth_wipe_array(token);
}

static struct link link_of_form(const struct gate_page *page)
{
	return (struct link){
		.token = gate_form_value(&page->request->form, "token"),
	};
}

void gate_reset_again(struct gate_page *page)
{
	struct link link = link_of_form(page);
	if (link_valid(page, &link)) {
		show_form(page, 403, &link, NULL);
	}
}

/* The log-in page knows by the pre-cookie what to say. A random source that
 * fails costs that sentence, not the word that the password is changed. */
static void succeed(struct gate_page *page)
{
	if (!gate_page_renew_pre(page, GATE_PRE_RESET)) {
		gate_response_reset(&page->response);
	}
	gate_page_only_message(page, STAUTH_SUCCESS, GATE_TEXT_RESET_DONE);
	gate_page_redirect(page, "/auth/login");
}

static void commit(struct gate_page *page, const struct link *link,
	struct gate_newpass *new)
{
	struct stauth_err err = {0};
	enum stauth_rc rc = stauth_reset_commit(page->ctx, link->token,
		&new->secret, page->request->address, &err);
	if (rc < 0) {
		show_form(page, gate_signin_unavailable(page, &err), link, new);
	} else if (rc == STAUTH_BADVALUE) {
		show_form(
			page, gate_newpass_refuse(page, new, &err), link, new);
	} else if (rc != STAUTH_OK) {
		show_expired(page);
	} else {
		succeed(page);
	}
}

void gate_reset_post(struct gate_page *page)
{
	struct link link = link_of_form(page);
	if (!link_valid(page, &link)) {
		return;
	}
	struct gate_newpass new;
	int status = gate_newpass_take(page, &new);
	if (status != 0) {
		show_form(page, status, &link, &new);
	} else {
		commit(page, &link, &new);
	}
	stauth_secret_wipe(&new.secret);
}
