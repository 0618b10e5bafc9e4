/* SPDX-License-Identifier: MIT */
/*
 * Streamlit's theme names as a style sheet. The configuration has checked the
 * colours; what is none all the same is left out, so that nothing but a colour
 * ever reaches the sheet.
 */
#include "theme.h"

#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "color.h"

#include "base/banned.h"

#define CSS_MAX 4096

/* A whole set of colours, so that none is left over from the other scheme. */
struct palette {
	const char *scheme;
	const char *page;
	const char *card;
	const char *field;
	const char *text;
	const char *muted;
	const char *border;
	const char *danger;
	const char *good;
};

static const struct palette light = {
	.scheme = "light",
	.page = "#f4f5f7",
	.card = "#ffffff",
	.field = "#ffffff",
	.text = "#1b1f27",
	.muted = "#4d5563",
	.border = "#7a8290",
	.danger = "#b3261e",
	.good = "#1b6e3c",
};

static const struct palette dark = {
	.scheme = "dark",
	.page = "#0e1117",
	.card = "#171b24",
	.field = "#0e1117",
	.text = "#fafafa",
	.muted = "#b4bac6",
	.border = "#7d8594",
	.danger = "#ff8a80",
	.good = "#7bd69b",
};

static bool is_color(const char *color)
{
	struct gate_color parsed;
	return gate_color_parse(color, &parsed);
}

static bool is_dark(const char *color)
{
	const char *ink = gate_color_contrasting(color);
	return ink != NULL && strcmp(ink, "#ffffff") == 0;
}

/* Which scheme the names ask for; NULL: whatever the browser prefers. */
static const struct palette *fixed_scheme(const struct stauth_config *config)
{
	if (is_color(config->background_color)) {
		return is_dark(config->background_color) ? &dark : &light;
	}
	if (strcmp(config->base, "dark") == 0) {
		return &dark;
	}
	if (strcmp(config->base, "light") == 0) {
		return &light;
	}
	if (is_color(config->text_color)) {
		return is_dark(config->text_color) ? &light : &dark;
	}
	return NULL;
}

static void add_palette(
	const struct stauth_config *config, struct stauth_buf *css)
{
	const struct palette *scheme = fixed_scheme(config);
	if (scheme == NULL) {
		return;
	}
	struct palette set = *scheme;
	if (is_color(config->background_color)) {
		set.page = config->background_color;
		set.card = config->background_color;
		set.field = config->background_color;
		set.text = gate_color_contrasting(config->background_color);
		set.muted = set.text;
		set.border = set.text;
	}
	if (is_color(config->text_color)) {
		set.text = config->text_color;
		set.muted = config->text_color;
		set.border = config->text_color;
	}
	const char *field_text = set.text;
	if (is_color(config->secondary_background_color)) {
		set.field = config->secondary_background_color;
		field_text = is_color(config->text_color)
				     ? set.text
				     : gate_color_contrasting(set.field);
	}
	stauth_buf_addf(css,
		"color-scheme:%s;--page:%s;--card:%s;--field:%s;"
		"--field-text:%s;--text:%s;--muted:%s;--border:%s;"
		"--danger:%s;--good:%s;",
		set.scheme, set.page, set.card, set.field, field_text, set.text,
		set.muted, set.border, set.danger, set.good);
}

static void add_font(const char *font, struct stauth_buf *css)
{
	static const struct {
		const char *name;
		const char *css;
	} fonts[] = {
		{"sans serif", "var(--sans)"},
		{"sans-serif", "var(--sans)"},
		{"serif", "Georgia,\"Times New Roman\",serif"},
		{"monospace", "ui-monospace,Consolas,monospace"},
	};
	for (size_t i = 0; i < sizeof(fonts) / sizeof(fonts[0]); i++) {
		if (strcmp(fonts[i].name, font) == 0) {
			stauth_buf_addf(css, "--font:%s;", fonts[i].css);
		}
	}
}

bool gate_theme_init(
	struct gate_theme *theme, const struct stauth_config *config)
{
	*theme = (struct gate_theme){0};
	stauth_buf_init(&theme->css, CSS_MAX);
	struct stauth_buf rules;
	stauth_buf_init(&rules, CSS_MAX);
	if (is_color(config->primary_color)) {
		stauth_buf_addf(&rules, "--primary:%s;--on-primary:%s;",
			config->primary_color,
			gate_color_contrasting(config->primary_color));
	}
	add_palette(config, &rules);
	add_font(config->font, &rules);
	bool ok = stauth_buf_ok(&rules);
	uint8_t digest[STAUTH_SHA256_LEN];
	if (ok && rules.len > 0) {
		stauth_buf_addf(
			&theme->css, ":root{%s}\n", stauth_buf_str(&rules));
		ok = stauth_buf_ok(&theme->css) &&
		     stauth_sha256(theme->css.data, theme->css.len, digest);
	}
	char hex[2 * STAUTH_SHA256_LEN + 1];
	if (ok && rules.len > 0) {
		stauth_hex_encode(digest, sizeof(digest), hex);
		snprintf(theme->served, sizeof(theme->served),
			"theme.%.12s.css", hex);
	}
	stauth_buf_finish(&rules);
	return ok;
}

void gate_theme_finish(struct gate_theme *theme)
{
	stauth_buf_finish(&theme->css);
}
