/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "pages/embedded.h"
#include "pages/template.h"

#include "base/banned.h"

/* The lists; every other name of a template is a value. */
static const char *const lists[] = {
	"kept", "messages", "nav", "rows", "sessions", "sorts"};

/* Every name that any template uses. */
#define KEYS_MAX 256
static char keys[KEYS_MAX][32];
static size_t key_count;

/* One character more than a name may have. */
#define TOO_LONG "abcdefghijklmnopqrstuvwxyz-abcde"

#define LISTS (sizeof(lists) / sizeof(lists[0]))
#define VIEWS (KEYS_MAX / GATE_VIEW_VALUES_MAX + 1)

static void add_key(const char *name, size_t len)
{
	for (size_t i = 0; i < LISTS; i++) {
		if (strlen(lists[i]) == len &&
			memcmp(lists[i], name, len) == 0) {
			return;
		}
	}
	for (size_t i = 0; i < key_count; i++) {
		if (strlen(keys[i]) == len && memcmp(keys[i], name, len) == 0) {
			return;
		}
	}
	assert_true(key_count < KEYS_MAX && len < sizeof(keys[0]));
	memcpy(keys[key_count++], name, len);
}

static int collect_keys(void **state)
{
	(void)state;
	for (size_t i = 0; gate_templates[i].name != NULL; i++) {
		const char *at = gate_templates[i].data;
		while ((at = strstr(at, "{{")) != NULL) {
			at += 2;
			bool other = *at == '>';
			at += strchr("#^/>", *at) != NULL ? 1 : 0;
			if (!other) {
				add_key(at, strcspn(at, "}"));
			}
		}
	}
	return 0;
}

static void set_nothing(void *user, size_t i, struct gate_view *row)
{
	(void)user;
	(void)i;
	gate_view_set(row, "row", "1");
}

/* Views with all keys, but one, and all lists. They are larger than a page's:
 * no page shows all templates. */
static void fill(struct gate_view views[VIEWS], size_t rows, const char *value,
	size_t but)
{
	const struct gate_list list = {.count = rows, .set_row = set_nothing};
	for (size_t i = 0; i < VIEWS; i++) {
		views[i] = (struct gate_view){.content = "error",
			.outer = i + 1 < VIEWS ? &views[i + 1] : NULL};
	}
	for (size_t i = 0; i < key_count; i++) {
		if (i != but) {
			gate_view_set(&views[i % VIEWS], keys[i], value);
		}
	}
	for (size_t i = 0; i < LISTS; i++) {
		gate_view_set_list(&views[i % VIEWS], lists[i], &list);
	}
}

