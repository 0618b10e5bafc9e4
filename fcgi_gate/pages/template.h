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
 *   {{#name}}...{{/name}}  only if the value (or the fragment) is not empty
 *   {{^name}}...{{/name}}  only if it is empty
 *   {{>name}}           a fragment, which only this engine can have made
 *
 * A name that the view does not know is a failure of the whole page, also
 * inside a part that is left out.
 */
#define GATE_VIEW_VALUES_MAX    48
#define GATE_VIEW_FRAGMENTS_MAX 8
#define GATE_HTML_MAX           (256 * 1024)

/* HTML that came out of gate_template_render. */
struct gate_html {
	struct stauth_buf buf;
};

/* What a template may show. Everything is borrowed until it is rendered. */
struct gate_view {
	struct {
		const char *name;
		const char *value;
	} values[GATE_VIEW_VALUES_MAX];
	size_t value_count;
	struct {
		const char *name;
		const struct gate_html *html;
	} fragments[GATE_VIEW_FRAGMENTS_MAX];
	size_t fragment_count;
	bool failed; /* there was no room */
};

void gate_html_init(struct gate_html *html);
void gate_html_finish(struct gate_html *html);

/* Sets it, or sets it anew. */
void gate_view_set(struct gate_view *view, const char *name, const char *value);
void gate_view_fragment(
	struct gate_view *view, const char *name, const struct gate_html *html);

/* Adds templates/NAME.html to html. false: html is then failed for good. */
bool gate_template_render(
	const char *name, const struct gate_view *view, struct gate_html *html);
/* The same with the template's text. */
bool gate_template_render_text(const char *text, size_t len,
	const struct gate_view *view, struct gate_html *html);

/* The i-th embedded template; NULL when there are no more. */
const char *gate_template_name(size_t i);

#endif
