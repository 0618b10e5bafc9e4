/* SPDX-License-Identifier: MIT */
/*
 * The second half of a sign-up: the PIN that was mailed.
 *
 * 1. A GET MUST change nothing, and lead back where nothing is waited for.
 * 2. A wrong PIN is 401 with the form and the tries that are left; one that
 *    is spent or has expired is 422, with a new one a click away.
 * 3. Success MUST give a session, a device and a new pre-cookie, like any
 *    log-in; who is signed in already is not asked to start again.
 */
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "csrf.h"
#include "route.h"
#include "show.h"
#include "signin.h"
#include "signup.h"
#include "text.h"

#include "base/banned.h"

#define VERIFY_PATH "/auth/signup/verify"
#define PIN_TRIES   5
#define MINUTES_S   120 /* longer waits are shown in minutes */

struct texts {
	char tries[32];
	char wait[32];
	char wait_s[24];
	char minutes[16];
	char summary[GATE_MESSAGE_SIZE];
};

static void wait_words(int64_t wait_s, char *out, size_t out_size)
{
	if (wait_s >= MINUTES_S) {
		snprintf(out, out_size, "%lld minutes",
			(long long)((wait_s + 59) / 60));
	} else {
		snprintf(out, out_size, "%lld second%s", (long long)wait_s,
			wait_s == 1 ? "" : "s");
	}
}

static void fill_view(struct gate_page *page, int status,
	const struct stauth_signup_state *seen, struct texts *texts)
{
	struct gate_view *view = &page->view;
	*texts = (struct texts){0};
	/* A wrong one is in the message already. */
	if (status != 401 && seen->pin_live && seen->tries_left < PIN_TRIES) {
		snprintf(texts->tries, sizeof(texts->tries),
			"%d attempt%s left", seen->tries_left,
			STAUTH_PLURAL(seen->tries_left));
	}
	if (seen->resend_in_s > 0) {
		wait_words(seen->resend_in_s, texts->wait, sizeof(texts->wait));
	}
	snprintf(texts->wait_s, sizeof(texts->wait_s), "%lld",
		(long long)seen->resend_in_s);
	snprintf(texts->minutes, sizeof(texts->minutes), "%d",
		page->config->signup_pin_expiry_minutes);
	snprintf(texts->summary, sizeof(texts->summary), GATE_TEXT_PIN_SENT,
		seen->email);
	gate_view_set(view, "email", seen->email);
	gate_view_set(view, "live", seen->pin_live ? "1" : "");
	gate_view_set(view, "tries", texts->tries);
	gate_view_set(view, "minutes", texts->minutes);
	gate_view_set(view, "wait", texts->wait);
	gate_view_set(view, "wait_s", texts->wait_s);
	gate_view_set(view, "quiet",
		seen->pin_live || seen->resend_in_s > 0 ? "1" : "");
	gate_view_set(view, "wrong", status == 401 ? "1" : "");
	gate_view_set(view, "fresh",
		page->message_count == 0 || status < 400 ? "1" : "");
}

static void show(struct gate_page *page, int status,
	const struct stauth_signup_state *seen)
{
	if (!gate_page_form(page)) {
		return;
	}
	struct texts texts;
	fill_view(page, status, seen, &texts);
	page->summary = texts.summary;
	gate_page_show(page, status, "verify", GATE_TITLE_CHECK_MAIL);
	page->summary = NULL;
}

/* Nothing is waited for: the account may have been made a moment ago. */
static void lead_away(struct gate_page *page, int status)
{
	struct stauth_err err = {0};
	if (gate_page_session(page, &err) < 0) {
		gate_page_unavailable(page, &err);
	} else if (page->signed_in) {
		gate_page_only_message(
			page, STAUTH_SUCCESS, GATE_TEXT_SIGNED_IN);
		gate_page_redirect(page, "/");
	} else if (!page->config->allow_user_sign_up) {
		gate_page_error(page, 404);
	} else if (status == 200) {
		gate_page_message(page, STAUTH_INFO, GATE_TEXT_PIN_ELSEWHERE);
		gate_page_redirect(page, "/auth/signup");
	} else {
		gate_signup_restart(page, GATE_TEXT_SIGNUP_NOT_FOUND);
	}
}

static void say_state(
	struct gate_page *page, const struct stauth_signup_state *seen)
{
	char sent[8];
	gate_query_value(page->request->query, "sent", sent, sizeof(sent));
	if (!seen->pin_live) {
		gate_page_message(page, STAUTH_WARNING, GATE_TEXT_PIN_EXPIRED);
	} else if (strcmp(sent, "1") == 0 && seen->resend_in_s > 0) {
		gate_page_message(
			page, STAUTH_SUCCESS, GATE_TEXT_PIN_SENT_AGAIN);
	}
}

