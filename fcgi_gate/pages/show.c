/* SPDX-License-Identifier: MIT */
/* How a page, a message for a script, or an error is put together; and the
 * pages' own files, whose names hold the hash of their content, so that they
 * may be kept for ever. */
#include "show.h"

#include <stdio.h>
#include <string.h>

#include "embedded.h"
#include "log.h"
#include "text.h"

#include "base/banned.h"

#define RETRY_AFTER_S 5
#define REDIRECT_MAX  8192

struct failure {
	int status;
	const char *title;
	const char *text;
};

static const struct failure failures[] = {
	{400, GATE_TITLE_BAD_REQUEST, GATE_TEXT_HTTP_400},
	{403, GATE_TITLE_FORBIDDEN, GATE_TEXT_HTTP_403},
	{404, GATE_TITLE_NOT_FOUND, GATE_TEXT_HTTP_404},
	{405, GATE_TITLE_BAD_REQUEST, GATE_TEXT_HTTP_405},
	{411, GATE_TITLE_BAD_REQUEST, GATE_TEXT_HTTP_400},
	{413, GATE_TITLE_TOO_LARGE, GATE_TEXT_HTTP_413},
	{415, GATE_TITLE_BAD_REQUEST, GATE_TEXT_HTTP_415},
	{500, GATE_TITLE_FAILED, STAUTH_TEXT_UNAVAILABLE},
	{503, GATE_TITLE_UNAVAILABLE, STAUTH_TEXT_UNAVAILABLE},
};

#define FAILURE_COUNT (sizeof(failures) / sizeof(failures[0]))

/* The name under which an asset is served. */
static const char *served(const char *name)
{
	for (size_t i = 0; gate_assets[i].name != NULL; i++) {
		if (strcmp(gate_assets[i].name, name) == 0) {
			return gate_assets[i].served;
		}
	}
	return "";
}

static bool is_fault(const struct gate_message *message)
{
	return message != NULL && (message->type == STAUTH_ERROR ||
					  message->type == STAUTH_WARNING);
}

static void set_message(void *user, size_t i, struct gate_view *row)
{
	const struct gate_page *page = user;
	const struct gate_message *message = &page->messages[i];
	bool bad = is_fault(message);
	gate_view_set(row, "type", stauth_message_type_name(message->type));
	gate_view_set(row, "text", message->text);
	gate_view_set(row, "role", bad ? "alert" : "status");
	gate_view_set(row, "first", i == 0 ? "1" : "");
	gate_view_set(row, "focus", bad ? "1" : "");
}

/* The message that matters most, and if there are two, the first. */
static const struct gate_message *gravest(const struct gate_page *page)
{
	const struct gate_message *found = NULL;
	for (size_t i = 0; i < page->message_count; i++) {
		if (found == NULL || page->messages[i].type > found->type) {
			found = &page->messages[i];
		}
	}
	return found;
}

static void show_html(
	struct gate_page *page, int status, const char *name, const char *title)
{
	struct gate_view *view = &page->view;
	const struct gate_list messages = {
		.count = page->faults_only ? 0 : page->message_count,
		.set_row = set_message,
		.user = page,
	};
	view->content = name;
	gate_view_set_list(view, "messages", &messages);
	gate_view_set(view, "css", served("stauth.css"));
	gate_view_set(view, "wide", page->wide ? "1" : "");
	gate_view_set(view, "admin_css", served("admin.css"));
	gate_view_set(view, "js", served("stauth.js"));
	gate_view_set(view, "sender", served("sender.js"));
	gate_view_set(view, "icon", served("favicon.svg"));
	gate_view_set(view, "theme", page->pages->theme.css.served);
	gate_view_set(view, "logo", page->pages->theme.logo.served);
	gate_view_set(view, "help", page->config->help_text);
	gate_view_set(view, "brand", page->config->brand_name);
	gate_view_set(view, "title", title);
	gate_view_set(view, "csrf", page->csrf);
	gate_view_set(view, "refresh", page->refresh);
	gate_view_set(view, "secret_url", page->secret_url ? "1" : "");
	gate_view_set(view, "error",
		status >= 400 && is_fault(gravest(page)) ? "1" : "");
	gate_template_render("layout", view, &page->response.body);
	page->response.status = status;
	page->response.content_type = "text/html; charset=utf-8";
}

