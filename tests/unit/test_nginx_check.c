/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "nginx/check/check.h"

#include "base/banned.h"

/* --- words, as nginx takes them */

static void show(const struct nginx_node *node, struct stauth_buf *buf)
{
	for (; node != NULL; node = node->next) {
		for (size_t i = 0; i < node->word_count; i++) {
			stauth_buf_addf(buf, "<%s>", node->words[i]);
		}
		if (node->is_block) {
			stauth_buf_add(buf, "{");
			show(node->children, buf);
			stauth_buf_add(buf, "}");
		}
		stauth_buf_add(buf, ";");
	}
}

static void show_all(const struct nginx_conf *conf, struct stauth_buf *buf)
{
	if (conf->root != NULL) {
		show(conf->root->children, buf);
	}
}

static const struct words_row {
	const char *text;
	const char *shown; /* NULL: nginx refuses it, and so do we */
} words_rows[] = {
	{"", ""},
	{"a;", "<a>;"},
	{"a b\tc\r\nd ;", "<a><b><c><d>;"},
	{"a{}b{c;}", "<a>{};<b>{<c>;};"},
	{"# a;\na; # b", "<a>;"},
	{"a b#c;", "<a><b#c>;"},
	{"a \"b c\" 'd;e' \"f\\\"g\" '\"';", "<a><b c><d;e><f\"g><\">;"},
	{"a \"\";", "<a><>;"},
	{"a ^/(\\d+)\\.js$;", "<a><^/(\\d+)\\.js$>;"},
	{"a b\\;c d\\ e;", "<a><b\\;c><d\\ e>;"},
	{"a \\\\b\\n;", "<a><\\b\n>;"},
	{"a ${b}c $d{}", "<a><${b}c><$d>{};"},
	{"a ${b};", "<a><${b}>;"},
	{"a b}c;", "<a><b}c>;"},
	{"if ($a = \"b\") { c; }", "<if><($a><=><b><)>{<c>;};"},
	{"map $a $b { ~*(?:x|\\d{2}) 1; }", NULL},
	{"map $a $b { \"~*(?:x|\\d{2})\" 1; }",
		"<map><$a><$b>{<~*(?:x|\\d{2})><1>;};"},
	{"content_by_lua_block { if a { \"}\" } --}\n '\\'}' } a;",
		"<content_by_lua_block>{};<a>;"},
	{"a", NULL},
	{";", NULL},
	{"{}", NULL},
	{"}", NULL},
	{"a {", NULL},
	{"a { b }", NULL},
	{"a {;}", NULL},
	{"a \"b;", NULL},
	{"a \"b\"c;", NULL},
	{"a 'b'\"c\";", NULL},
	{"a_by_lua_block { '}", NULL},
	{"a b; }", NULL},
};

static void b14_words_are_what_nginx_takes(void **state)
{
	for (size_t i = 0; i < sizeof(words_rows) / sizeof(words_rows[0]);
		i++) {
		const struct words_row *row = &words_rows[i];
		struct nginx_conf conf;
		struct stauth_buf buf;
		bool done = nginx_conf_file(
			&conf, "x", row->text, strlen(row->text));

		(void)state;
		stauth_buf_init(&buf, 4096);
		show_all(&conf, &buf);
		if (done != (row->shown != NULL) ||
			(done && strcmp(stauth_buf_str(&buf), row->shown) !=
					 0)) {
			fail_msg("%s: %s %s", row->text, stauth_buf_str(&buf),
				conf.error);
		}
		assert_true(done || conf.error[0]);
		stauth_buf_finish(&buf);
		nginx_conf_free(&conf);
	}
}

/* --- nginx -T */

