/* SPDX-License-Identifier: MIT */
/* How a page, a message for a script, or an error is put together. */
#include <stdio.h>
#include <string.h>

#include "embedded.h"
#include "page.h"
#include "route.h"
#include "text.h"

#include "base/banned.h"

#define STATIC_PREFIX "/auth/static/"

struct failure {
	int status;
	const char *title;
	const char *text;
};

static const struct failure failures[] = {
	{400, "This request is not understood", GATE_TEXT_HTTP_400},
	{403, "This is not allowed", GATE_TEXT_HTTP_403},
	{404, "There is no such page", GATE_TEXT_HTTP_404},
	{405, "This is not how to use this page", GATE_TEXT_HTTP_405},
	{411, "This request is not understood", GATE_TEXT_HTTP_400},
	{413, "This is too much", GATE_TEXT_HTTP_413},
	{415, "This request is not understood", GATE_TEXT_HTTP_415},
	{421, "This is another site", GATE_TEXT_HTTP_421},
	{500, "Something went wrong", STAUTH_TEXT_UNAVAILABLE},
	{503, "Please try again in a moment", STAUTH_TEXT_UNAVAILABLE},
};

#define FAILURE_COUNT (sizeof(failures) / sizeof(failures[0]))

/* The asset's address, into out. */
static void asset_url(const char *name, char *out, size_t out_size)
{
	out[0] = '\0';
	for (size_t i = 0; gate_assets[i].name != NULL; i++) {
		if (strcmp(gate_assets[i].name, name) == 0) {
			snprintf(out, out_size, STATIC_PREFIX "%s",
				gate_assets[i].served);
		}
	}
}

static bool render_messages(
	const struct gate_page *page, struct gate_html *html)
{
	for (size_t i = 0; i < page->message_count; i++) {
		const struct gate_message *message = &page->messages[i];
		bool bad = message->type == STAUTH_ERROR ||
			   message->type == STAUTH_WARNING;
		struct gate_view view = {0};
		gate_view_set(
			&view, "type", stauth_message_type_name(message->type));
		gate_view_set(&view, "text", message->text);
		gate_view_set(&view, "role", bad ? "alert" : "status");
		gate_view_set(&view, "first", i == 0 ? "1" : "");
		if (!gate_template_render("message", &view, html)) {
			return false;
		}
	}
	return true;
}

struct layout_urls {
	char css[80];
	char js[80];
	char icon[80];
	char theme[80];
};

static void fill_layout(const struct gate_page *page, struct gate_view *view,
	struct layout_urls *urls, int status, const char *title)
{
	const char *served = page->pages->theme.served;
	asset_url("stauth.css", urls->css, sizeof(urls->css));
	asset_url("stauth.js", urls->js, sizeof(urls->js));
	asset_url("favicon.svg", urls->icon, sizeof(urls->icon));
	urls->theme[0] = '\0';
	if (served[0] != '\0') {
		snprintf(urls->theme, sizeof(urls->theme), STATIC_PREFIX "%s",
			served);
	}
	gate_view_set(view, "css", urls->css);
	gate_view_set(view, "js", urls->js);
	gate_view_set(view, "icon", urls->icon);
	gate_view_set(view, "theme", urls->theme);
	gate_view_set(view, "brand", page->config->brand_name);
	gate_view_set(view, "title", title);
	gate_view_set(view, "secret_url",
		page->route != NULL && page->route->secret_url ? "1" : "");
	gate_view_set(view, "error", status >= 400 ? "1" : "");
}

static void show_html(
	struct gate_page *page, int status, const char *name, const char *title)
{
	struct gate_html messages;
	gate_html_init(&messages);
	struct gate_html content;
	gate_html_init(&content);
	struct gate_html whole;
	gate_html_init(&whole);

	gate_view_fragment(&page->view, "messages", &messages);
	gate_view_set(&page->view, "title", title);
	gate_view_set(&page->view, "csrf", page->csrf);
	struct gate_view layout = {0};
	struct layout_urls urls;
	fill_layout(page, &layout, &urls, status, title);
	gate_view_fragment(&layout, "content", &content);
	bool ok = render_messages(page, &messages) &&
		  gate_template_render(name, &page->view, &content) &&
		  gate_template_render("layout", &layout, &whole);
	stauth_buf_add_len(&page->response.body, stauth_buf_str(&whole.buf),
		whole.buf.len);
	page->response.body.failed = page->response.body.failed || !ok;
	page->response.status = status;
	page->response.content_type = "text/html; charset=utf-8";
	gate_html_finish(&messages);
	gate_html_finish(&content);
	gate_html_finish(&whole);
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
	struct gate_page *page, const char *route, const char *rd)
{
	struct stauth_buf url;
	stauth_buf_init(&url, 8192);
	stauth_buf_add(&url, route);
	if (strcmp(rd, "/") != 0) {
		stauth_buf_add(&url, "?rd=");
		stauth_buf_add_uri(&url, rd, strlen(rd));
	}
	gate_page_redirect(
		page, stauth_buf_ok(&url) ? stauth_buf_str(&url) : route);
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
