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
	bool hidden;    /* read on, but show nothing */
	bool unchecked; /* in the rows of an empty list: names are unknown */
};

struct tag {
	char kind; /* '#' '^' '/' '>' or ' ' for a value */
	char key[KEY_SIZE];
};

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

void gate_view_set_list(
	struct gate_view *view, const char *name, const struct gate_list *list)
{
	if (view->list_count == GATE_VIEW_LISTS_MAX) {
		view->failed = true;
		return;
	}
	view->lists[view->list_count].name = name;
	view->lists[view->list_count].list = *list;
	view->list_count++;
}

static const char *find_value(const struct gate_view *view, const char *key)
{
	for (; view != NULL; view = view->outer) {
		for (size_t i = 0; i < view->value_count; i++) {
			if (strcmp(view->values[i].name, key) == 0) {
				return view->values[i].value;
			}
		}
	}
	return NULL;
}

static const struct gate_list *find_list(
	const struct gate_view *view, const char *key)
{
	for (; view != NULL; view = view->outer) {
		for (size_t i = 0; i < view->list_count; i++) {
			if (strcmp(view->lists[i].name, key) == 0) {
				return &view->lists[i].list;
			}
		}
	}
	return NULL;
}

static const struct gate_embedded *find_template(
	const struct gate_view *view, const char *key)
{
	if (strcmp(key, "content") == 0) {
		key = view->content != NULL ? view->content : "";
	}
	for (size_t i = 0; gate_templates[i].name != NULL; i++) {
		if (strcmp(gate_templates[i].name, key) == 0) {
			return &gate_templates[i];
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

static bool render_part(struct cursor *cursor, const char *until);

static bool put_value(struct cursor *cursor, const char *key)
{
	const char *value = find_value(cursor->view, key);
	if (value != NULL && !cursor->hidden) {
		stauth_buf_add_html(cursor->out, value);
	}
	return value != NULL || cursor->unchecked;
}

static bool put_template(struct cursor *cursor, const char *key)
{
	const struct gate_embedded *file = find_template(cursor->view, key);
	if (file == NULL) {
		return false;
	}
	struct cursor inner = *cursor;
	inner.at = file->data;
	inner.end = file->data + file->len;
	return render_part(&inner, NULL);
}

/* The part up to the end of the section, shown or not. */
static bool put_once(struct cursor *cursor, const char *key, bool shown)
{
	bool hidden = cursor->hidden;
	cursor->hidden = hidden || !shown;
	bool ok = render_part(cursor, key);
	cursor->hidden = hidden;
	return ok;
}

static bool put_no_rows(struct cursor *cursor, const char *key)
{
	bool unchecked = cursor->unchecked;
	cursor->unchecked = true;
	bool ok = put_once(cursor, key, false);
	cursor->unchecked = unchecked;
	return ok;
}

static bool put_rows(
	struct cursor *cursor, const char *key, const struct gate_list *list)
{
	const char *start = cursor->at;
	const struct gate_view *page = cursor->view;
	bool ok = true;
	for (size_t i = 0; ok && i < list->count; i++) {
		struct gate_view row = {
			.content = page->content, .outer = page};
		list->set_row(list->user, i, &row);
		cursor->at = start;
		cursor->view = &row;
		ok = !row.failed && render_part(cursor, key);
		cursor->view = page;
	}
	return ok;
}

static bool put_section(struct cursor *cursor, const struct tag *tag)
{
	const struct gate_list *list = find_list(cursor->view, tag->key);
	const char *value = find_value(cursor->view, tag->key);
	if (list != NULL && tag->kind == '#') {
		return list->count > 0 ? put_rows(cursor, tag->key, list)
				       : put_no_rows(cursor, tag->key);
	}
	if (list == NULL && value == NULL && !cursor->unchecked) {
		return false;
	}
	bool filled = list != NULL ? list->count > 0
				   : value != NULL && value[0] != '\0';
	return put_once(cursor, tag->key, (tag->kind == '#') == filled);
}

static bool put_tag(struct cursor *cursor, const struct tag *tag)
{
	if (tag->kind == ' ') {
		return put_value(cursor, tag->key);
	}
	if (cursor->depth == DEPTH_MAX) {
		return false;
	}
	cursor->depth++;
	bool ok = tag->kind == '>' ? put_template(cursor, tag->key)
				   : put_section(cursor, tag);
	cursor->depth--;
	return ok;
}

/* Up to the end of the section `until` (NULL: of the template). */
static bool render_part(struct cursor *cursor, const char *until)
{
	for (;;) {
		size_t room = (size_t)(cursor->end - cursor->at);
		const char *open = memmem(cursor->at, room, "{{", 2);
		const char *stop = open != NULL ? open : cursor->end;
		if (!cursor->hidden) {
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
		if (!put_tag(cursor, &tag)) {
			return false;
		}
	}
}

bool gate_template_render_text(const char *text, size_t len,
	const struct gate_view *view, struct stauth_buf *out)
{
	struct cursor cursor = {
		.at = text,
		.end = text + len,
		.view = view,
		.out = out,
	};
	if (view->failed || !render_part(&cursor, NULL)) {
		out->failed = true;
	}
	return stauth_buf_ok(out);
}

bool gate_template_render(
	const char *name, const struct gate_view *view, struct stauth_buf *out)
{
	const struct gate_embedded *file = find_template(view, name);
	if (file == NULL) {
		out->failed = true;
		return false;
	}
	return gate_template_render_text(file->data, file->len, view, out);
}