static void b14_a_dump_is_taken_apart_with_its_lines(void **state)
{
	static const char dump[] =
		"nginx: test is successful\n"
		"# configuration file /e/nginx.conf:\n"
		"a;\ninclude d/*.conf;\ninclude none*.conf;\nb;\n\n"
		"# configuration file /e/d/2.conf:\nd2;\n\n"
		"# configuration file /e/d/1.conf:\n\nd1 {\ninclude x; }\n"
		"# configuration file /e/x:\n# none\nx;"
		"\n# configuration file /e/d/.hidden.conf:\nh;\n"
		"# configuration file /e/d/e/3.conf:\nh;\n";
	struct nginx_conf conf;
	struct stauth_buf buf;
	struct nginx_node *node = NULL;

	(void)state;
	assert_true(nginx_conf_dump(&conf, dump, sizeof(dump) - 1));
	stauth_buf_init(&buf, 4096);
	show_all(&conf, &buf);
	assert_string_equal(stauth_buf_str(&buf),
		"<a>;<include><d/*.conf>;<d1>{<include><x>;<x>;};<d2>;"
		"<include><none*.conf>;<b>;");
	node = nginx_named(conf.root->children, "d1");
	assert_string_equal(node->file, "/e/d/1.conf");
	assert_int_equal(node->line, 2);
	node = nginx_named(conf.root->children, "b");
	assert_string_equal(node->file, "/e/nginx.conf");
	assert_int_equal(node->line, 4);
	stauth_buf_finish(&buf);
	nginx_conf_free(&conf);
}

static void refused(const char *text, size_t len, const char *why)
{
	struct nginx_conf conf;

	assert_false(text[0] == '#' ? nginx_conf_dump(&conf, text, len)
				    : nginx_conf_file(&conf, "x", text, len));
	if (!strstr(conf.error, why)) {
		fail_msg("%s: %s", why, conf.error);
	}
	nginx_conf_free(&conf);
}

static char *repeat(const char *part, size_t times)
{
	size_t len = strlen(part);
	char *text = malloc(len * times + 1);

	assert_non_null(text);
	for (size_t i = 0; i < times; i++) {
		memcpy(text + i * len, part, len);
	}
	text[len * times] = '\0';
	return text;
}

static void b14_what_is_too_much_is_refused_in_time(void **state)
{
	static const char missing[] = "# configuration file /e/n:\ninclude m;";
	static const char itself[] = "# configuration file /e/n:\n"
				     "include n; include n; a;\n";
	static const struct {
		const char *part;
		size_t times;
		const char *why;
	} rows[] = {
		{"a{", 1000000, "too deeply"},
		{"a;", NGINX_NODES_MAX + 1, "statements"},
		{"a ", 1000, "';'"},
		{"a ", 5000, "too long"},
		{"aaaaaaaa", 1000, "too long"},
		{"a\\ ", 3000, "too long"},
		{"a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a "
		 "a a a a"
		 " a a a a a a a a a a a a a a a a;",
			NGINX_NODES_MAX - 1, "large"},
	};

	(void)state;
	refused(itself, sizeof(itself) - 1, "too deeply");
	refused(missing, sizeof(missing) - 1, "/e/n:1: this file is not in");
	refused("# none", 6, "not the output");
	refused("a \0b;", 5, "NUL");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = repeat(rows[i].part, rows[i].times);

		refused(text, strlen(text), rows[i].why);
		free(text);
	}
}

/* --- the rules, over whatever can be read */

static struct stauth_config *config;

static int make_config(void **state)
{
	(void)state;
	config = calloc(1, sizeof(*config));
	assert_non_null(config);
	snprintf(config->run_dir, sizeof(config->run_dir), "/run/stauth");
	snprintf(config->cookie_name, sizeof(config->cookie_name),
		"__Host-stauth");
	return 0;
}

static int free_config(void **state)
{
	(void)state;
	free(config);
	return 0;
}

/* The findings' names, "" for none, "?" for what cannot be read. */
static const char *judged(const char *text, size_t len, char names[256])
{
	struct nginx_conf conf;
	struct nginx_report report;

	snprintf(names, 256, "?");
	if (nginx_conf_dump(&conf, text, len)) {
		names[0] = '\0';
		assert_true(nginx_check(&conf, config, &report));
		for (size_t i = 0; i < report.count; i++) {
			size_t at = strlen(names);

			snprintf(names + at, 256 - at, "%s ",
				report.list[i].rule->name);
		}
		free(report.list);
	}
	nginx_conf_free(&conf);
	return names;
}

