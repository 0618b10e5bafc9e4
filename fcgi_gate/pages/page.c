/* SPDX-License-Identifier: MIT */
#include "page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "log.h"
#include "text.h"

#include "base/banned.h"

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
		.route = "",
		.refresh = "",
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

void gate_page_only_message(
	struct gate_page *page, enum stauth_message_type type, const char *text)
{
	page->message_count = 0;
	gate_page_message(page, type, "%s", text);
}

int gate_page_fault(
	struct gate_page *page, const char **ret_fault, const char *text)
{
	*ret_fault = text;
	page->faults_only = true;
	gate_page_message(page, STAUTH_ERROR, "%s", text);
	return 422;
}

void gate_page_set_cookie(struct gate_page *page, enum gate_cookie_kind kind,
	const char *value, int64_t max_age_s)
{
	const struct gate_set_cookie cookie = {
		.kind = kind,
		.value = value,
		.max_age_s = max_age_s,
		.https = page->origin.https,
	};
	struct stauth_buf line;
	stauth_buf_init(&line, SET_COOKIE_MAX);
	gate_cookie_write(&line, page->config, &cookie);
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

void gate_page_retry_after(struct gate_page *page, int64_t seconds)
{
	char text[24];
	snprintf(text, sizeof(text), "%lld",
		(long long)(seconds > 0 ? seconds : 1));
	gate_response_header(&page->response, "Retry-After", text);
}

enum stauth_rc gate_page_session(struct gate_page *page, struct stauth_err *err)
{
	if (page->cookies.session[0] == '\0') {
		return STAUTH_NOTFOUND;
	}
	enum stauth_rc rc = stauth_session_by_token(
		page->ctx, page->cookies.session, &page->session, err);
	page->signed_in = rc == STAUTH_OK;
	return rc;
}

bool gate_is_superuser(const struct stauth_session *session)
{
	return strncmp(session->groups, "su", 2) == 0 &&
	       (session->groups[2] == '\0' || session->groups[2] == ',');
}

struct stauth_actor gate_page_actor(const struct gate_page *page)
{
	return (struct stauth_actor){
		.name = "",
		.channel = "web",
		.address = page->request->address,
	};
}

const char *gate_page_missing(
	const struct stauth_config *config, enum gate_needs needs)
{
	if (needs == GATE_NEEDS_NOTHING) {
		return NULL;
	}
	if (config->public_url_count == 0) {
		return GATE_TEXT_NO_PUBLIC_URL;
	}
	return needs != GATE_NEEDS_PUBLIC_URL &&
			       config->mail_transport == STAUTH_TRANSPORT_NONE
		       ? GATE_TEXT_NO_MAIL
		       : NULL;
}

bool gate_page_offers(const struct gate_page *page, enum gate_needs needs)
{
	return gate_page_missing(page->config, needs) == NULL &&
	       (needs != GATE_NEEDS_SIGN_UP ||
		       page->config->allow_user_sign_up);
}
