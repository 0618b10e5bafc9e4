/* SPDX-License-Identifier: MIT */
/* "Forgot your password?" The answer MUST be the same whoever asks. */
#include <stdio.h>
#include <string.h>

#include "auth/reset.h"
#include "page.h"
#include "route.h"
#include "signin.h"
#include "text.h"

#include "base/banned.h"

static void show_form(
	struct gate_page *page, int status, const char *fault_email)
{
	const struct gate_form *form = &page->request->form;
	if (!gate_page_form(page)) {
		return;
	}
	gate_view_set(&page->view, "email", gate_form_value(form, "email"));
	gate_view_set(&page->view, "fault_email", fault_email);
	gate_view_set(
		&page->view, "fresh", page->message_count == 0 ? "1" : "");
	gate_page_show(page, status, "forgot", "Forgot your password?");
}

void gate_forgot_get(struct gate_page *page)
{
	page->summary = GATE_TEXT_FORGOT_ASK;
	show_form(page, 200, "");
}

void gate_forgot_again(struct gate_page *page)
{
	show_form(page, 403, "");
}

static void show_sent(struct gate_page *page, const char *email)
{
	page->message_count = 0;
	gate_page_message(page, STAUTH_SUCCESS, GATE_TEXT_FORGOT_SENT);
	if (gate_request_wants_json(page->request)) {
		gate_page_redirect(page, "/auth/login");
		return;
	}
	char minutes[16];
	snprintf(minutes, sizeof(minutes), "%d", STAUTH_RESET_MINUTES);
	gate_view_set(&page->view, "email", email);
	gate_view_set(&page->view, "minutes", minutes);
	gate_page_show(page, 200, "forgot-sent", "Check your mail");
}

void gate_forgot_post(struct gate_page *page)
{
	struct stauth_err err = {0};
	const char *email = gate_form_value(&page->request->form, "email");
	const char *fault = email[0] == '\0' ? GATE_TEXT_EMAIL_EMPTY
					     : STAUTH_TEXT_EMAIL_BAD;
	enum stauth_rc rc = stauth_reset_ask(
		page->ctx, email, page->request->address, &err);
	if (rc < 0) {
		show_form(page, gate_signin_unavailable(page, &err), "");
	} else if (rc == STAUTH_BADVALUE) {
		page->message_count = 0;
		gate_page_message(page, STAUTH_ERROR, "%s", fault);
		show_form(page, 422, fault);
	} else {
		show_sent(page, email);
	}
}
