/* SPDX-License-Identifier: MIT */
/* Colours, the theme's style sheet, and the words for browsers and times. */
#include <stdlib.h>

#include "unit.h"

#include "config/color.h"
#include "pages/sessions.h"
#include "pages/theme.h"

#include "base/banned.h"

static double contrast(double a, double b)
{
	return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05);
}

static void colors_are_parsed(void **state)
{
	struct stauth_color color;
	(void)state;
	assert_true(stauth_color_parse("#Ff4b4B", &color));
	assert_int_equal(color.part[0], 255);
	assert_int_equal(color.part[1], 75);
	assert_int_equal(color.part[2], 75);
	assert_true(stauth_color_parse("#a0f", &color));
	assert_int_equal(color.part[0], 170);
	assert_int_equal(color.part[2], 255);
	assert_true(stauth_color_parse("Tomato", &color));
	assert_int_equal(color.part[1], 0x63);
	assert_false(stauth_color_parse("", &color));
	assert_false(stauth_color_parse("#12", &color));
	assert_false(stauth_color_parse("#12345g", &color));
	assert_false(stauth_color_parse("#1234567", &color));
	assert_false(stauth_color_parse("red;}", &color));
	assert_false(stauth_color_parse("url(x)", &color));
}

static void luminance_is_that_of_wcag(void **state)
{
	static const struct {
		const char *text;
		double want;
	} cases[] = {{"#000", 0}, {"#fff", 1}, {"#ff4b4b", 0.2674},
		{"#03b585", 0.3479}, {"#808080", 0.2159}, {"#0000ff", 0.0722}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stauth_color color;
		assert_true(stauth_color_parse(cases[i].text, &color));
		double got = stauth_color_luminance(&color);
		assert_true(got > cases[i].want - 0.001);
		assert_true(got < cases[i].want + 0.001);
	}
}

static void ink_is_readable_on_every_color(void **state)
{
	char text[8];
	(void)state;
	for (int i = 0; i < 4096; i++) {
		struct stauth_color color;
		snprintf(text, sizeof(text), "#%03x", (unsigned int)i);
		assert_true(stauth_color_parse(text, &color));
		double ink =
			strcmp(stauth_color_contrasting(text), "#ffffff") == 0
				? 1
				: 0;
		assert_true(
			contrast(stauth_color_luminance(&color), ink) >= 4.5);
	}
	assert_null(stauth_color_contrasting("no color"));
}

static void themed(struct stauth_config *config, const char *const *wanted,
	const char *const *unwanted)
{
	struct gate_theme theme;
	assert_true(gate_theme_init(&theme, config));
	for (; *wanted != NULL; wanted++) {
		if (strstr(stauth_buf_str(&theme.css.data), *wanted) == NULL) {
			fail_msg("no %s in %s", *wanted,
				stauth_buf_str(&theme.css.data));
		}
	}
	for (; *unwanted != NULL; unwanted++) {
		assert_null(strstr(stauth_buf_str(&theme.css.data), *unwanted));
	}
	gate_theme_finish(&theme);
}

static void a_theme_from_streamlits_names(void **state)
{
	struct stauth_config *config = calloc(1, sizeof(*config));
	struct gate_theme theme;
	(void)state;
	assert_non_null(config);
	assert_true(gate_theme_init(&theme, config));
	assert_int_equal(theme.css.data.len, 0);
	assert_string_equal(theme.css.served, "");
	gate_theme_finish(&theme);

	snprintf(config->primary_color, sizeof(config->primary_color),
		"#03b585");
	static const char *const primary[] = {
		"--primary:#03b585;", "--on-primary:#000000;", NULL};
	static const char *const no_page[] = {"--page", "color-scheme", NULL};
	themed(config, primary, no_page);

	/* Too near to the light card, or to the dark one. */
	static const char *const border[] = {
		"--primary-border:var(--border);", NULL};
	static const char *const pale[] = {"#ffffcc", "#101418"};
	for (size_t i = 0; i < sizeof(pale) / sizeof(pale[0]); i++) {
		snprintf(config->primary_color, sizeof(config->primary_color),
			"%s", pale[i]);
		themed(config, border, no_page);
	}
	snprintf(config->primary_color, sizeof(config->primary_color),
		"#c92a2a");
	static const char *const red[] = {"--primary:#c92a2a;", NULL};
	static const char *const no_border[] = {"--primary-border", NULL};
	themed(config, red, no_border);

	snprintf(config->background_color, sizeof(config->background_color),
		"navy");
	snprintf(config->font, sizeof(config->font), "serif");
	static const char *const navy[] = {"color-scheme:dark;", "--page:navy;",
		"--text:#ffffff;", "--font:Georgia", NULL};
	static const char *const nothing[] = {NULL};
	themed(config, navy, nothing);

	snprintf(config->background_color, sizeof(config->background_color),
		"red;}*{x:y");
	snprintf(config->base, sizeof(config->base), "dark");
	static const char *const dark[] = {
		"color-scheme:dark;", "--page:#0e1117;", NULL};
	static const char *const no_rule[] = {"x:y", NULL};
	themed(config, dark, no_rule);
	free(config);
}

static void browsers_in_words(void **state)
{
	static const struct {
		const char *agent;
		const char *want;
	} cases[] = {
		{"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 "
		 "Firefox/140.0",
			"Firefox on Linux"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
		 "(KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0",
			"Edge on Windows"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) "
		 "AppleWebKit/605.1.15 Version/17.5 Mobile Safari/604.1",
			"Safari on iPhone"},
		{"Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari",
			"Chrome on Android"},
		{"curl/8.0", "curl"},
		{"", "Unknown browser"},
		{"<script>", "Unknown browser"},
	};
	char words[GATE_AGENT_NAME_SIZE];
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		gate_agent_name("web", cases[i].agent, words);
		assert_string_equal(words, cases[i].want);
	}
	gate_agent_name("pam:sshd", "", words);
	assert_string_equal(words, "Sign-in on the host (sshd)");
}

static void times_in_words(void **state)
{
	static const struct {
		int64_t seconds;
		const char *want;
	} cases[] = {{-5, "just now"}, {0, "just now"}, {89, "just now"},
		{90, "1 minute ago"}, {120, "2 minutes ago"},
		{3599, "59 minutes ago"}, {3600, "1 hour ago"},
		{86399, "23 hours ago"}, {86400, "1 day ago"},
		{864000, "10 days ago"}};
	char words[GATE_TIME_AGO_SIZE];
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		gate_time_ago(cases[i].seconds, words);
		assert_string_equal(words, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(colors_are_parsed),
		cmocka_unit_test(luminance_is_that_of_wcag),
		cmocka_unit_test(ink_is_readable_on_every_color),
		cmocka_unit_test(a_theme_from_streamlits_names),
		cmocka_unit_test(browsers_in_words),
		cmocka_unit_test(times_in_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
