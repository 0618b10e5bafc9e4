/* SPDX-License-Identifier: MIT */
#include "nginx/site.h"

#include <string.h>

#include "base/banned.h"

/* All rules, from the whole to the parts. What no rule below asks about,
 * ordinary sites beside the protected one above all, is not judged. */

static void judge_unread(
	struct ctl_site *site, const struct ctl_conf_node *block)
{
	for (const struct ctl_conf_node *node = block->first; node;
		node = node->next) {
		if (!node->is_block && ctl_is(node, "include")) {
			ctl_found(site->findings, node, CTL_RULE_INCLUDE_UNREAD,
				"%.200s cannot be read", ctl_word(node, 1));
		}
		judge_unread(site, node);
	}
}

static void collect_apps(
	struct ctl_site *site, const struct ctl_conf_node *scope)
{
	const struct ctl_conf_node *handler = ctl_handler(scope);
	char address[CTL_ADDRESS_SIZE];

	if (!handler || !ctl_is_protected(scope)) {
		return;
	}
	for (size_t i = 0; ctl_address(site, handler, i, address); i++) {
		bool known = false;

		for (size_t j = 0; j < site->app_count; j++) {
			known = known || strcmp(site->apps[j], address) == 0;
		}
		if (!known && site->app_count < CTL_SITE_APPS_MAX) {
			memcpy(site->apps[site->app_count++], address,
				sizeof(address));
		}
	}
}

/* stream{} passes bytes on and asks nobody. */
static void judge_stream(
	struct ctl_site *site, const struct ctl_conf_node *stream)
{
	for (const struct ctl_conf_node *server = ctl_child(stream, "server");
		server; server = ctl_sibling(server, "server")) {
		const struct ctl_conf_node *pass =
			ctl_child(server, "proxy_pass");
		const char *app = pass ? ctl_app_of(site, pass) : NULL;

		if (app) {
			ctl_found(site->findings, pass,
				CTL_RULE_UNPROTECTED_TWIN,
				"stream{} leads to the app at %s as well", app);
		}
	}
}

/* Is it said that everybody may come, and as nobody? */
static bool is_public(const struct ctl_conf_node *scope)
{
	for (const struct ctl_conf_node *node =
			ctl_effective(scope, "proxy_set_header");
		node; node = ctl_sibling(node, "proxy_set_header")) {
		if (strcmp(ctl_word(node, 1), "X-Auth-User") == 0 &&
			!ctl_word(node, 2)[0]) {
			return true;
		}
	}
	return false;
}

static bool hides_cookie(const struct ctl_conf_node *scope)
{
	for (const struct ctl_conf_node *node =
			ctl_effective(scope, "proxy_set_header");
		node; node = ctl_sibling(node, "proxy_set_header")) {
		const char *value = ctl_word(node, 2);

		if (strcmp(ctl_word(node, 1), "Cookie") == 0) {
			return !value[0] ||
			       strcmp(value, "$stauth_app_cookie") == 0;
		}
	}
	return false;
}

static void judge_other_app(struct ctl_site *site,
	const struct ctl_conf_node *scope, const struct ctl_conf_node *handler)
{
	const struct ctl_conf_node *server = ctl_server_of(scope);
	const char *app = ctl_app_of(site, handler);
	char words[CTL_WORDS_SIZE];

	if (app) {
		ctl_found(site->findings, scope, CTL_RULE_UNPROTECTED_TWIN,
			"%s leads to the protected app at %s without the check",
			ctl_words(scope, words), app);
	} else if (server && ctl_protects(server) &&
		   ctl_is(handler, "proxy_pass") && !hides_cookie(scope)) {
		ctl_found(site->findings, handler, CTL_RULE_COOKIE_ELSEWHERE,
			"%s hands on our cookie", ctl_words(scope, words));
	}
}

/* Is it the gate's own, which the server's judge knows? */
static bool is_gates(struct ctl_site *site, const struct ctl_conf_node *scope)
{
	const struct ctl_conf_node *handler = ctl_handler(scope);
	const struct ctl_conf_node *server = ctl_server_of(scope);
	char words[CTL_WORDS_SIZE];

	if (server && ctl_protects(server) &&
		strcmp(ctl_word(scope, 2), CTL_CHECK_URI) == 0) {
		return true;
	}
	if (handler && ctl_leads_to(handler, "stauth_check")) {
		if (!ctl_child(scope, "internal")) {
			ctl_found(site->findings, scope,
				CTL_RULE_CHECK_NOT_INTERNAL,
				"%s asks the check", ctl_words(scope, words));
		}
		return true;
	}
	return handler && ctl_leads_to(handler, "stauth_pages");
}

/* A location where the check is not asked. */
static void judge_open(struct ctl_site *site, const struct ctl_conf_node *scope)
{
	const struct ctl_conf_node *handler = ctl_handler(scope);
	const struct ctl_conf_node *off = ctl_child(scope, "auth_request");
	char words[CTL_WORDS_SIZE];

	if (is_gates(site, scope)) {
		return;
	}
	if (handler && is_public(scope) &&
		(ctl_app_of(site, handler) ||
			ctl_protects(ctl_server_of(scope)))) {
		ctl_judge_proxy(site, scope, CTL_SNIPPET_PUBLIC);
		return;
	}
	if (handler) {
		judge_other_app(site, scope, handler);
	}
	if (off && ctl_is(scope->parent, "location") &&
		ctl_is_protected(scope->parent) &&
		!(handler && ctl_app_of(site, handler))) {
		ctl_found(site->findings, off, CTL_RULE_AUTH_OFF,
			"%s is open inside of what is not",
			ctl_words(scope, words));
	}
}

/* The address is put together while a request is served. */
static void judge_unknown(
	struct ctl_site *site, const struct ctl_conf_node *scope)
{
	const struct ctl_conf_node *handler = ctl_handler(scope);
	char address[CTL_ADDRESS_SIZE];
	char words[CTL_WORDS_SIZE];

	if (handler && !ctl_address(site, handler, 0, address) &&
		ctl_protects(ctl_server_of(scope))) {
		ctl_found(site->findings, handler, CTL_RULE_ADDRESS_UNKNOWN,
			"%s leads to where variables say",
			ctl_words(handler, words));
	}
}

static void judge_scope(
	struct ctl_site *site, const struct ctl_conf_node *scope)
{
	judge_unknown(site, scope);
	if (!ctl_is_protected(scope)) {
		judge_open(site, scope);
		return;
	}
	ctl_judge_access(site, scope);
	if (ctl_handler(scope)) {
		ctl_judge_proxy(site, scope, CTL_SNIPPET_PROTECT);
	}
}

void ctl_judge(struct ctl_site *site)
{
	const struct ctl_conf_node *http = ctl_child(site->root, "http");
	bool any = false;

	site->http = http ? http : site->root;
	judge_unread(site, site->root);
	ctl_each_server_scope(site, collect_apps);
	for (const struct ctl_conf_node *server =
			ctl_child(site->http, "server");
		server; server = ctl_sibling(server, "server")) {
		if (ctl_protects(server)) {
			any = true;
			ctl_judge_server(site, server);
		}
	}
	if (!any) {
		ctl_found(site->findings, site->http,
			CTL_RULE_NOTHING_PROTECTED,
			"no location asks the check of stauth");
		return;
	}
	ctl_judge_http(site);
	ctl_each_server_scope(site, judge_scope);
	for (const struct ctl_conf_node *stream =
			ctl_child(site->root, "stream");
		stream; stream = ctl_sibling(stream, "stream")) {
		judge_stream(site, stream);
	}
}
