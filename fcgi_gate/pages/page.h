/* SPDX-License-Identifier: MIT */
#ifndef GATE_PAGE_H
#define GATE_PAGE_H

#include <stdatomic.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "auth/session.h"
#include "base/message.h"
#include "config/config.h"
#include "cookies.h"
#include "http/origin.h"
#include "request.h"
#include "response.h"
#include "template.h"
#include "theme.h"

#define GATE_CSRF_SIZE    STAUTH_B64URL_SIZE(STAUTH_SHA256_LEN)
#define GATE_MESSAGES_MAX 4
#define GATE_MESSAGE_SIZE 384

struct gate_io;

/* What a page worker has for all its requests. */
struct gate_pages {
	const struct stauth_config *config;
	struct stauth_ctx ctx;
	struct gate_request *request; /* one at a time */
	struct gate_theme theme;
	atomic_flag *host_logged; /* a foreign one was, by any worker */
};

struct gate_message {
	enum stauth_message_type type;
	char text[GATE_MESSAGE_SIZE];
};

/* What a page needs of the configuration. */
enum gate_needs {
	GATE_NEEDS_NOTHING,
	GATE_NEEDS_PUBLIC_URL, /* else 503 */
	GATE_NEEDS_MAIL,       /* PUBLIC_URL and a transport, else 503 */
	GATE_NEEDS_SIGN_UP,    /* sign-up on, else 404; and mail */
};

/* One request on its way to an answer. */
struct gate_page {
	struct gate_pages *pages;
	const struct stauth_config *config;
	struct stauth_ctx *ctx;
	struct gate_io *io;
	struct gate_request *request;
	struct gate_response response;
	const char *route; /* "" there is none */
	bool secret_url;   /* the query holds a secret: send no Referer */
	struct gate_origin origin;
	struct gate_cookies cookies;
	int64_t now_s;
	struct stauth_session session; /* of gate_page_session */
	bool signed_in;
	char pre[GATE_PRE_SIZE]; /* of the forms of this answer */
	char csrf[GATE_CSRF_SIZE];
	struct gate_message messages[GATE_MESSAGES_MAX];
	size_t message_count;
	bool faults_only;    /* HTML shows the faults at their fields */
	const char *summary; /* for a script, where no message says more */
	bool wide;           /* a page of the administration */
	const char *refresh; /* seconds until the page loads again; "" never */
	struct gate_view view;
	char remember_days[16];
	char min_length[16];
};

void gate_page_init(
	struct gate_page *page, struct gate_pages *pages, struct gate_io *io);
void gate_page_finish(struct gate_page *page);

/* For the person at the browser; the same text twice is shown once. */
void gate_page_message(struct gate_page *page, enum stauth_message_type type,
	const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same in place of all messages so far. */
void gate_page_only_message(struct gate_page *page,
	enum stauth_message_type type, const char *text);
/* What is wrong with a field: *ret_fault for the form, a message for a
 * script. Returns 422. text is borrowed. */
int gate_page_fault(
	struct gate_page *page, const char **ret_fault, const char *text);
/* The domain's messages become the page's. */
stauth_message_fn gate_page_on_message;

void gate_page_set_cookie(struct gate_page *page, enum gate_cookie_kind kind,
	const char *value, int64_t max_age_s);
/* 503 or 429: when to come again. */
void gate_page_retry_after(struct gate_page *page, int64_t seconds);

/* Reads the visitor's live session into page->session; NOTFOUND. */
enum stauth_rc gate_page_session(
	struct gate_page *page, struct stauth_err *err);
/* Is the user of this session a superuser? su stands first in the groups. */
bool gate_is_superuser(const struct stauth_session *session);
/* The visitor himself, for the audit. Borrowed from page. */
struct stauth_actor gate_page_actor(const struct gate_page *page);

/* What is missing for it, as a message; NULL: nothing. */
const char *gate_page_missing(
	const struct stauth_config *config, enum gate_needs needs);
/* May a page link to what needs this? */
bool gate_page_offers(const struct gate_page *page, enum gate_needs needs);

#endif