static void show_json(struct gate_page *page, int status,
	enum stauth_message_type type, const char *text, const char *next)
{
	const struct gate_message *message = gravest(page);
	struct stauth_buf *body = &page->response.body;
	stauth_buf_add(body, "{\"type\":");
	stauth_buf_add_json(
		body, stauth_message_type_name(
			      message != NULL ? message->type : type));
	stauth_buf_add(body, ",\"message\":");
	stauth_buf_add_json(body, message != NULL ? message->text : text);
	if (next != NULL) {
		stauth_buf_add(body, ",\"next\":");
		stauth_buf_add_json(body, next);
	}
	if (next == NULL && page->csrf[0] != '\0') {
		stauth_buf_add(body, ",\"csrf\":");
		stauth_buf_add_json(body, page->csrf);
	}
	stauth_buf_add(body, "}");
	page->response.status = status;
	page->response.content_type = "application/json";
}

void gate_page_show(
	struct gate_page *page, int status, const char *name, const char *title)
{
	if (gate_request_wants_json(page->request)) {
		show_json(page, status,
			status >= 400 ? STAUTH_ERROR : STAUTH_INFO,
			page->summary != NULL ? page->summary : title, NULL);
	} else {
		show_html(page, status, name, title);
	}
}

void gate_page_note(
	struct gate_page *page, const struct gate_note *notes, size_t count)
{
	char done[16];
	gate_query_value(page->request->query, "done", done, sizeof(done));
	for (size_t i = 0; i < count; i++) {
		if (strcmp(notes[i].name, done) == 0) {
			gate_page_message(
				page, notes[i].type, "%s", notes[i].text);
		}
	}
}

void gate_page_redirect(struct gate_page *page, const char *location)
{
	if (gate_request_wants_json(page->request)) {
		show_json(page, 200, STAUTH_SUCCESS, GATE_TEXT_CONTINUE,
			location);
		return;
	}
	page->response.status = 303;
	gate_response_header(&page->response, "Location", location);
}

void gate_page_redirect_with_rd(
	struct gate_page *page, const char *path, const char *rd)
{
	struct stauth_buf url;
	stauth_buf_init(&url, REDIRECT_MAX);
	stauth_buf_add(&url, path);
	if (strcmp(rd, "/") != 0) {
		stauth_buf_add(&url, strchr(path, '?') != NULL ? "&" : "?");
		stauth_buf_add(&url, "rd=");
		stauth_buf_add_uri(&url, rd, strlen(rd));
	}
	gate_page_redirect(
		page, stauth_buf_ok(&url) ? stauth_buf_str(&url) : path);
	stauth_buf_finish(&url);
}

void gate_page_error(struct gate_page *page, int status)
{
	const struct failure *failure = &failures[0];
	for (size_t i = 0; i < FAILURE_COUNT; i++) {
		if (failures[i].status == status) {
			failure = &failures[i];
		}
	}
	if (page->message_count == 0) {
		gate_page_message(page, STAUTH_ERROR, "%s", failure->text);
	}
	/* An error page holds no form, so it needs no token. */
	page->csrf[0] = '\0';
	gate_page_show(page, status, "error", failure->title);
}

void gate_page_unavailable(struct gate_page *page, const struct stauth_err *err)
{
	gate_log("pages: %s: %s: %s",
		page->route[0] != '\0' ? page->route : "-",
		stauth_rc_name(err->rc), err->msg);
	/* What was begun may promise what did not happen. */
	page->message_count = 0;
	gate_response_reset(&page->response);
	gate_page_retry_after(page, RETRY_AFTER_S);
	gate_page_error(page, 503);
}

static void serve(
	struct gate_page *page, const char *type, const char *data, size_t len)
{
	page->response.status = 200;
	page->response.keep = true;
	page->response.content_type = type;
	stauth_buf_add_len(&page->response.body, data, len);
}

void gate_static_get(struct gate_page *page)
{
	const char *name = page->request->path + strlen(page->route);
	for (size_t i = 0; gate_assets[i].name != NULL; i++) {
		const struct gate_embedded *asset = &gate_assets[i];
		if (strcmp(asset->served, name) == 0) {
			serve(page, asset->type, asset->data, asset->len);
			page->response.may_connect =
				strcmp(asset->name, "sender.js") == 0;
			return;
		}
	}
	const struct gate_theme *theme = &page->pages->theme;
	const struct gate_made_file *made[] = {&theme->css, &theme->logo};
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		if (name[0] != '\0' && strcmp(made[i]->served, name) == 0) {
			serve(page, made[i]->type, made[i]->data.data,
				made[i]->data.len);
			return;
		}
	}
	gate_page_error(page, 404);
}
