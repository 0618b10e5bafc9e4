/* SPDX-License-Identifier: MIT */
#include "site.h"

#include <string.h>
#include <strings.h>

#include "base/banned.h"

/* http{}, and a server{} that protects something: the gate's own locations,
 * the settings of the snippets, and what other locations inherit. */

/* --- blocks as shipped, and nothing more in them */

/* What answers nothing and changes nothing that the gate is asked. */
static bool is_harmless(const struct nginx_node *node)
{
	static const char *const names[] = {"access_log", "error_log",
		"log_not_found", "log_subrequest", "limit_req",
		"limit_req_status", "limit_conn", "limit_conn_status",
		"add_header", "fastcgi_socket_keepalive", "include", NULL};
	size_t i = 0;

	while (names[i] != NULL && !nginx_is(node, names[i])) {
		i++;
	}
	return names[i] != NULL;
}

/* The first in block that other does not have. */
static const struct nginx_node *not_in(
	const struct nginx_node *block, const struct nginx_node *other)
{
	const struct nginx_node *node = block->children;

	while (node != NULL &&
		(nginx_find(other, node) != NULL || is_harmless(node))) {
		node = node->next;
	}
	return node;
}

/* False: it is not there at all. In the check's location, one more statement
 * may be the one that counts. */
static bool judge_block(struct nginx_site *site,
	const struct nginx_node *around, const struct nginx_node *shipped)
{
	bool is_check = strcmp(nginx_word(shipped, 2), NGINX_CHECK_URI) == 0;
	enum nginx_rule_id id =
		is_check ? NGINX_CHECK_CHANGED : NGINX_SNIPPET_DIFFERS;
	const struct nginx_node *own = around->children;

	while (own != NULL && !(own->is_block && nginx_same(own, shipped))) {
		own = own->next;
	}
	char words[NGINX_WORDS_SIZE];
	if (own == NULL) {
		nginx_found(site->report, around, NGINX_SNIPPET_DIFFERS,
			nginx_words(shipped, words));
		return false;
	}
	if (nginx_find(around, shipped) == NULL) {
		const struct nginx_node *odd = not_in(shipped, own);

		nginx_found(site->report, own, id,
			odd != NULL ? nginx_words(odd, words) : NULL);
	}
	const struct nginx_node *more = is_check ? not_in(own, shipped) : NULL;
	if (more != NULL) {
		nginx_found(site->report, more, id, "not in the snippet");
	}
	return true;
}

/* Of two maps or upstreams of one of our names, or of two lines in one, the
 * wrong one may be the one that counts. */
void nginx_judge_http(struct nginx_site *site)
{
	const struct nginx_node *shipped = site->shipped[NGINX_HTTP].root;

	for (const struct nginx_node *node = shipped->children; node != NULL;
		node = node->next) {
		if (node->is_block) {
			(void)judge_block(site, site->http, node);
		}
	}
	for (const struct nginx_node *node = site->http->children; node != NULL;
		node = node->next) {
		const char *name = nginx_word(node, node->word_count - 1);

		name += name[0] == '$';
		if (node->is_block && strncmp(name, "stauth_", 7) == 0 &&
			nginx_find(shipped, node) == NULL) {
			nginx_found(site->report, node, NGINX_SNIPPET_DIFFERS,
				"not in stauth-http.conf");
		}
	}
}

/* --- stauth-server.conf: settings */

/* By whose rules nginx reads what comes before Host: those of the socket's
 * default server, or of the one that a TLS hello names. */
static const struct odd_row {
	const char *name;
	const char *value;
	enum nginx_rule_id id;
} odd_rows[] = {
	{"underscores_in_headers", "on", NGINX_ODD_HEADERS},
	{"ignore_invalid_headers", "off", NGINX_ODD_HEADERS},
	{"merge_slashes", "off", NGINX_MERGE_SLASHES},
};
#define ODD_COUNT (sizeof(odd_rows) / sizeof(odd_rows[0]))

static void judge_odd(struct nginx_site *site, const struct nginx_node *server)
{
	for (size_t i = 0; i < ODD_COUNT; i++) {
		const struct odd_row *row = &odd_rows[i];

		if (nginx_says(server, row->name, row->value)) {
			nginx_found(site->report,
				nginx_effective(server, row->name), row->id,
				NULL);
		}
	}
}

/* A size of one's own is nobody's leak; the odd rows have rules of their own.
 */
static bool may_differ(const struct nginx_node *wanted)
{
	size_t i = 0;

	while (i < ODD_COUNT && !nginx_is(wanted, odd_rows[i].name)) {
		i++;
	}
	return i < ODD_COUNT || nginx_is(wanted, "client_max_body_size");
}

