/* SPDX-License-Identifier: MIT */
#include "page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "log.h"
#include "route.h"
#include "text.h"

#include "base/banned.h"

#define RETRY_AFTER_S  5
#define SET_COOKIE_MAX 512

void gate_page_on_message(
	enum stauth_message_type type, const char *message, void *user)
{
	/* A warning is for the administrator. */
	if (type == STAUTH_WARNING) {
		gate_log("pages: %s", message);
	} else {
		gate_page_message(user, type, "%s", message);
	}
}

void gate_page_init(
	struct gate_page *page, struct gate_pages *pages, struct gate_io *io)
{
	*page = (struct gate_page){
		.pages = pages,
		.config = pages->config,
		.ctx = &pages->ctx,
		.io = io,
		.request = pages->request,
	};
	gate_response_init(&page->response);
	page->ctx->messages = (struct stauth_messages){
		.say = gate_page_on_message,
		.user = page,
	};
	snprintf(page->remember_days, sizeof(page->remember_days), "%d",
		page->config->remember_days);
	snprintf(page->min_length, sizeof(page->min_length), "%d",
		page->config->password_min_length);
}

void gate_page_finish(struct gate_page *page)
{
	page->ctx->messages = (struct stauth_messages){0};
	gate_response_finish(&page->response);
	stauth_wipe(page, sizeof(*page));
}

void gate_page_message(struct gate_page *page, enum stauth_message_type type,
	const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char text[GATE_MESSAGE_SIZE];
	int made = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (size_t i = 0; i < page->message_count; i++) {
		if (strcmp(page->messages[i].text, text) == 0) {
			return;
		}
	}
	if (made < 0 || page->message_count == GATE_MESSAGES_MAX) {
		return;
	}
	struct gate_message *message = &page->messages[page->message_count++];
	message->type = type;
	memcpy(message->text, text, sizeof(text));
}

void gate_page_set_cookie(struct gate_page *page, enum gate_cookie_kind cookie,
	const char *value, int64_t max_age_s)
{
	struct stauth_buf line;
	stauth_buf_init(&line, SET_COOKIE_MAX);
	gate_cookie_write(&line, page->config, cookie, value, max_age_s,
		page->origin.https);
	if (!stauth_buf_ok(&line)) {
		page->response.headers.failed = true;
	}
	gate_response_header(
		&page->response, "Set-Cookie", stauth_buf_str(&line));
	if (line.data != NULL) {
		stauth_wipe(line.data, line.cap);
	}
	stauth_buf_finish(&line);
}

void gate_page_set_pre(struct gate_page *page, const char *token, char mark)
{
	if (mark != GATE_PRE_PLAIN) {
		snprintf(page->pre, sizeof(page->pre), "%s%c%lld", token, mark,
			(long long)page->now_s);
	} else {
		snprintf(page->pre, sizeof(page->pre), "%s", token);
	}
	gate_page_set_cookie(page, GATE_COOKIE_PRE, page->pre, -1);
}

static bool random_token(
	struct gate_page *page, char token[STAUTH_TOKEN_LEN + 1])
{
	struct stauth_err err = {0};
	if (stauth_random_token(page->ctx->random, token, &err) == STAUTH_OK) {
		return true;
	}
	gate_page_unavailable(page, &err);
	return false;
}

bool gate_page_make_pre(struct gate_page *page)
{
	return random_token(page, page->pre);
}

bool gate_page_renew_pre(struct gate_page *page, char mark)
{
	char token[STAUTH_TOKEN_LEN + 1];
	if (!random_token(page, token)) {
		return false;
	}
	gate_page_set_pre(page, token, mark);
	return true;
}

bool gate_page_form(struct gate_page *page)
{
	if (page->csrf[0] != '\0') {
		return true;
	}
	const struct stauth_keys *keys = NULL;
	struct stauth_err err = {0};
	if (stauth_ctx_keys(page->ctx, &keys, &err) != STAUTH_OK) {
		gate_page_unavailable(page, &err);
		return false;
	}
	if (page->cookies.pre_twice) {
		/* Ours cannot take the place of another domain's: each form
		 * would be refused, and only the person can help it. */
		gate_page_message(page, STAUTH_ERROR, GATE_TEXT_TWO_COOKIES);
	}
	if (page->cookies.pre[0] != '\0') {
		memcpy(page->pre, page->cookies.pre, sizeof(page->pre));
	} else if (!gate_page_renew_pre(page, GATE_PRE_PLAIN)) {
		return false;
	}
	if (!gate_csrf_make(keys, page->pre, page->now_s, page->csrf)) {
		stauth_fail(&err, STAUTH_ECRYPTO, "no HMAC for a form");
		gate_page_unavailable(page, &err);
		return false;
	}
	return true;
}

void gate_page_retry_after(struct gate_page *page, int64_t seconds)
{
	char text[24];
	snprintf(text, sizeof(text), "%lld",
		(long long)(seconds > 0 ? seconds : 1));
	gate_response_header(&page->response, "Retry-After", text);
}

void gate_page_unavailable(struct gate_page *page, const struct stauth_err *err)
{
	gate_log("pages: %s: %s: %s",
		page->route != NULL ? page->route->path : "-",
		stauth_rc_name(err->rc), err->msg);
	/* What was begun may promise what did not happen. */
	page->message_count = 0;
	gate_response_reset(&page->response);
	gate_page_retry_after(page, RETRY_AFTER_S);
	gate_page_error(page, 503);
}

enum stauth_rc gate_page_session(struct gate_page *page,
	struct stauth_session *ret_session, struct stauth_err *err)
{
	if (page->cookies.session[0] == '\0') {
		return STAUTH_NOTFOUND;
	}
	return stauth_session_by_token(
		page->ctx, page->cookies.session, ret_session, err);
}

struct stauth_actor gate_page_actor(const struct gate_page *page)
{
	return (struct stauth_actor){
		.name = "",
		.channel = "web",
		.address = page->request->address,
	};
}