/* The page as it stands. status: 200, or that of what was refused. */
static void look(struct gate_page *page, int status)
{
	struct gate_signup_browser browser;
	gate_signup_browser(page, page->cookies.pre, &browser);
	struct stauth_signup_state seen = {0};
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_signup_status(page->ctx, &browser.who, &seen, &err);
	stauth_wipe_array(browser.flow);
	if (rc < 0) {
		gate_page_unavailable(page, &err);
	} else if (rc != STAUTH_OK) {
		lead_away(page, status);
	} else if (seen.waits) {
		gate_page_only_message(
			page, STAUTH_INFO, STAUTH_TEXT_SIGNUP_WAITS);
		gate_page_show(page, 200, "error", GATE_TITLE_SIGNUP_WAITS);
	} else {
		if (status == 200) {
			say_state(page, &seen);
		}
		show(page, status, &seen);
	}
}

void gate_verify_get(struct gate_page *page)
{
	look(page, 200);
}

void gate_verify_again(struct gate_page *page)
{
	look(page, 403);
}

/* Says it in place of what the domain said. */
static int refuse(struct gate_page *page, int status, const char *text)
{
	page->message_count = 0;
	gate_page_message(page, STAUTH_ERROR, "%s", text);
	return status;
}

static int refuse_resend(struct gate_page *page, int64_t wait_s)
{
	wait_s = wait_s > 0 ? wait_s : 1;
	char words[32];
	wait_words(wait_s, words, sizeof(words));
	char text[GATE_MESSAGE_SIZE];
	snprintf(text, sizeof(text), GATE_TEXT_PIN_WAIT, words);
	gate_page_retry_after(page, wait_s);
	return refuse(page, 429, text);
}

static int refuse_wrong(struct gate_page *page, int tries_left)
{
	if (tries_left <= 0) {
		return refuse(page, 401, GATE_TEXT_PIN_LAST);
	}
	char text[GATE_MESSAGE_SIZE];
	snprintf(text, sizeof(text), GATE_TEXT_PIN_WRONG, tries_left,
		STAUTH_PLURAL(tries_left));
	return refuse(page, 401, text);
}

/* The account is made; without a session it is there all the same. */
static void enter(struct gate_page *page, struct stauth_login *login)
{
	if (gate_signin_open(page, login, false) == 0) {
		gate_page_only_message(
			page, STAUTH_SUCCESS, GATE_TEXT_SIGNED_IN);
		gate_page_redirect(page, "/");
	} else {
		gate_response_reset(&page->response);
		gate_page_only_message(
			page, STAUTH_SUCCESS, GATE_TEXT_SIGNUP_READY);
		gate_page_redirect(page, "/auth/login?ready=1");
	}
}

static void judge(struct gate_page *page, enum stauth_rc rc,
	struct stauth_login *login, int tries_left,
	const struct stauth_err *err)
{
	if (rc < 0) {
		look(page, gate_signin_unavailable(page, err));
	} else if (rc == STAUTH_OK) {
		enter(page, login);
	} else if (rc == STAUTH_PENDING) {
		look(page, 200);
	} else if (rc == STAUTH_REFUSED) {
		gate_signup_uninvited(page);
	} else if (rc == STAUTH_BADVALUE) {
		look(page, refuse_wrong(page, tries_left));
	} else if (rc == STAUTH_THROTTLED) {
		page->message_count = 0;
		look(page, gate_signin_throttled(page, login->wait_s));
	} else if (rc == STAUTH_EXISTS) {
		gate_signup_restart(page, GATE_TEXT_SIGNUP_EXISTS);
	} else if (rc == STAUTH_EXPIRED) {
		look(page, refuse(page, 422, GATE_TEXT_PIN_EXPIRED));
	} else {
		lead_away(page, 422);
	}
}

void gate_verify_post(struct gate_page *page)
{
	char pin[GATE_PIN_SIZE];
	gate_read_pin(gate_form_value(&page->request->form, "pin"), pin);
	struct gate_signup_browser browser;
	gate_signup_browser(page, page->cookies.pre, &browser);
	struct stauth_login login = {0};
	struct stauth_err err = {0};
	struct stauth_signup_attempt attempt = {.pin = pin};
	enum stauth_rc rc = stauth_signup_verify(
		page->ctx, &browser.who, &attempt, &login, &err);
	stauth_wipe_array(browser.flow);
	stauth_wipe_array(pin);
	judge(page, rc, &login, attempt.tries_left, &err);
	stauth_login_finish(&login);
}

void gate_resend_post(struct gate_page *page)
{
	struct gate_signup_browser browser;
	gate_signup_browser(page, page->cookies.pre, &browser);
	struct stauth_err err = {0};
	int64_t wait_s = 0;
	enum stauth_rc rc =
		stauth_signup_resend(page->ctx, &browser.who, &wait_s, &err);
	stauth_wipe_array(browser.flow);
	if (rc < 0) {
		look(page, gate_signin_unavailable(page, &err));
	} else if (rc == STAUTH_THROTTLED) {
		look(page, refuse_resend(page, wait_s));
	} else if (rc == STAUTH_PENDING) {
		look(page, 200);
	} else if (rc != STAUTH_OK) {
		lead_away(page, 422);
	} else {
		gate_page_only_message(
			page, STAUTH_SUCCESS, GATE_TEXT_PIN_SENT_AGAIN);
		gate_page_redirect(page, VERIFY_PATH "?sent=1");
	}
}
