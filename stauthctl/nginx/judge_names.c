/* SPDX-License-Identifier: MIT */
#include "nginx/site.h"

#include <string.h>
#include <strings.h>

#include "base/banned.h"

/* http{} as a whole, and what servers do to each other on one socket. */

/* --- stauth-http.conf */

static void judge_block(struct ctl_site *site, const struct ctl_conf_node *own,
	const struct ctl_conf_node *shipped)
{
	const struct ctl_conf_node *odd = NULL;
	const struct ctl_conf_node *keep = NULL;
	char words[CTL_WORDS_SIZE];
	char place[CTL_WORDS_SIZE];

	for (const struct ctl_conf_node *node = shipped->first; node && !odd;
		node = node->next) {
		odd = ctl_find_same(own, node) ? NULL : node;
	}
	/* In a map, one more line may be the one that counts. */
	for (const struct ctl_conf_node *node = own->first;
		node && !odd && ctl_is(own, "map"); node = node->next) {
		odd = ctl_find_same(shipped, node) ? NULL : node;
	}
	keep = strcmp(ctl_word(own, 1), "stauth_pages") == 0
		       ? ctl_child(own, "keepalive")
		       : NULL;
	if (keep) {
		ctl_found(site->findings, keep, CTL_RULE_PAGES_KEEPALIVE,
			"the pages' connections are kept open");
	}
	if (odd) {
		ctl_found(site->findings, own, CTL_RULE_HTTP_SNIPPET,
			"%s is not as shipped: %s", ctl_words(own, place),
			ctl_words(odd, words));
	}
}

void ctl_judge_http(struct ctl_site *site)
{
	const struct ctl_conf_node *shipped =
		site->shipped[CTL_SNIPPET_HTTP]->first;
	char words[CTL_WORDS_SIZE];

	for (; shipped; shipped = shipped->next) {
		const struct ctl_conf_node *own = site->http->first;

		while (own &&
			!(own->is_block && ctl_same_words(own, shipped, 0))) {
			own = own->next;
		}
		if (own) {
			judge_block(site, own, shipped);
			continue;
		}
		ctl_found(site->findings, site->http, CTL_RULE_HTTP_SNIPPET,
			"%s is missing", ctl_words(shipped, words));
	}
}

/* --- two servers of one name: nginx keeps the first */

static bool shares_address(
	const struct ctl_conf_node *one, const struct ctl_conf_node *two)
{
	const struct ctl_conf_node *listen = ctl_child(one, "listen");
	char address[CTL_ADDRESS_SIZE];

	if (!listen) {
		return ctl_listens_on(two, CTL_LISTEN_DEFAULT);
	}
	for (; listen; listen = ctl_sibling(listen, "listen")) {
		ctl_listen_address(listen, address);
		if (ctl_listens_on(two, address)) {
			return true;
		}
	}
	return false;
}

static bool has_name(const struct ctl_conf_node *server, const char *name)
{
	for (const struct ctl_conf_node *node =
			ctl_child(server, "server_name");
		node; node = ctl_sibling(node, "server_name")) {
		for (size_t i = 1; i < node->word_count; i++) {
			if (strcasecmp(node->words[i], name) == 0) {
				return true;
			}
		}
	}
	return false;
}

/* A name of both, or NULL. */
static const char *common_name(
	const struct ctl_conf_node *one, const struct ctl_conf_node *two)
{
	const struct ctl_conf_node *node = ctl_child(one, "server_name");

	if (!node) {
		return ctl_child(two, "server_name") ? NULL : "";
	}
	for (; node; node = ctl_sibling(node, "server_name")) {
		for (size_t i = 1; i < node->word_count; i++) {
			if (has_name(two, node->words[i])) {
				return node->words[i];
			}
		}
	}
	return NULL;
}

static void judge_same_name(
	struct ctl_site *site, const struct ctl_conf_node *server)
{
	bool is_behind = false;

