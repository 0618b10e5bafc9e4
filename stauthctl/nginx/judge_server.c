/* SPDX-License-Identifier: MIT */
#include "nginx/site.h"

#include <string.h>
#include <strings.h>

#include "base/banned.h"

/* The gate's own locations in a server{} that protects something, and what
 * its other locations inherit. */

/* --- stauth-server.conf: settings */

static void judge_setting(struct ctl_site *site,
	const struct ctl_conf_node *server, const struct ctl_conf_node *wanted,
	const struct ctl_conf_node **first_missing)
{
	const char *name = ctl_word(wanted, 0);
	const struct ctl_conf_node *node = ctl_effective(server, name);
	char words[CTL_WORDS_SIZE];

	/* The size is judged where it counts, in the locations; of "set" there
	 * may be more than one. */
	if (ctl_is(wanted, "client_max_body_size") ||
		(node && ctl_same_words(node, wanted, 0)) ||
		(ctl_is(wanted, "set") && ctl_find_same(server, wanted))) {
		return;
	}
	if (node && (ctl_is(wanted, "underscores_in_headers") ||
			    ctl_is(wanted, "ignore_invalid_headers"))) {
		ctl_found(site->findings, node, CTL_RULE_ODD_HEADERS,
			"%s holds in a server{} that protects",
			ctl_words(node, words));
	} else if (node && ctl_is(wanted, "merge_slashes")) {
		ctl_found(site->findings, node, CTL_RULE_MERGE_SLASHES,
			"%s holds in a server{} that protects",
			ctl_words(node, words));
	} else if (!*first_missing) {
		*first_missing = wanted;
	}
}

/* --- stauth-server.conf: locations */

static bool is_check(const struct ctl_conf_node *location)
{
	return strcmp(ctl_word(location, 2), CTL_CHECK_URI) == 0;
}

static bool is_cached(const struct ctl_conf_node *location)
{
	return ctl_effective(location, "fastcgi_cache") &&
	       !ctl_says(location, "fastcgi_cache", "off");
}

/* The rule that tells best what a missing statement does. */
static enum ctl_rule_id rule_of(const struct ctl_conf_node *location,
	const struct ctl_conf_node *wanted)
{
	if (ctl_is(wanted, "internal")) {
		return CTL_RULE_CHECK_NOT_INTERNAL;
	}
	if (ctl_is(wanted, "fastcgi_pass")) {
		return CTL_RULE_CHECK_SOCKET;
	}
	if (ctl_is(wanted, "fastcgi_pass_request_headers")) {
		return CTL_RULE_CHECK_HEADERS;
	}
	/* nginx caches nothing that it believes it has to store. */
	if ((ctl_is(wanted, "fastcgi_cache") ||
		    ctl_is(wanted, "fastcgi_store")) &&
		is_cached(location)) {
		return CTL_RULE_CHECK_CACHED;
	}
	if (ctl_is(wanted, "error_page") && is_check(location) &&
		ctl_effective(location, "error_page")) {
		return CTL_RULE_CHECK_ERROR_PAGE;
	}
	return ctl_is(wanted, "if") && !is_check(location) &&
			       ctl_child(wanted, "access_log")
		       ? CTL_RULE_LOG_SECRET
		       : CTL_RULE_SNIPPET_DIFFERS;
}

/* Of each rule the first; told: what was told of this location. */
static void judge_wanted(struct ctl_site *site,
	const struct ctl_conf_node *location,
	const struct ctl_conf_node *wanted, bool told[CTL_RULES])
{
	enum ctl_rule_id id = rule_of(location, wanted);
	char words[CTL_WORDS_SIZE];
	char place[CTL_WORDS_SIZE];

	if (ctl_find_same(location, wanted) || told[id]) {
		return;
	}
	told[id] = true;
	ctl_found(site->findings, location, id,
		"\"%s\" of stauth-server.conf is not in %s",
		ctl_words(wanted, words), ctl_words(location, place));
}

static void judge_twice(struct ctl_site *site,
	const struct ctl_conf_node *location, const struct ctl_conf_node *param)
{
	for (const struct ctl_conf_node *node =
			ctl_child(location, "fastcgi_param");
		node && node != param;
		node = ctl_sibling(node, "fastcgi_param")) {
		if (strcmp(ctl_word(node, 1), ctl_word(param, 1)) == 0) {
			ctl_found(site->findings, param, CTL_RULE_FASTCGI_TWICE,
				"fastcgi_param %.60s is there already",
				ctl_word(param, 1));
			return;
		}
	}
}

/* What answers nothing and changes nothing that the gate is told. */
static bool is_harmless(const struct ctl_conf_node *node)
{
	static const char *const names[] = {"access_log", "error_log",
		"log_not_found", "log_subrequest", "limit_req",
		"limit_req_status", "limit_conn", "limit_conn_status",
		"add_header", "fastcgi_param", "fastcgi_socket_keepalive",
		"include"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (ctl_is(node, names[i])) {
			return true;
		}
	}
	return false;
}

static void judge_extra(struct ctl_site *site,
	const struct ctl_conf_node *shipped, const struct ctl_conf_node *node)
{
	char words[CTL_WORDS_SIZE];

	if (ctl_find_same(shipped, node)) {
		return;
	}
	if (ctl_is(node, "error_page")) {
		ctl_found(site->findings, node, CTL_RULE_CHECK_ERROR_PAGE,
			"%s in the check's location", ctl_words(node, words));
	} else if (!ctl_child(shipped, ctl_word(node, 0)) &&
		   !is_harmless(node)) {
		ctl_found(site->findings, node, CTL_RULE_CHECK_EXTRA,
			"%s in the check's location", ctl_words(node, words));
	}
}