/* The first statement of the snippet that does not hold in the server. */
static const struct nginx_node *missing_setting(
	const struct nginx_site *site, const struct nginx_node *server)
{
	const struct nginx_node *wanted =
		site->shipped[NGINX_SERVER].root->children;

	for (; wanted != NULL; wanted = wanted->next) {
		const struct nginx_node *node =
			nginx_effective(server, nginx_word(wanted, 0));

		if (!wanted->is_block && nginx_find(server, wanted) == NULL &&
			(node == NULL || !(nginx_same(node, wanted) ||
						 may_differ(wanted)))) {
			return wanted;
		}
	}
	return NULL;
}

/* Each "set" of a server{} runs again in the check's subrequest and replaces
 * what the location said. */
static void judge_set(struct nginx_site *site, const struct nginx_node *server)
{
	nginx_each (node, server->children, "set") {
		if (strncmp(nginx_word(node, 1), "$stauth_", 8) == 0 &&
			nginx_find(site->shipped[NGINX_SERVER].root, node) ==
				NULL &&
			nginx_find(site->shipped[NGINX_STREAM].root, node) ==
				NULL) {
			nginx_found(site->report, node, NGINX_SERVER_SET, NULL);
		}
	}
}

/* --- what stands around */

static void judge_alias(
	struct nginx_site *site, const struct nginx_node *location)
{
	const struct nginx_node *alias =
		nginx_named(location->children, "alias");
	const char *path = nginx_word(location, location->word_count - 1);
	const char *folder = alias != NULL ? nginx_word(alias, 1) : "";

	if (folder[0] == '\0' || folder[strlen(folder) - 1] != '/' ||
		path[0] != '/' || path[strlen(path) - 1] == '/' ||
		(location->word_count == 3 &&
			strcmp(nginx_word(location, 1), "^~") != 0)) {
		return;
	}
	nginx_found(site->report, alias, NGINX_ALIAS_SLASH, path);
}

static bool is_secret(const char *word)
{
	static const char *const secrets[] = {"$http_cookie", "${http_cookie",
		"$cookie_", "${cookie_", "$sent_http_set_cookie",
		"$upstream_http_set_cookie", "$stauth_assertion",
		"$upstream_http_x_auth_assertion", "$http_authorization", NULL};
	size_t i = 0;

	while (secrets[i] != NULL && strstr(word, secrets[i]) == NULL) {
		i++;
	}
	return secrets[i] != NULL;
}

static void judge_log(struct nginx_site *site, const struct nginx_node *log)
{
	nginx_each (format, site->http->children, "log_format") {
		if (strcmp(nginx_word(format, 1), nginx_word(log, 2)) != 0) {
			continue;
		}
		for (size_t i = 2; i < format->word_count; i++) {
			if (is_secret(format->words[i])) {
				nginx_found(site->report, log, NGINX_LOG_SECRET,
					NULL);
			}
		}
	}
}

/* 0.0.0.0/0 and its halves; the smallest of the private networks that are
 * trusted with reason is 10.0.0.0/8, and fc00::/7. */
static void judge_realip(struct nginx_site *site, const struct nginx_node *from)
{
	const char *slash = strchr(nginx_word(from, 1), '/');
	char least = strchr(nginx_word(from, 1), ':') != NULL ? '7' : '8';

	if (slash != NULL && slash[1] >= '0' && slash[1] < least &&
		slash[2] == '\0') {
		nginx_found(site->report, from, NGINX_REALIP_TRUST, NULL);
	}
}

static void judge_inherited(
	struct nginx_site *site, const struct nginx_node *scope)
{
	nginx_each (log, nginx_effective(scope, "access_log"), "access_log") {
		judge_log(site, log);
	}
	nginx_each (from, nginx_effective(scope, "set_real_ip_from"),
		"set_real_ip_from") {
		judge_realip(site, from);
	}
	if (nginx_says(scope, "ssi", "on") && !nginx_is_protected(scope)) {
		nginx_found(site->report, nginx_effective(scope, "ssi"),
			NGINX_SSI, NULL);
	}
	if (nginx_is(scope, "location")) {
		judge_alias(site, scope);
	}
}

void nginx_judge_blocks(struct nginx_site *site,
	const struct nginx_node *server, enum nginx_snippet snippet)
{
	const struct nginx_node *shipped =
		site->shipped[snippet].root->children;

	for (; shipped != NULL; shipped = shipped->next) {
		if (shipped->is_block && !judge_block(site, server, shipped)) {
			return;
		}
	}
}

void nginx_judge_server(
	struct nginx_site *site, const struct nginx_node *server)
{
	const struct nginx_node *missing = missing_setting(site, server);
	char words[NGINX_WORDS_SIZE];

	if (missing != NULL) {
		nginx_found(site->report, server, NGINX_SNIPPET_DIFFERS,
			nginx_words(missing, words));
	}
	nginx_judge_blocks(site, server, NGINX_SERVER);
	judge_set(site, server);
	nginx_each (other, site->http->children, "server") {
		if (nginx_share_port(server, other)) {
			judge_odd(site, other);
		}
	}
	judge_inherited(site, server);
	nginx_each_scope(site, server, judge_inherited);
}
