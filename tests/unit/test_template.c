/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "pages/embedded.h"
#include "pages/template.h"

#include "base/banned.h"

/* Every name that any template uses. */
static const char *const keys[] = {"address", "brand", "browser", "can_reset",
	"can_sign_up", "css", "csrf", "display_name", "email", "error",
	"fault_confirm", "fault_current", "fault_email", "fault_password",
	"first", "forced", "fresh", "groups", "handle", "icon", "js", "links",
	"live", "mail", "min_length", "minutes", "others", "own", "rd",
	"remember", "remember_days", "role", "secret_url", "text", "theme",
	"title", "token", "tries", "type", "used", "used_at", "user",
	"username", "wait", "wait_s", "wrong"};
static const char *const fragments[] = {"content", "messages", "sessions"};

/* One character more than a name may have. */
#define TOO_LONG "abcdefghijklmnopqrstuvwxyz-abcde"

#define KEYS      (sizeof(keys) / sizeof(keys[0]))
#define FRAGMENTS (sizeof(fragments) / sizeof(fragments[0]))

static void fill(struct gate_view *view, const struct gate_html *html,
	const char *value, size_t but)
{
	*view = (struct gate_view){0};
	for (size_t i = 0; i < KEYS; i++) {
		if (i != but) {
			gate_view_set(view, keys[i], value);
		}
	}
	for (size_t i = 0; i < FRAGMENTS; i++) {
		gate_view_fragment(view, fragments[i], html);
	}
}

static bool render(
	const char *text, const struct gate_view *view, const char *want)
{
	struct gate_html html;
	gate_html_init(&html);
	bool ok = gate_template_render_text(text, strlen(text), view, &html);
	if (ok && want != NULL) {
		assert_string_equal(stauth_buf_str(&html.buf), want);
	}
	gate_html_finish(&html);
	return ok;
}

static void d5_values_are_always_escaped(void **state)
{
	struct gate_view view = {0};
	(void)state;
	gate_view_set(&view, "name", "<b>&\"'");
	assert_true(render("a{{name}}b", &view, "a&lt;b&gt;&amp;&quot;&#39;b"));
	/* No spelling brings it out raw, and a value is no template. */
	assert_false(render("{{{name}}}", &view, NULL));
	assert_false(render("{{&name}}", &view, NULL));
	assert_false(render("{{>name}}", &view, NULL));
	gate_view_set(&view, "name", "{{name}}");
	assert_true(render("{{name}}", &view, "{{name}}"));
}

static void sections(void **state)
{
	struct gate_view view = {0};
	(void)state;
	gate_view_set(&view, "yes", "1");
	gate_view_set(&view, "no", "");
	assert_true(render("{{#yes}}a{{/yes}}{{#no}}b{{/no}}", &view, "a"));
	assert_true(render("{{^yes}}a{{/yes}}{{^no}}b{{/no}}", &view, "b"));
	assert_true(render("{{#yes}}{{#no}}a{{/no}}b{{/yes}}", &view, "b"));
	assert_true(render("{{#no}}{{#yes}}a{{/yes}}b{{/no}}", &view, ""));
}

static void what_is_wrong_fails_as_a_whole(void **state)
{
	static const char *const bad[] = {"{{other}}", "{{#other}}{{/other}}",
		"{{#no}}{{other}}{{/no}}", "{{#no}}{{>other}}{{/no}}",
		"{{>other}}", "{{", "{{yes", "{{}}", "{{#}}", "{{#yes}}",
		"{{/yes}}", "{{#yes}}{{/no}}", "{{#yes}}{{#no}}{{/yes}}{{/no}}",
		"{{ yes }}", "{{YES}}", "{{" TOO_LONG "}}"};
	struct gate_view view = {0};
	(void)state;
	gate_view_set(&view, TOO_LONG, "1");
	gate_view_set(&view, "yes", "1");
	gate_view_set(&view, "no", "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (render(bad[i], &view, NULL)) {
			fail_msg("%s was rendered", bad[i]);
		}
	}
}