/* All snippets in use, in one text: what -T would print. */
static char *whole_site(size_t *ret_len)
{
	static const char top[] =
		"# configuration file /e/nginx.conf:\n"
		"http {\ninclude stauth-http.conf;\nserver {\n"
		"listen 443 ssl;\nserver_name a.example;\n"
		"include stauth-server.conf;\n"
		"include stauth-stream.conf;\n"
		"add_header Strict-Transport-Security x;\n"
		"location / {\ninclude stauth-protect.conf;\n"
		"add_header Strict-Transport-Security x;\n"
		"proxy_pass http://127.0.0.1:8501;\n}\n"
		"location /o/ {\ninclude stauth-optional.conf;\n"
		"proxy_pass http://localhost:8501/o;\n}\n"
		"location /p/ {\ninclude stauth-public.conf;\n"
		"proxy_pass http://localhost:8501/p;\n}\n}\n}\n"
		"stream { server { listen 1; proxy_pass 127.0.0.1:8502; } }\n";
	struct stauth_buf buf;
	char *text = NULL;

	stauth_buf_init(&buf, 1 << 20);
	stauth_buf_add(&buf, top);
	for (size_t i = 0; nginx_assets[i].name != NULL; i++) {
		stauth_buf_addf(&buf, "# configuration file /e/%s:\n%s\n",
			nginx_assets[i].name, nginx_assets[i].data);
	}
	assert_true(stauth_buf_ok(&buf));
	text = strdup(buf.data);
	assert_non_null(text);
	*ret_len = buf.len;
	stauth_buf_finish(&buf);
	return text;
}

static void b14_stream_leads_past_the_check(void **state)
{
	size_t len = 0;
	char *text = whole_site(&len);
	char names[256];

	(void)state;
	assert_string_equal(judged(text, len, names), "");
	strstr(text, "127.0.0.1:8502")[13] = '1';
	assert_string_equal(judged(text, len, names), "unprotected-twin ");
	free(text);
}

/* A number from a number: the same bytes break in every run. */
static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void b14_no_broken_text_breaks_the_check(void **state)
{
	static const char odd[] = "{};\"'\\$#\n \t~^=/:[]().*-0\xff";
	(void)state;
	size_t len = 0;
	char *text = whole_site(&len);
	char *broken = malloc(len);
	char names[256];
	uint32_t seed = 1;
	size_t read = 0;

	assert_non_null(broken);
	for (size_t i = 0; i < len; i += 97) {
		judged(text, i, names);
	}
	for (int i = 0; i < 600; i++) {
		memcpy(broken, text, len);
		for (uint32_t n = next(&seed) % 4 + 1; n > 0; n--) {
			broken[next(&seed) % len] =
				odd[next(&seed) % (sizeof(odd) - 1)];
		}
		read += strcmp(judged(broken, len, names), "?") != 0;
	}
	/* Some of it has to come as far as the rules. */
	assert_true(read > 100);
	free(broken);
	free(text);
}

/* The statement on a line, of one line; 0: none begins and ends there. */
static size_t statement_len(const char *line)
{
	size_t len = strcspn(line, "\n");

	return len > 1 && len < 256 && line[len - 1] == ';' &&
			       line[strspn(line, " \t")] != '#'
		       ? len
		       : 0;
}

/* Statement by statement left out: nothing is missed in silence but what is
 * as good by default, the first word of stauth-public.conf. */
static void b14_each_line_of_the_snippets_is_asked_for(void **state)
{
	size_t len = 0;
	char *text = whole_site(&len);
	char *at = strstr(text, "# configuration file /e/stauth-http.conf");
	size_t asked = 0;
	char names[256];
	char keep[256];

	(void)state;
	while ((at = strchr(at, '\n'))) {
		size_t width = statement_len(++at);

		memcpy(keep, at, width);
		keep[width] = '\0';
		if (width == 0 || strcmp(keep, "auth_request off;") == 0) {
			continue;
		}
		memset(at, ' ', width);
		if (!judged(text, len, names)[0]) {
			fail_msg("nobody asks for: %s", keep);
		}
		memcpy(at, keep, width);
		asked++;
	}
	assert_true(asked > 150);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b14_words_are_what_nginx_takes),
		cmocka_unit_test(b14_a_dump_is_taken_apart_with_its_lines),
		cmocka_unit_test(b14_what_is_too_much_is_refused_in_time),
		cmocka_unit_test_setup_teardown(b14_stream_leads_past_the_check,
			make_config, free_config),
		cmocka_unit_test_setup_teardown(
			b14_no_broken_text_breaks_the_check, make_config,
			free_config),
		cmocka_unit_test_setup_teardown(
			b14_each_line_of_the_snippets_is_asked_for, make_config,
			free_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
