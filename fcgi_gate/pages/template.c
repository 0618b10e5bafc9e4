/* SPDX-License-Identifier: MIT */
#include "template.h"

#include <string.h>

#include "embedded.h"

#include "base/banned.h"

#define DEPTH_MAX 8
#define KEY_SIZE  32

struct cursor {
	const char *at;
	const char *end;
	const struct gate_view *view;
	struct stauth_buf *out;
	int depth;
};

struct tag {
	char kind; /* '#' '^' '/' '>' or ' ' for a value */
	char key[KEY_SIZE];
};

void gate_html_init(struct gate_html *html)
{
	stauth_buf_init(&html->buf, GATE_HTML_MAX);
}

void gate_html_finish(struct gate_html *html)
{
	stauth_buf_finish(&html->buf);
}

void gate_view_set(struct gate_view *view, const char *name, const char *value)
{
	size_t i = 0;
	while (i < view->value_count &&
		strcmp(view->values[i].name, name) != 0) {
		i++;
	}
	if (i == GATE_VIEW_VALUES_MAX) {
		view->failed = true;
		return;
	}
	view->values[i].name = name;
	view->values[i].value = value;
	view->value_count += i == view->value_count ? 1 : 0;
}

void gate_view_fragment(
	struct gate_view *view, const char *name, const struct gate_html *html)
{
	if (view->fragment_count == GATE_VIEW_FRAGMENTS_MAX) {
		view->failed = true;
		return;
	}
	view->fragments[view->fragment_count].name = name;
	view->fragments[view->fragment_count].html = html;
	view->fragment_count++;
}

static const char *find_value(const struct gate_view *view, const char *key)
{
	for (size_t i = 0; i < view->value_count; i++) {
		if (strcmp(view->values[i].name, key) == 0) {
			return view->values[i].value;
		}
	}
	return NULL;
}

static const struct gate_html *find_fragment(
	const struct gate_view *view, const char *key)
{
	for (size_t i = 0; i < view->fragment_count; i++) {
		if (strcmp(view->fragments[i].name, key) == 0) {
			return view->fragments[i].html;
		}
	}
	return NULL;
}

/* Reads the tag that begins at the cursor, and steps behind it. */
static bool read_tag(struct cursor *cursor, struct tag *ret_tag)
{
	const char *start = cursor->at + 2;
	size_t room = (size_t)(cursor->end - start);
	const char *close = memmem(start, room, "}}", 2);
	if (close == NULL) {
		return false;
	}
	size_t len = (size_t)(close - start);
	ret_tag->kind = ' ';
	if (len > 0 && strchr("#^/>", *start) != NULL) {
		ret_tag->kind = *start++;
		len--;
	}
	if (len == 0 || len >= KEY_SIZE) {
		return false;
	}
	memcpy(ret_tag->key, start, len);
	ret_tag->key[len] = '\0';
	cursor->at = close + 2;
	return true;
}

static bool put_value(struct cursor *cursor, const char *key, bool live)
{
	const char *value = find_value(cursor->view, key);
	if (value != NULL && live) {
		stauth_buf_add_html(cursor->out, value);
	}
	return value != NULL;
}

static bool put_fragment(struct cursor *cursor, const char *key, bool live)
{
	const struct gate_html *html = find_fragment(cursor->view, key);
	if (html == NULL || !stauth_buf_ok(&html->buf)) {
		return false;
	}
	if (live) {
		stauth_buf_add(cursor->out, stauth_buf_str(&html->buf));
	}
	return true;
}

static bool section_shown(
	struct cursor *cursor, const struct tag *tag, bool *ret_shown)
{
	const char *value = find_value(cursor->view, tag->key);
	const struct gate_html *html = find_fragment(cursor->view, tag->key);
	if (value == NULL && html == NULL) {
		return false;
	}
	bool filled = value != NULL ? value[0] != '\0' : html->buf.len > 0;
	*ret_shown = (tag->kind == '#') == filled;
	return true;
}

static bool render_part(struct cursor *cursor, const char *until, bool live);

static bool put_tag(struct cursor *cursor, const struct tag *tag, bool live)
{
	if (tag->kind == ' ') {
		return put_value(cursor, tag->key, live);
	}
	if (tag->kind == '>') {
		return put_fragment(cursor, tag->key, live);
	}
	bool shown = false;
	if (cursor->depth == DEPTH_MAX || !section_shown(cursor, tag, &shown)) {
		return false;
	}
	cursor->depth++;
	bool ok = render_part(cursor, tag->key, live && shown);
	cursor->depth--;
	return ok;
}

/* Up to the end of the section `until` (NULL: of the template). */
static bool render_part(struct cursor *cursor, const char *until, bool live)
{
	for (;;) {
		size_t room = (size_t)(cursor->end - cursor->at);
		const char *open = memmem(cursor->at, room, "{{", 2);
		const char *stop = open != NULL ? open : cursor->end;
		if (live) {
			stauth_buf_add_len(cursor->out, cursor->at,
				(size_t)(stop - cursor->at));
		}
		cursor->at = stop;
		if (open == NULL) {
			return until == NULL;
		}
		struct tag tag = {0};
		if (!read_tag(cursor, &tag)) {
			return false;
		}
		if (tag.kind == '/') {
			return until != NULL && strcmp(tag.key, until) == 0;
		}
		if (!put_tag(cursor, &tag, live)) {
			return false;
		}
	}
}

bool gate_template_render_text(const char *text, size_t len,
	const struct gate_view *view, struct gate_html *html)
{
	struct cursor cursor = {
		.at = text,
		.end = text + len,
		.view = view,
		.out = &html->buf,
	};
	if (view->failed || !render_part(&cursor, NULL, true)) {
		html->buf.failed = true;
	}
	return stauth_buf_ok(&html->buf);
}

bool gate_template_render(
	const char *name, const struct gate_view *view, struct gate_html *html)
{
	for (size_t i = 0; gate_templates[i].name != NULL; i++) {
		if (strcmp(gate_templates[i].name, name) == 0) {
			return gate_template_render_text(gate_templates[i].data,
				gate_templates[i].len, view, html);
		}
	}
	html->buf.failed = true;
	return false;
}

const char *gate_template_name(size_t i)
{
	return gate_templates[i].name;
}
