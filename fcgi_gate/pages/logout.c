/* SPDX-License-Identifier: MIT */
/*
 * 1. A GET MUST act only as a navigation of the top window that our own site
 *    or the person began: not HEAD, not an image, frame, fetch or prefetch.
 *    Everything else gets a page with one button, and so does the way back
 *    from a page of ours: rd may lead here, but nobody asks for that.
 * 2. The row MUST go first, then the cookie: who reads that the session is
 *    ended can rely on it.
 * 3. Without a session the answer MUST be the same.
 */
#include <string.h>

#include "csrf.h"
#include "route.h"
#include "show.h"
#include "text.h"

#include "base/banned.h"

static bool one_of(const char *value, const char *a, const char *b)
{
	return strcmp(value, a) == 0 || strcmp(value, b) == 0;
}

/* Of this site, or Sec-Fetch-Site would say so. */
static bool comes_from_our_pages(const char *referer)
{
	static const char ours[] = "/auth/";
	const char *host = strstr(referer, "://");
	const char *path = host != NULL ? strpbrk(host + 3, "/?#") : NULL;
	return path != NULL && strncmp(path, ours, sizeof(ours) - 1) == 0;
}

static bool is_navigation(const struct gate_request *request)
{
	return request->method == GATE_METHOD_GET &&
	       one_of(request->fetch_site, "same-origin", "none") &&
	       one_of(request->fetch_mode, "", "navigate") &&
	       one_of(request->fetch_dest, "", "document") &&
	       !comes_from_our_pages(request->referer) &&
	       !gate_request_prefetch(request);
}

/* The way out, also where there is nothing to sign out of. */
static void to_signed_out(struct gate_page *page)
{
	gate_page_only_message(page, STAUTH_SUCCESS, GATE_TEXT_SIGNED_OUT);
	gate_page_redirect(page, "/auth/login?out=1");
}

static void log_out(struct gate_page *page)
{
	struct stauth_err err = {0};
	struct stauth_actor actor = gate_page_actor(page);
	if (page->cookies.session[0] != '\0' &&
		stauth_session_logout(
			page->ctx, page->cookies.session, &actor, &err) < 0) {
		gate_page_unavailable(page, &err);
		return;
	}
	gate_page_set_cookie(page, GATE_COOKIE_SESSION, "", 0);
	if (!gate_page_renew_pre(page, GATE_PRE_PLAIN)) {
		return;
	}
	gate_response_header(&page->response, "Clear-Site-Data", "\"cache\"");
	to_signed_out(page);
}

static void show_button(struct gate_page *page, int status)
{
	if (gate_page_form(page)) {
		page->summary = GATE_TEXT_ASK_LOGOUT;
		gate_page_show(page, status, "logout", GATE_TITLE_SIGN_OUT);
	}
}

/* Who has no session is signed out: a form that is older than that needs no
 * second try. */
static void show_or_done(struct gate_page *page, int status)
{
	struct stauth_err err = {0};
	if (gate_page_session(page, &err) < 0) {
		gate_page_unavailable(page, &err);
	} else if (page->signed_in) {
		show_button(page, status);
	} else {
		to_signed_out(page);
	}
}

void gate_logout_again(struct gate_page *page)
{
	show_or_done(page, 403);
}

void gate_logout_get(struct gate_page *page)
{
	if (is_navigation(page->request)) {
		log_out(page);
	} else {
		show_or_done(page, 200);
	}
}

void gate_logout_post(struct gate_page *page)
{
	log_out(page);
}
