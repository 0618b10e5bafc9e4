/* SPDX-License-Identifier: MIT */
#ifndef GATE_PAGE_H
#define GATE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "auth/session.h"
#include "cookies.h"
#include "csrf.h"
#include "http/origin.h"
#include "request.h"
#include "response.h"
#include "store/records.h"
#include "template.h"
#include "theme.h"

#define GATE_MESSAGES_MAX 4
#define GATE_MESSAGE_SIZE 384

struct gate_io;
struct gate_route;

/* What a page worker has for all its requests. */
struct gate_pages {
	const struct stauth_config *config;
	struct stauth_ctx ctx;
	struct gate_request *request; /* one at a time */
	struct gate_theme theme;
};

struct gate_message {
	enum stauth_message_type type;
	char text[GATE_MESSAGE_SIZE];
};

/* One request on its way to an answer. */
struct gate_page {
	struct gate_pages *pages;
	const struct stauth_config *config;
	struct stauth_ctx *ctx;
	struct gate_io *io;
	struct gate_request *request;
	struct gate_response response;
	const struct gate_route *route;
	struct gate_origin origin;
	struct gate_cookies cookies;
	int64_t now_s;
	char pre[GATE_PRE_SIZE]; /* of the forms of this answer */
	char csrf[GATE_CSRF_SIZE];
	struct gate_message messages[GATE_MESSAGES_MAX];
	size_t message_count;
	const char *summary; /* for a script, where no message says more */
	struct gate_view view;
	char remember_days[16];
	char min_length[16];
};

void gate_page_init(
	struct gate_page *page, struct gate_pages *pages, struct gate_io *io);
void gate_page_finish(struct gate_page *page);

/* For the person before the browser; the same words twice are said once. */
void gate_page_message(struct gate_page *page, enum stauth_message_type type,
	const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* What the domain has to say lands there too. */
stauth_message_fn gate_page_on_message;

/*
 * Readies page->csrf, and sets the pre-cookie where the browser has none.
 * false: it could not, and the answer is made (503).
 */
bool gate_page_form(struct gate_page *page);
/* A new pre-cookie, into page->pre alone; false as above. */
bool gate_page_make_pre(struct gate_page *page);
/* The same, and to the browser. mark: GATE_PRE_PLAIN, or what made it. */
bool gate_page_renew_pre(struct gate_page *page, char mark);
/* Of a token that was made before. */
void gate_page_set_pre(struct gate_page *page, const char *token, char mark);
void gate_page_set_cookie(struct gate_page *page, enum gate_cookie_kind cookie,
	const char *value, int64_t max_age_s);

/* Answers with a page (templates/NAME.html in the layout), or with its
 * message for who wants JSON. */
void gate_page_show(struct gate_page *page, int status, const char *name,
	const char *title);
/* Answers 303, or 200 with "next" for a script, which cannot see a 303. */
void gate_page_redirect(struct gate_page *page, const char *location);
/* Answers with the plain error page of this status. */
void gate_page_error(struct gate_page *page, int status);
/* Answers 503 for a question that could not be answered; logs why. */
void gate_page_unavailable(
	struct gate_page *page, const struct stauth_err *err);
/* 503 or 429: when to come again. */
void gate_page_retry_after(struct gate_page *page, int64_t seconds);

/* The visitor's live session; NOTFOUND. */
enum stauth_rc gate_page_session(struct gate_page *page,
	struct stauth_session *ret_session, struct stauth_err *err);
/* The visitor himself, for the audit. Borrowed from page. */
struct stauth_actor gate_page_actor(const struct gate_page *page);

/* The same to route?rd=..., or to route alone where rd is "/". */
void gate_page_redirect_with_rd(
	struct gate_page *page, const char *route, const char *rd);

#endif
