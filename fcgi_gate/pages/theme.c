/* SPDX-License-Identifier: MIT */
/*
 * Streamlit's theme names as a style sheet. The configuration has checked the
 * colours; what is not `#rgb` or `#rrggbb` all the same is left out, so that
 * nothing but a colour ever reaches the sheet.
 */
#include "theme.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"

#include "base/banned.h"

#define CSS_MAX 4096

struct rgb {
	int part[3];
};

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = strchr(digits, tolower((unsigned char)c));
	return c != '\0' && at != NULL ? (int)(at - digits) : -1;
}

static bool parse_color(const char *color, struct rgb *ret_rgb)
{
	size_t len = strlen(color);
	if (color[0] != '#' || (len != 4 && len != 7)) {
		return false;
	}
	for (size_t i = 0; i < 3; i++) {
		size_t width = len == 4 ? 1 : 2;
		int high = hex_digit(color[1 + i * width]);
		int low = hex_digit(color[i * width + width]);
		if (high < 0 || low < 0) {
			return false;
		}
		ret_rgb->part[i] = high * 16 + low;
	}
	return true;
}

/* The fifth root of x^12 by Newton's way, which saves the maths library. */
static double power_2_4(double x)
{
	double x4 = x * x * x * x;
	double wanted = x4 * x4 * x4;
	double root = 1;
	for (int i = 0; i < 64; i++) {
		double root4 = root * root * root * root;
		root -= (root4 * root - wanted) / (5 * root4);
	}
	return root;
}

static double linear(int part)
{
	double value = part / 255.0;
	return value <= 0.04045 ? value / 12.92
				: power_2_4((value + 0.055) / 1.055);
}

static double luminance(const struct rgb *rgb)
{
	return 0.2126 * linear(rgb->part[0]) + 0.7152 * linear(rgb->part[1]) +
	       0.0722 * linear(rgb->part[2]);
}

const char *gate_theme_ink(const char *color)
{
	struct rgb rgb;
	if (!parse_color(color, &rgb)) {
		return NULL;
	}
	/* Where black and white are equally far: (l + .05)^2 = 1.05 * .05 */
	return luminance(&rgb) > 0.1791 ? "#000000" : "#ffffff";
}

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
	struct rgb rgb;
	return parse_color(color, &rgb);
}

static bool is_dark(const char *color)
{
	const char *ink = gate_theme_ink(color);
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
		set.text = gate_theme_ink(config->background_color);
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
				     : gate_theme_ink(set.field);
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
	struct stauth_buf rules;
	uint8_t digest[STAUTH_SHA256_LEN];
	char hex[2 * STAUTH_SHA256_LEN + 1];
	*theme = (struct gate_theme){0};
	stauth_buf_init(&theme->css, CSS_MAX);
	stauth_buf_init(&rules, CSS_MAX);
	if (is_color(config->primary_color)) {
		stauth_buf_addf(&rules, "--primary:%s;--on-primary:%s;",
			config->primary_color,
			gate_theme_ink(config->primary_color));
	}
	add_palette(config, &rules);
	add_font(config->font, &rules);
	bool ok = stauth_buf_ok(&rules);
	if (ok && rules.len > 0) {
		stauth_buf_addf(
			&theme->css, ":root{%s}\n", stauth_buf_str(&rules));
		ok = stauth_buf_ok(&theme->css) &&
		     stauth_sha256(theme->css.data, theme->css.len, digest);
	}
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
