/* SPDX-License-Identifier: MIT */
#include "site.h"

#include <string.h>

#include "base/banned.h"

/* The way of WebSockets: through the relay, to the location's own app. */

#define APP_SIZE NGINX_ADDRESS_SIZE

static bool is_on(const struct nginx_site *site, const struct nginx_node *scope)
{
	const struct nginx_node *server = nginx_server_of(scope);
	const struct nginx_node *set =
		nginx_named(site->shipped[NGINX_STREAM].root->children, "set");

	return server != NULL && set != NULL && nginx_find(server, set) != NULL;
}

/* By its words; what stands in it is a rule of its own. */
static bool is_shipped(const struct nginx_site *site,
	const struct nginx_node *block, enum nginx_snippet snippet)
{
	const struct nginx_node *node = site->shipped[snippet].root->children;

	while (node != NULL && !(node->is_block && nginx_same(node, block))) {
		node = node->next;
	}
	return node != NULL;
}

bool nginx_is_relay(
	const struct nginx_site *site, const struct nginx_node *scope)
{
	return is_shipped(site, scope, NGINX_STREAM) ||
	       (nginx_is_protected(scope) &&
		       (is_shipped(site, scope, NGINX_PROTECT) ||
			       is_shipped(site, scope, NGINX_OPTIONAL)));
}

/* The next word of APP_UPSTREAM; false: there is none. */
static bool next_app(const char **at, char out[APP_SIZE])
{
	*at += strspn(*at, " \t");
	size_t len = strcspn(*at, " \t");
	if (len == 0 || len >= APP_SIZE) {
		return false;
	}
	memcpy(out, *at, len);
	out[len] = '\0';
	*at += len;
	return true;
}

/* What the relay is asked for there: $stauth_app, else the first. */
static bool asked_app(const struct nginx_site *site,
	const struct nginx_node *scope, char out[APP_SIZE])
{
	const char *named = NULL;
	const char *at = site->config->app_upstream;
	char word[APP_SIZE];

	nginx_each (set, scope->children, "set") {
		if (strcmp(nginx_word(set, 1), "$stauth_app") == 0) {
			named = nginx_word(set, 2);
		}
	}
	while (next_app(&at, word)) {
		if (named == NULL || strcmp(word, named) == 0) {
			nginx_put_address(word, "80", out);
			return true;
		}
	}
	return false;
}

static void judge_app(struct nginx_site *site, const struct nginx_node *scope)
{
	const struct nginx_node *handler = nginx_handler(scope);

	if (!nginx_is(scope, "location") || handler == NULL ||
		!nginx_is_protected(scope) || !is_on(site, scope) ||
		strchr(nginx_word(handler, 1), '$') != NULL) {
		return;
	}
	char asked[APP_SIZE];
	if (!asked_app(site, scope, asked)) {
		nginx_found(site->report, scope, NGINX_STREAM_APP,
			"$stauth_app is not in APP_UPSTREAM");
		return;
	}
	char address[NGINX_ADDRESS_SIZE];
	for (size_t i = 0; nginx_address(site, handler, i, address); i++) {
		if (strcmp(address, asked) == 0) {
			return;
		}
	}
	nginx_found(site->report, handler, NGINX_STREAM_APP, asked);
}

/* An if{} that holds takes the place of the snippet's. */
static void judge_ifs(struct nginx_site *site, const struct nginx_node *scope)
{
	if (!nginx_is(scope, "location") || !nginx_is_protected(scope) ||
		!is_on(site, scope)) {
		return;
	}
	nginx_each (block, scope->children, "if") {
		if (!is_shipped(site, block, NGINX_PROTECT) &&
			!is_shipped(site, block, NGINX_OPTIONAL) &&
			nginx_named(block->children, "return") == NULL) {
			nginx_found(site->report, block, NGINX_STREAM_IF, NULL);
		}
	}
}

/* Is any line of the snippet there? */
static bool is_included(
	const struct nginx_site *site, const struct nginx_node *server)
{
	const struct nginx_node *shipped =
		site->shipped[NGINX_STREAM].root->children;

	while (shipped != NULL && nginx_find(server, shipped) == NULL) {
		shipped = shipped->next;
	}
	return shipped != NULL;
}

void nginx_judge_relay(struct nginx_site *site, const struct nginx_node *server)
{
	if (is_on(site, server)) {
		nginx_judge_blocks(site, server, NGINX_STREAM);
		nginx_each_scope(site, server, judge_ifs);
	} else if (is_included(site, server)) {
		nginx_found(site->report, server, NGINX_SNIPPET_DIFFERS,
			"set $stauth_relay on");
	} else if (site->config->app_upstream[0] != '\0') {
		nginx_found(site->report, server, NGINX_STREAM_DIRECT, NULL);
	}
	if (site->config->app_upstream[0] != '\0') {
		nginx_each_scope(site, server, judge_app);
	}
}