static void nesting_has_an_end(void **state)
{
	char text[1024] = "";
	size_t len = 0;
	struct gate_view view = {0};
	(void)state;
	gate_view_set(&view, "a", "1");
	for (int i = 0; i < 20; i++) {
		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "{{#a}}");
	}
	for (int i = 0; i < 20; i++) {
		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "{{/a}}");
	}
	assert_false(render(text, &view, NULL));
}

static void a_view_that_is_full_fails(void **state)
{
	static char names[GATE_VIEW_VALUES_MAX + 1][8];
	struct gate_view view = {0};
	(void)state;
	for (size_t i = 0; i <= GATE_VIEW_VALUES_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "n%zu", i);
		gate_view_set(&view, names[i], "");
	}
	assert_false(render("x", &view, NULL));
}

static bool render_file(const char *name, const struct gate_view *view)
{
	struct gate_html html;
	gate_html_init(&html);
	bool ok = gate_template_render(name, view, &html);
	gate_html_finish(&html);
	return ok;
}

static void every_template_renders_with_every_key(void **state)
{
	struct gate_html inner;
	struct gate_view view;
	size_t count = 0;
	(void)state;
	gate_html_init(&inner);
	for (size_t i = 0; gate_template_name(i) != NULL; i++) {
		fill(&view, &inner, "x", KEYS);
		assert_true(render_file(gate_template_name(i), &view));
		fill(&view, &inner, "", KEYS);
		assert_true(render_file(gate_template_name(i), &view));
		count++;
	}
	assert_int_equal(count, 13);
	assert_false(render_file("no-such-template", &view));
	gate_html_finish(&inner);
}

/* A key that no template needs has no business in the list above. */
static void every_key_is_needed(void **state)
{
	struct gate_html inner;
	struct gate_view view;
	(void)state;
	gate_html_init(&inner);
	for (size_t key = 0; key < KEYS; key++) {
		bool needed = false;
		fill(&view, &inner, "x", key);
		for (size_t i = 0; gate_template_name(i) != NULL; i++) {
			needed |= !render_file(gate_template_name(i), &view);
		}
		if (!needed) {
			fail_msg("%s is used nowhere", keys[key]);
		}
	}
	gate_html_finish(&inner);
}

/* The security policy refuses what is inline, and so do we. */
static void d5_no_template_has_anything_inline(void **state)
{
	(void)state;
	for (size_t i = 0; gate_templates[i].name != NULL; i++) {
		const char *text = gate_templates[i].data;
		assert_null(strstr(text, "style="));
		assert_null(strstr(text, "<style"));
		assert_null(strstr(text, " onclick"));
		assert_null(strstr(text, " onsubmit"));
		assert_null(strstr(text, "javascript:"));
		assert_null(strstr(text, "http://"));
		assert_null(strstr(text, "https://"));
	}
}

static void assets_are_served_under_their_hash(void **state)
{
	size_t count = 0;
	(void)state;
	for (size_t i = 0; gate_assets[i].name != NULL; i++) {
		assert_int_equal(strlen(gate_assets[i].served),
			strlen(gate_assets[i].name) + 13);
		assert_int_equal(
			strlen(gate_assets[i].data), gate_assets[i].len);
		count++;
	}
	assert_int_equal(count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(d5_values_are_always_escaped),
		cmocka_unit_test(sections),
		cmocka_unit_test(what_is_wrong_fails_as_a_whole),
		cmocka_unit_test(nesting_has_an_end),
		cmocka_unit_test(a_view_that_is_full_fails),
		cmocka_unit_test(every_template_renders_with_every_key),
		cmocka_unit_test(every_key_is_needed),
		cmocka_unit_test(d5_no_template_has_anything_inline),
		cmocka_unit_test(assets_are_served_under_their_hash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
