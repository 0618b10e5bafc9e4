/* SPDX-License-Identifier: MIT */
/*
 * 1. The answer MUST be the same for an address that has an account (the
 *    domain's word), and one that is no address is reported at the field (422).
 * 2. What was typed MUST stay, passwords aside.
 * 3. A sign-up MUST hang on the browser that asked: on a pre-cookie that is
 *    made for it, which reload and a second tab share. The one that the form
 *    came with may be a sibling domain's, which would know it, too.
 */
#include "signup.h"

#include <string.h>

#include "base/secret.h"
#include "csrf.h"
#include "route.h"
#include "show.h"
#include "signin.h"
#include "text.h"

#include "base/banned.h"

void gate_signup_browser(const struct gate_page *page, const char *pre,
	struct gate_signup_browser *ret_browser)
{
	*ret_browser = (struct gate_signup_browser){
		.who = {.flow = ret_browser->flow,
			.address = page->request->address,
			.channel = "web"},
	};
	/* Behind the token may stand the time of a log-in. */
	if (pre[0] != '\0') {
		memcpy(ret_browser->flow, pre, STAUTH_TOKEN_LEN);
	}
}

static void show_form(struct gate_page *page, int status,
	const char *fault_email, const struct gate_newpass *new)
{
	struct gate_view *view = &page->view;
	const struct gate_form *form = &page->request->form;
	if (!gate_page_form(page)) {
		return;
	}
	gate_newpass_view(page, new);
	gate_view_set(view, "password_label", GATE_LABEL_PASSWORD);
	gate_view_set(view, "confirm_label", GATE_LABEL_CONFIRM);
	gate_view_set(view, "email", gate_form_value(form, "email"));
	gate_view_set(view, "fault_email", fault_email);
	if (fault_email[0] != '\0') {
		gate_view_set(view, "focus_password", "");
		gate_view_set(view, "focus_confirm", "");
	}
	gate_view_set(view, "focus_email", fault_email[0] != '\0' ? "1" : "");
	gate_page_show(page, status, "signup", GATE_TITLE_SIGN_UP);
}

void gate_signup_again(struct gate_page *page)
{
	show_form(page, 403, "", NULL);
}

void gate_signup_restart(struct gate_page *page, const char *reason)
{
	gate_page_only_message(page, STAUTH_ERROR, reason);
	show_form(page, 422, "", NULL);
}

void gate_signup_get(struct gate_page *page)
{
	page->summary = GATE_TEXT_SIGNUP_ASK;
	show_form(page, 200, "", NULL);
}

/* 0, or a status and what is wrong. page->pre is the browser's then. */
static int start(struct gate_page *page, struct gate_newpass *new,
	const char **fault_email)
{
	struct gate_signup_browser browser;
	const char *email = gate_form_value(&page->request->form, "email");
	gate_signup_browser(page, page->pre, &browser);
	struct stauth_err err = {0};
	const struct stauth_signup_form form = {
		.email = email, .password = &new->secret};
	struct stauth_signup_refusal refusal;
	enum stauth_rc rc = stauth_signup_start(
		page->ctx, &browser.who, &form, &refusal, &err);
	stauth_wipe_array(browser.flow);
	if (rc < 0) {
		return gate_signin_unavailable(page, &err);
	}
	if (rc == STAUTH_OK) {
		return 0;
	}
	if (rc == STAUTH_THROTTLED) {
		gate_page_message(page, STAUTH_ERROR, STAUTH_TEXT_THROTTLED,
			(long long)refusal.wait_s,
			STAUTH_PLURAL(refusal.wait_s));
		gate_page_retry_after(page, refusal.wait_s);
		return 429;
	}
	if (refusal.field == STAUTH_SIGNUP_PASSWORD) {
		return gate_newpass_refuse(page, new, &err);
	}
	page->message_count = 0;
	return gate_page_fault(page, fault_email, STAUTH_TEXT_EMAIL_BAD);
}

void gate_signup_post(struct gate_page *page)
{
	const char *fault_email = "";
	int status = 0;
	if (gate_form_value(&page->request->form, "email")[0] == '\0') {
		gate_page_fault(page, &fault_email, GATE_TEXT_EMAIL_EMPTY);
		status = 422;
	}
	struct gate_newpass new;
	if (gate_newpass_take(page, &new) != 0) {
		status = 422;
	}
	if (!gate_page_make_pre(page)) {
		stauth_secret_wipe(&new.secret);
		return;
	}
	if (status == 0) {
		status = start(page, &new, &fault_email);
	}
	if (status != 0) {
		show_form(page, status, fault_email, &new);
	} else {
		gate_page_set_cookie(page, GATE_COOKIE_PRE, page->pre, -1);
		gate_page_message(page, STAUTH_SUCCESS, GATE_TEXT_PIN_SENT,
			gate_form_value(&page->request->form, "email"));
		gate_page_redirect(page, "/auth/signup/verify");
	}
	stauth_secret_wipe(&new.secret);
}