	for (const struct ctl_conf_node *other =
			ctl_child(site->http, "server");
		other; other = ctl_sibling(other, "server")) {
		const char *name = NULL;

		if (other == server) {
			is_behind = true;
			continue;
		}
		name = shares_address(server, other)
			       ? common_name(server, other)
			       : NULL;
		if (name) {
			ctl_found(site->findings, is_behind ? other : server,
				CTL_RULE_SAME_NAME,
				"a second server{} named \"%.100s\" on the "
				"same socket",
				name);
		}
	}
}

/* --- neighbours: by whose rules nginx reads what comes before Host */

static const struct bad_row {
	const char *name;
	const char *value;
	enum ctl_rule_id id;
} bad_rows[] = {
	{"underscores_in_headers", "on", CTL_RULE_ODD_HEADERS},
	{"ignore_invalid_headers", "off", CTL_RULE_ODD_HEADERS},
	{"merge_slashes", "off", CTL_RULE_MERGE_SLASHES},
};

static void judge_neighbour(
	struct ctl_site *site, const struct ctl_conf_node *other)
{
	char words[CTL_WORDS_SIZE];

	for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
		const struct bad_row *row = &bad_rows[i];

		if (ctl_says(other, row->name, row->value)) {
			const struct ctl_conf_node *node =
				ctl_effective(other, row->name);

			ctl_found(site->findings, node, row->id,
				"%s holds in a server{} on the socket of one "
				"that protects",
				ctl_words(node, words));
		}
	}
}

/* With TLS the client also chooses by the name it sends in its hello. */
static void judge_neighbours(struct ctl_site *site,
	const struct ctl_conf_node *server, const char *address)
{
	const struct ctl_conf_node *chosen = ctl_default_server(site, address);
	bool is_tls = ctl_is_tls(site, address);

	for (const struct ctl_conf_node *other =
			ctl_child(site->http, "server");
		other; other = ctl_sibling(other, "server")) {
		if (other != server && (is_tls || other == chosen) &&
			ctl_listens_on(other, address)) {
			judge_neighbour(site, other);
		}
	}
}

/* --- TLS and PUBLIC_URL */

/* Does a server with this name speak TLS? Else somebody before nginx does. */
static bool is_tls_name(const struct ctl_site *site, const char *name)
{
	char address[CTL_ADDRESS_SIZE];

	for (const struct ctl_conf_node *server =
			ctl_child(site->http, "server");
		server; server = ctl_sibling(server, "server")) {
		for (const struct ctl_conf_node *listen =
				ctl_child(server, "listen");
			listen && ctl_is_named(server, name);
			listen = ctl_sibling(listen, "listen")) {
			ctl_listen_address(listen, address);
			if (ctl_is_tls(site, address)) {
				return true;
			}
		}
	}
	return false;
}

/* "if ($scheme = http) { return 301 ...; }" in the server itself. */
static bool redirects(const struct ctl_conf_node *server)
{
	for (const struct ctl_conf_node *node = ctl_child(server, "if"); node;
		node = ctl_sibling(node, "if")) {
		const struct ctl_conf_node *answer = ctl_child(node, "return");

		if (answer && ctl_word(answer, 1)[0] != '2') {
			return true;
		}
	}
	return false;
}

/* The host of an https PUBLIC_URL that is this server's, or "". */
static void https_name(const struct ctl_site *site,
	const struct ctl_conf_node *server, char name[STAUTH_ORIGIN_SIZE])
{
	for (size_t i = 0; i < site->config->public_url_count; i++) {
		ctl_public_name(site, i, name);
		if (site->config->public_urls[i].https &&
			ctl_is_named(server, name)) {
			return;
		}
	}
	name[0] = '\0';
}

static bool is_own_host(const char *name)
{
	size_t len = strlen(name);

	return strcmp(name, "localhost") == 0 ||
	       strncmp(name, "127.", 4) == 0 || strcmp(name, "[::1]") == 0 ||
	       (len > 10 && strcmp(name + len - 10, ".localhost") == 0);
}