static void judge_location(struct ctl_site *site,
	const struct ctl_conf_node *location,
	const struct ctl_conf_node *shipped)
{
	bool told[CTL_RULES] = {false};

	for (const struct ctl_conf_node *wanted = shipped->first; wanted;
		wanted = wanted->next) {
		judge_wanted(site, location, wanted, told);
	}
	for (const struct ctl_conf_node *node = location->first; node;
		node = node->next) {
		if (ctl_is(node, "fastcgi_param")) {
			judge_twice(site, location, node);
		}
		if (is_check(shipped)) {
			judge_extra(site, shipped, node);
		}
	}
}

static const struct ctl_conf_node *find_location(
	const struct ctl_conf_node *server, const struct ctl_conf_node *shipped)
{
	for (const struct ctl_conf_node *node = ctl_child(server, "location");
		node; node = ctl_sibling(node, "location")) {
		if (ctl_same_words(node, shipped, 0)) {
			return node;
		}
	}
	return NULL;
}

void ctl_judge_gate(struct ctl_site *site, const struct ctl_conf_node *server)
{
	const struct ctl_conf_node *shipped = site->shipped[CTL_SNIPPET_SERVER];
	const struct ctl_conf_node *missing = NULL;
	char words[CTL_WORDS_SIZE];

	for (const struct ctl_conf_node *wanted = shipped->first; wanted;
		wanted = wanted->next) {
		const struct ctl_conf_node *own = NULL;

		if (!wanted->is_block) {
			judge_setting(site, server, wanted, &missing);
			continue;
		}
		own = find_location(server, wanted);
		if (own) {
			judge_location(site, own, wanted);
		} else if (is_check(wanted)) {
			ctl_found(site->findings, server,
				CTL_RULE_SERVER_SNIPPET,
				"this server{} asks the check and has no "
				"%s",
				ctl_words(wanted, words));
			return;
		} else {
			missing = missing ? missing : wanted;
		}
	}
	if (missing) {
		ctl_found(site->findings, server, CTL_RULE_SNIPPET_DIFFERS,
			"\"%s\" of stauth-server.conf is not in this server{}",
			ctl_words(missing, words));
	}
}

/* --- what stands around */

static void judge_alias(
	struct ctl_site *site, const struct ctl_conf_node *location)
{
	const struct ctl_conf_node *alias = ctl_child(location, "alias");
	bool has_sign = location->word_count == 3;
	const char *path = ctl_word(location, has_sign ? 2 : 1);
	const char *folder = alias ? ctl_word(alias, 1) : "";
	char words[CTL_WORDS_SIZE];

	if (!folder[0] || folder[strlen(folder) - 1] != '/' || path[0] != '/' ||
		path[strlen(path) - 1] == '/' ||
		(has_sign && strcmp(ctl_word(location, 1), "^~") != 0)) {
		return;
	}
	ctl_found(site->findings, alias, CTL_RULE_ALIAS_SLASH,
		"%s has an alias that ends with a slash",
		ctl_words(location, words));
}

static bool is_secret(const char *format)
{
	static const char *const secrets[] = {"$http_cookie", "${http_cookie",
		"$cookie_", "${cookie_", "$sent_http_set_cookie",
		"$upstream_http_set_cookie", "$stauth_assertion",
		"$upstream_http_x_auth_assertion", "$http_authorization"};

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		if (strstr(format, secrets[i])) {
			return true;
		}
	}
	return false;
}

static void judge_log(struct ctl_site *site, const struct ctl_conf_node *log)
{
	const struct ctl_conf_node *format =
		ctl_child(site->http, "log_format");

	while (format && strcmp(ctl_word(format, 1), ctl_word(log, 2)) != 0) {
		format = ctl_sibling(format, "log_format");
	}
	for (size_t i = 2; format && i < format->word_count; i++) {
		if (is_secret(format->words[i])) {
			ctl_found(site->findings, log, CTL_RULE_LOG_SECRET,
				"the log_format %.60s writes down a secret",
				ctl_word(format, 1));
			return;
		}
	}
}

/* 0.0.0.0/0 and its halves; the smallest of the private networks that are
 * trusted with reason is 10.0.0.0/8, and fc00::/7. */
static void judge_realip(
	struct ctl_site *site, const struct ctl_conf_node *from)
{
	const char *slash = strchr(ctl_word(from, 1), '/');
	bool is_v6 = strchr(ctl_word(from, 1), ':') != NULL;

	if (slash && slash[1] >= '0' && slash[1] < (is_v6 ? '7' : '8') &&
		!slash[2]) {
		ctl_found(site->findings, from, CTL_RULE_REALIP_TRUST,
			"%.60s is believed to be a proxy", ctl_word(from, 1));
	}
}

static void judge_inherited(
	struct ctl_site *site, const struct ctl_conf_node *scope)
{
	const struct ctl_conf_node *node = ctl_effective(scope, "access_log");

	for (; node; node = ctl_sibling(node, "access_log")) {
		judge_log(site, node);
	}
	node = ctl_effective(scope, "set_real_ip_from");
	for (; node; node = ctl_sibling(node, "set_real_ip_from")) {
		judge_realip(site, node);
	}
	if (ctl_says(scope, "ssi", "on") && !ctl_is_protected(scope)) {
		ctl_found(site->findings, ctl_effective(scope, "ssi"),
			CTL_RULE_SSI, "ssi is on in a server{} that protects");
	}
	if (ctl_is(scope, "location")) {
		judge_alias(site, scope);
	}
}

void ctl_judge_server(struct ctl_site *site, const struct ctl_conf_node *server)
{
	ctl_judge_gate(site, server);
	ctl_judge_names(site, server);
	judge_inherited(site, server);
	ctl_each_scope(site, server, judge_inherited);
}
