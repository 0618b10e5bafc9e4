/* SPDX-License-Identifier: MIT */
#ifndef GATE_TEMPLATE_H
#define GATE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Pages are files in templates/, embedded at build time.
 *
 *   {{name}}            the value, always escaped: there is no raw form
 *   {{#name}}...{{/name}}  if the value is not empty; for a list, once a row
 *   {{^name}}...{{/name}}  if the value is empty, or the list has no rows
 *   {{>name}}           another template; {{>content}} the page's own
 *
 * In a row, names are looked up in the row first, then in the page. A name
 * that is unknown fails the whole page, also in a part that is not shown; only
 * the rows of an empty list cannot be checked.
 */
#define GATE_VIEW_VALUES_MAX 48
#define GATE_VIEW_LISTS_MAX  6

struct gate_view;

/* The rows of a list. They are asked for one at a time: what set_row puts
 * into the view may live in user, and change with the next row. */
struct gate_list {
	size_t count;
	void (*set_row)(void *user, size_t i, struct gate_view *row);
	void *user;
};

/* What a template may show. Everything is borrowed until it is rendered. */
struct gate_view {
	const char *content;           /* template of {{>content}} */
	const struct gate_view *outer; /* of a row: its page */
	struct {
		const char *name;
		const char *value;
	} values[GATE_VIEW_VALUES_MAX];
	size_t value_count;
	struct {
		const char *name;
		struct gate_list list;
	} lists[GATE_VIEW_LISTS_MAX];
	size_t list_count;
	bool failed; /* there was no room */
};

/* Sets it, or replaces it. */
void gate_view_set(struct gate_view *view, const char *name, const char *value);
void gate_view_set_list(
	struct gate_view *view, const char *name, const struct gate_list *list);

/* Adds templates/NAME.html to out. false: out has failed for good. */
bool gate_template_render(
	const char *name, const struct gate_view *view, struct stauth_buf *out);
/* The same with the template's text. */
bool gate_template_render_text(const char *text, size_t len,
	const struct gate_view *view, struct stauth_buf *out);

#endif