static bool has_hsts(const struct ctl_conf_node *scope)
{
	for (const struct ctl_conf_node *node =
			ctl_effective(scope, "add_header");
		node; node = ctl_sibling(node, "add_header")) {
		if (strcasecmp(ctl_word(node, 1),
			    "Strict-Transport-Security") == 0) {
			return true;
		}
	}
	return false;
}

static void judge_hsts(struct ctl_site *site, const struct ctl_conf_node *scope)
{
	if (ctl_is_protected(scope) && ctl_handler(scope) && !has_hsts(scope)) {
		ctl_found(site->findings, ctl_server_of(scope),
			CTL_RULE_NO_HSTS,
			"a protected location sends no "
			"Strict-Transport-Security");
	}
}

static void judge_listen(struct ctl_site *site,
	const struct ctl_conf_node *server, const struct ctl_conf_node *listen)
{
	char name[STAUTH_ORIGIN_SIZE];
	char address[CTL_ADDRESS_SIZE];

	ctl_listen_address(listen, address);
	judge_neighbours(site, server, address);
	https_name(site, server, name);
	if (!name[0]) {
		return;
	}
	if (ctl_is_tls(site, address)) {
		if (!is_own_host(name)) {
			ctl_each_scope(site, server, judge_hsts);
		}
	} else if (!ctl_is_local(address) && !redirects(server) &&
		   is_tls_name(site, name)) {
		ctl_found(site->findings, listen, CTL_RULE_PLAIN_HTTP,
			"PUBLIC_URL of %.100s is https, and it is served "
			"without",
			name);
	}
}

/* Is it this server that a request for the name comes to? */
static bool is_sent(const struct ctl_site *site,
	const struct ctl_conf_node *server, const char *name)
{
	const struct ctl_conf_node *listen = ctl_child(server, "listen");
	char address[CTL_ADDRESS_SIZE];

	if (ctl_is_named(server, name) || !listen) {
		return true;
	}
	for (; listen; listen = ctl_sibling(listen, "listen")) {
		ctl_listen_address(listen, address);
		if (ctl_default_server(site, address) == server) {
			return true;
		}
	}
	return false;
}

static void judge_public_name(
	struct ctl_site *site, size_t i, const struct ctl_conf_node *server)
{
	char name[STAUTH_ORIGIN_SIZE];

	ctl_public_name(site, i, name);
	for (const struct ctl_conf_node *other =
			ctl_child(site->http, "server");
		other; other = ctl_sibling(other, "server")) {
		if (ctl_protects(other) && is_sent(site, other, name)) {
			return;
		}
	}
	ctl_found(site->findings, server, CTL_RULE_PUBLIC_NAME,
		"no server{} that protects is named %.200s, as PUBLIC_URL says",
		name);
}

/* --- the app's own port, offered by nginx */

static void judge_port(struct ctl_site *site, const char *app)
{
	const char *port = strrchr(app, ':');
	char address[CTL_ADDRESS_SIZE];

	if (!port || strncmp(app, "127.", 4) != 0) {
		return;
	}
	for (const struct ctl_conf_node *server =
			ctl_child(site->http, "server");
		server; server = ctl_sibling(server, "server")) {
		for (const struct ctl_conf_node *listen =
				ctl_child(server, "listen");
			listen; listen = ctl_sibling(listen, "listen")) {
			ctl_listen_address(listen, address);
			if (!ctl_is_local(address) && strrchr(address, ':') &&
				strcmp(strrchr(address, ':'), port) == 0) {
				ctl_found(site->findings, listen,
					CTL_RULE_APP_PORT,
					"nginx listens on the app's port %.40s",
					port + 1);
			}
		}
	}
}

void ctl_judge_names(struct ctl_site *site, const struct ctl_conf_node *server)
{
	for (const struct ctl_conf_node *listen = ctl_child(server, "listen");
		listen; listen = ctl_sibling(listen, "listen")) {
		judge_listen(site, server, listen);
	}
	judge_same_name(site, server);
	for (size_t i = 0; i < site->config->public_url_count; i++) {
		judge_public_name(site, i, server);
	}
	for (size_t i = 0; i < site->app_count; i++) {
		judge_port(site, site->apps[i]);
	}
}
