/* SPDX-License-Identifier: MIT */
/*
 * 1. The answer MUST be the same for an address that has an account (the
 *    domain's word), and one that is no address is reported at the field (422).
 * 2. What was typed MUST stay, passwords aside.
 * 3. A sign-up MUST hang on the browser that asked: on a pre-cookie that is
 *    made for it, which reload and a second tab share. The one that the form
 *    came with may be a sibling domain's, which would know it, too.
 * 4. An invitation opens it where sign-up is off, too; without one it is not
 *    there then.
 */
#include "signup.h"

#include <stdio.h>
#include <string.h>

#include "auth/invite.h"
#include "base/secret.h"
#include "csrf.h"
#include "route.h"
#include "show.h"
#include "signin.h"
#include "text.h"

#include "base/banned.h"

#define TOKEN_SIZE 64

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

/* What a form shows. */
struct shown {
	const char *fault_email;
	const struct gate_newpass *new;     /* NULL: none was sent */
	const struct stauth_invite *invite; /* NULL: without one */
};

/* The token of an invitation that came, with the address or the form. */
static void read_token(const struct gate_page *page, char ret_token[TOKEN_SIZE])
{
	if (page->request->method == GATE_METHOD_POST) {
		snprintf(ret_token, TOKEN_SIZE, "%s",
			gate_form_value(&page->request->form, "invite"));
	} else {
		gate_query_value(
			page->request->query, "invite", ret_token, TOKEN_SIZE);
	}
}

static void show_form(
	struct gate_page *page, int status, const struct shown *shown)
{
	struct gate_view *view = &page->view;
	const char *email = gate_form_value(&page->request->form, "email");
	char token[TOKEN_SIZE];
	read_token(page, token);
	if (!gate_page_form(page)) {
		return;
	}
	bool fixed = shown->invite != NULL && shown->invite->email[0] != '\0';
	bool at_email = shown->fault_email[0] != '\0';
	gate_newpass_view(page, shown->new);
	gate_view_set(view, "password_label", GATE_LABEL_PASSWORD);
	gate_view_set(view, "confirm_label", GATE_LABEL_CONFIRM);
	gate_view_set(view, "email", fixed ? shown->invite->email : email);
	gate_view_set(view, "fixed", fixed ? "1" : "");
	gate_view_set(view, "invite", token);
	gate_view_set(view, "fault_email", shown->fault_email);
	if (at_email) {
		gate_view_set(view, "focus_password", "");
		gate_view_set(view, "focus_confirm", "");
	}
	gate_view_set(view, "focus_email", at_email ? "1" : "");
	gate_page_show(page, status, "signup", GATE_TITLE_SIGN_UP);
}

void gate_signup_uninvited(struct gate_page *page)
{
	gate_page_only_message(page, STAUTH_ERROR, STAUTH_TEXT_INVITE_DEAD);
	gate_page_show(page, 422, "error", GATE_TITLE_INVITE_DEAD);
}

/*
 * Is sign-up open for this request? With an invitation it is, as long as that
 * holds. false: the answer is made.
 */
static bool opened(struct gate_page *page, struct stauth_invite *invite,
	struct shown *ret_shown)
{
	char token[TOKEN_SIZE];
	read_token(page, token);
	*ret_shown = (struct shown){.fault_email = ""};
	if (token[0] == '\0') {
		if (!page->config->allow_user_sign_up) {
			gate_page_error(page, 404);
		}
		return page->config->allow_user_sign_up;
	}
	struct stauth_err err = {0};
	enum stauth_rc rc = stauth_invite_read(page->ctx, token, invite, &err);
	if (rc < 0) {
		gate_page_unavailable(page, &err);
	} else if (rc != STAUTH_OK) {
		gate_signup_uninvited(page);
	}
	ret_shown->invite = invite;
	return rc == STAUTH_OK;
}

static void show_opened(struct gate_page *page, int status)
{
	struct stauth_invite invite;
	struct shown shown;
	if (opened(page, &invite, &shown)) {
		show_form(page, status, &shown);
	}
}

void gate_signup_again(struct gate_page *page)
{
	show_opened(page, 403);
}

void gate_signup_restart(struct gate_page *page, const char *reason)
{
	if (!page->config->allow_user_sign_up) {
		gate_page_error(page, 404);
		return;
	}
	const struct shown shown = {.fault_email = ""};
	gate_page_only_message(page, STAUTH_ERROR, reason);
	show_form(page, 422, &shown);
}

void gate_signup_get(struct gate_page *page)
{
	page->summary = GATE_TEXT_SIGNUP_ASK;
	show_opened(page, 200);
}

/* 0, or a status and what is wrong. page->pre is the browser's then. */
static int start(struct gate_page *page, struct gate_newpass *new,
	const char **fault_email)
{
	struct gate_signup_browser browser;
	gate_signup_browser(page, page->pre, &browser);
	struct stauth_err err = {0};
	const struct stauth_signup_form form = {
		.email = gate_form_value(&page->request->form, "email"),
		.password = &new->secret,
		.invite = gate_form_value(&page->request->form, "invite"),
	};
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
		return gate_signin_throttled(page, refusal.wait_s);
	}
	if (rc == STAUTH_EXPIRED) {
		/* Somebody was quicker; nothing that is typed helps. */
		return 410;
	}
	if (refusal.field == STAUTH_SIGNUP_PASSWORD) {
		return gate_newpass_refuse(page, new, &err);
	}
	bool other = strcmp(err.msg, STAUTH_TEXT_INVITE_EMAIL) == 0;
	page->message_count = 0;
	return gate_page_fault(page, fault_email,
		other ? STAUTH_TEXT_INVITE_EMAIL : STAUTH_TEXT_EMAIL_BAD);
}

static void sign_up(
	struct gate_page *page, struct gate_newpass *new, struct shown *shown)
{
	int status = 0;
	if (gate_form_value(&page->request->form, "email")[0] == '\0') {
		status = gate_page_fault(
			page, &shown->fault_email, GATE_TEXT_EMAIL_EMPTY);
	}
	if (gate_newpass_take(page, new) != 0) {
		status = 422;
	}
	if (!gate_page_make_pre(page)) {
		return;
	}
	if (status == 0) {
		status = start(page, new, &shown->fault_email);
	}
	if (status == 410) {
		gate_signup_uninvited(page);
	} else if (status != 0) {
		shown->new = new;
		show_form(page, status, shown);
	} else {
		gate_page_set_cookie(page, GATE_COOKIE_PRE, page->pre, -1);
		gate_page_message(page, STAUTH_SUCCESS, GATE_TEXT_PIN_SENT,
			gate_form_value(&page->request->form, "email"));
		gate_page_redirect(page, "/auth/signup/verify");
	}
}

void gate_signup_post(struct gate_page *page)
{
	struct stauth_invite invite;
	struct shown shown;
	if (opened(page, &invite, &shown)) {
		struct gate_newpass new = {0};
		sign_up(page, &new, &shown);
		stauth_secret_wipe(&new.secret);
	}
}