static bool render(
	const char *text, const struct gate_view *view, const char *want)
{
	struct stauth_buf html;
	stauth_buf_init(&html, 4096);
	bool ok = gate_template_render_text(text, strlen(text), view, &html);
	if (ok && want != NULL) {
		assert_string_equal(stauth_buf_str(&html), want);
	}
	stauth_buf_finish(&html);
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

struct names {
	const char *const *name;
	char number[8]; /* of the row at hand, as a caller's buffer is */
};

static void set_name(void *user, size_t i, struct gate_view *row)
{
	struct names *names = user;
	snprintf(names->number, sizeof(names->number), "%zu", i);
	gate_view_set(row, "name", names->name[i]);
	gate_view_set(row, "number", names->number);
}

static void set_names(struct gate_view *view, struct names *names, size_t count)
{
	static const char *const three[] = {"a", "<b>", "{{c}}"};
	names->name = three;
	const struct gate_list list = {
		.count = count, .set_row = set_name, .user = names};
	*view = (struct gate_view){0};
	gate_view_set(view, "name", "outer");
	gate_view_set(view, "page", "&");
	gate_view_set_list(view, "rows", &list);
}

static void d5_lists_show_each_row_escaped(void **state)
{
	struct gate_view view;
	struct names names;
	(void)state;
	set_names(&view, &names, 3);
	assert_true(render("{{#rows}}{{number}}={{name}}{{page}};{{/rows}}",
		&view, "0=a&amp;;1=&lt;b&gt;&amp;;2={{c}}&amp;;"));
	/* After the list, the page's own value again. */
	assert_true(render("{{#rows}}{{/rows}}{{name}}", &view, "outer"));
	assert_true(render("{{^rows}}none{{/rows}}", &view, ""));
	assert_false(render("{{rows}}", &view, NULL));
	assert_false(render("{{#rows}}{{{name}}}{{/rows}}", &view, NULL));
	assert_false(render("{{#rows}}{{other}}{{/rows}}", &view, NULL));
	assert_false(render("{{#rows}}", &view, NULL));
	set_names(&view, &names, 0);
	assert_true(render("{{#rows}}{{name}}{{/rows}}", &view, ""));
	assert_true(render("{{^rows}}none{{/rows}}", &view, "none"));
	assert_true(render("{{#rows}}{{number}}{{#number}}{{/number}}{{/rows}}",
		&view, ""));
	assert_false(render("{{#rows}}{{/rows}}{{number}}", &view, NULL));
}

static void a_hidden_list_shows_no_row(void **state)
{
	struct gate_view view;
	struct names names;
	(void)state;
	set_names(&view, &names, 3);
	gate_view_set(&view, "no", "");
	assert_true(
		render("{{#no}}{{#rows}}{{name}}{{/rows}}{{/no}}", &view, ""));
}

static void templates_include_others(void **state)
{
	struct gate_view view = {.content = "error"};
	(void)state;
	assert_true(render("<{{>content}}>", &view, NULL));
	assert_true(render("<{{>error}}>", &view, NULL));
	view.content = "no-such-template";
	assert_false(render("{{>content}}", &view, NULL));
	view.content = NULL;
	assert_false(render("{{>content}}", &view, NULL));
	/* One that includes itself ends. */
	view.content = "layout";
	assert_false(render("{{>content}}", &view, NULL));
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
	struct stauth_buf html;
	stauth_buf_init(&html, 65536);
	bool ok = gate_template_render(name, view, &html);
	stauth_buf_finish(&html);
	return ok;
}

static void every_template_renders_with_every_key(void **state)
{
	struct gate_view views[VIEWS];
	(void)state;
	for (size_t i = 0; gate_templates[i].name != NULL; i++) {
		fill(views, 1, "x", KEYS_MAX);
		assert_true(render_file(gate_templates[i].name, views));
		fill(views, 0, "", KEYS_MAX);
		assert_true(render_file(gate_templates[i].name, views));
	}
	assert_true(key_count > 50);
	assert_false(render_file("no-such-template", views));
}

static void a_page_that_lacks_a_key_fails(void **state)
{
	struct gate_view views[VIEWS];
	(void)state;
	for (size_t key = 0; key < key_count; key++) {
		bool needed = false;
		fill(views, 1, "x", key);
		for (size_t i = 0; gate_templates[i].name != NULL; i++) {
			needed |= !render_file(gate_templates[i].name, views);
		}
		assert_true(needed);
	}
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
	assert_int_equal(count, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(d5_values_are_always_escaped),
		cmocka_unit_test(sections),
		cmocka_unit_test(d5_lists_show_each_row_escaped),
		cmocka_unit_test(a_hidden_list_shows_no_row),
		cmocka_unit_test(templates_include_others),
		cmocka_unit_test(what_is_wrong_fails_as_a_whole),
		cmocka_unit_test(nesting_has_an_end),
		cmocka_unit_test(a_view_that_is_full_fails),
		cmocka_unit_test(every_template_renders_with_every_key),
		cmocka_unit_test(a_page_that_lacks_a_key_fails),
		cmocka_unit_test(d5_no_template_has_anything_inline),
		cmocka_unit_test(assets_are_served_under_their_hash),
	};
	return cmocka_run_group_tests(tests, collect_keys, NULL);
}
