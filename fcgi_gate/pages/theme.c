/* SPDX-License-Identifier: MIT */
/*
 * Streamlit's theme names as a style sheet. The configuration has checked the
 * colours; what is none all the same is left out, so that nothing but a colour
 * ever reaches the sheet.
 */
#include "theme.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/fd.h"
#include "config/color.h"
#include "log.h"

#include "base/banned.h"

#define CSS_MAX  4096
#define LOGO_MAX (256 * 1024)
/* What WCAG asks of a control beside its surroundings. */
#define CONTRAST_MIN 3.0

/* A whole set of colours, so that none is left over from the other scheme. */
struct palette {
	const char *scheme;
	const char *page;
	const char *card;
	const char *field;
	const char *text;
	const char *muted;
	const char *border;
	const char *rest; /* the colours of messages, and of the focus */
};

static const struct palette light = {
	.scheme = "light",
	.page = "#f4f5f7",
	.card = "#ffffff",
	.field = "#ffffff",
	.text = "#1b1f27",
	.muted = "#4d5563",
	.border = "#7a8290",
	.rest = "--danger:#b3261e;--warn:#7a4d00;--good:#1b6e3c;"
		"--info:#1d5fa8;--focus:#3b82d6;",
};

static const struct palette dark = {
	.scheme = "dark",
	.page = "#0e1117",
	.card = "#171b24",
	.field = "#0e1117",
	.text = "#fafafa",
	.muted = "#b4bac6",
	.border = "#7d8594",
	.rest = "--danger:#ff8a80;--warn:#f2c14e;--good:#7bd69b;"
		"--info:#8ab8f5;--focus:#6aa9f0;",
};

static bool is_color(const char *color)
{
	struct stauth_color parsed;
	return stauth_color_parse(color, &parsed);
}

static bool is_dark(const char *color)
{
	const char *ink = stauth_color_contrasting(color);
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

static bool vanishes_on(const char *color, const char *ground)
{
	return stauth_color_contrast(color, ground) < CONTRAST_MIN;
}

/* A button that would vanish on its card gets a border. */
static void add_primary(
	const struct stauth_config *config, struct stauth_buf *css)
{
	const char *primary = config->primary_color;
	const struct palette *scheme = fixed_scheme(config);
	bool border = false;
	if (is_color(config->background_color)) {
		border = vanishes_on(primary, config->background_color);
	} else if (scheme != NULL) {
		border = vanishes_on(primary, scheme->card);
	} else {
		border = vanishes_on(primary, light.card) ||
			 vanishes_on(primary, dark.card);
	}
	stauth_buf_addf(css, "--primary:%s;--on-primary:%s;%s", primary,
		stauth_color_contrasting(primary),
		border ? "--primary-border:var(--border);" : "");
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
		set.text = stauth_color_contrasting(config->background_color);
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
				     : stauth_color_contrasting(set.field);
	}
	stauth_buf_addf(css,
		"color-scheme:%s;--page:%s;--card:%s;--field:%s;"
		"--field-text:%s;--text:%s;--muted:%s;--border:%s;"
		"%s",
		set.scheme, set.page, set.card, set.field, field_text, set.text,
		set.muted, set.border, set.rest);
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

/* Names it by its content, so that browsers may keep it for ever. */
static bool name_file(struct gate_made_file *file, const char *stem,
	const char *extension, const char *type)
{
	uint8_t digest[STAUTH_SHA256_LEN];
	if (!stauth_buf_ok(&file->data) ||
		!stauth_sha256(file->data.data, file->data.len, digest)) {
		return false;
	}
	char hex[2 * STAUTH_SHA256_LEN + 1];
	stauth_hex_encode(digest, sizeof(digest), hex);
	snprintf(file->served, sizeof(file->served), "%s.%.12s.%s", stem, hex,
		extension);
	file->type = type;
	return true;
}

static bool make_css(
	struct gate_made_file *file, const struct stauth_config *config)
{
	stauth_buf_add(&file->data, ":root{");
	size_t empty = file->data.len;
	if (is_color(config->primary_color)) {
		add_primary(config, &file->data);
	}
	add_palette(config, &file->data);
	add_font(config->font, &file->data);
	if (file->data.len == empty) {
		stauth_buf_reset(&file->data);
		return true;
	}
	stauth_buf_add(&file->data, "}\n");
	return name_file(file, "theme", "css", "text/css; charset=utf-8");
}

/* PNG by its signature, SVG by its root element. An SVG that is shown as a
 * picture runs nothing, and opened by itself it is under the pages' policy. */
static bool name_logo(struct gate_made_file *file)
{
	static const char png[] = "\x89PNG\r\n\x1a\n";
	const struct stauth_buf *data = &file->data;
	if (data->len > sizeof(png) &&
		memcmp(data->data, png, sizeof(png) - 1) == 0) {
		return name_file(file, "logo", "png", "image/png");
	}
	return strstr(stauth_buf_str(data), "<svg") != NULL &&
	       name_file(file, "logo", "svg", "image/svg+xml");
}

static void read_logo(struct gate_made_file *file, const char *path)
{
	if (path[0] == '\0') {
		return;
	}
	int fd = stauth_open_regular(path);
	char part[4096];
	ssize_t len = -1;
	while (fd >= 0 && stauth_buf_ok(&file->data) &&
		(len = read(fd, part, sizeof(part))) > 0) {
		stauth_buf_add_len(&file->data, part, (size_t)len);
	}
	if (len != 0 || !name_logo(file)) {
		gate_log("pages: BRAND_LOGO %s cannot be used: an SVG or PNG "
			 "file of at most %d KiB is expected",
			path, LOGO_MAX / 1024);
		stauth_buf_finish(&file->data);
		file->served[0] = '\0';
	}
	if (fd >= 0) {
		close(fd);
	}
}

bool gate_theme_init(
	struct gate_theme *theme, const struct stauth_config *config)
{
	*theme = (struct gate_theme){0};
	stauth_buf_init(&theme->css.data, CSS_MAX);
	stauth_buf_init(&theme->logo.data, LOGO_MAX);
	read_logo(&theme->logo, config->brand_logo);
	return make_css(&theme->css, config);
}

void gate_theme_finish(struct gate_theme *theme)
{
	stauth_buf_finish(&theme->css.data);
	stauth_buf_finish(&theme->logo.data);
}
