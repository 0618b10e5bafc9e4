/* SPDX-License-Identifier: MIT */
#include "nginx/site.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"

/* --- scopes */

void ctl_each_scope(struct ctl_site *site, const struct ctl_conf_node *block,
	ctl_scope_fn *fn)
{
	for (const struct ctl_conf_node *node = block->first; node;
		node = node->next) {
		bool is_location = ctl_is(node, "location");

		if (!node->is_block || (!is_location && !ctl_is(node, "if") &&
					       !ctl_is(node, "limit_except"))) {
			continue;
		}
		if (is_location || ctl_handler(node)) {
			fn(site, node);
		}
		ctl_each_scope(site, node, fn);
	}
}

void ctl_each_server_scope(struct ctl_site *site, ctl_scope_fn *fn)
{
	for (const struct ctl_conf_node *server =
			ctl_child(site->http, "server");
		server; server = ctl_sibling(server, "server")) {
		ctl_each_scope(site, server, fn);
	}
}

const struct ctl_conf_node *ctl_server_of(const struct ctl_conf_node *scope)
{
	while (scope && !ctl_is(scope, "server")) {
		scope = scope->parent;
	}
	return scope;
}

bool ctl_is_protected(const struct ctl_conf_node *scope)
{
	return ctl_says(scope, "auth_request", CTL_CHECK_URI);
}

bool ctl_protects(const struct ctl_conf_node *block)
{
	for (const struct ctl_conf_node *node = block->first; node;
		node = node->next) {
		if (ctl_is(node, "location") && node->is_block &&
			(ctl_is_protected(node) || ctl_protects(node))) {
			return true;
		}
	}
	return false;
}

/* --- where a location leads to */

const struct ctl_conf_node *ctl_handler(const struct ctl_conf_node *scope)
{
	static const char *const names[] = {"proxy_pass", "fastcgi_pass",
		"uwsgi_pass", "scgi_pass", "grpc_pass"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct ctl_conf_node *node = ctl_child(scope, names[i]);

		if (node) {
			return node;
		}
	}
	return NULL;
}

bool ctl_leads_to(const struct ctl_conf_node *handler, const char *upstream)
{
	return ctl_is(handler, "fastcgi_pass") &&
	       strcmp(ctl_word(handler, 1), upstream) == 0;
}

static bool is_loopback(const char *host, size_t len)
{
	return (len == 9 && strncasecmp(host, "localhost", 9) == 0) ||
	       (len > 4 && strncmp(host, "127.", 4) == 0) ||
	       (len == 5 && strncmp(host, "[::1]", 5) == 0);
}

/* "localhost:8501/x" -> "127.0.0.1:8501" */
static void put_address(
	const char *place, const char *port, char address[CTL_ADDRESS_SIZE])
{
	size_t len = strcspn(place, "/");
	size_t host = place[0] == '[' ? strcspn(place, "]") + 1 : 0;

	if (host > len || host == 0) {
		host = strcspn(place, ":/");
	}
	if (host < len && place[host] == ':') {
		port = place + host + 1;
		len -= host + 1;
	} else {
		len = strlen(port);
	}
	if (is_loopback(place, host)) {
		place = "127.0.0.1";
		host = strlen(place);
	}
	snprintf(address, CTL_ADDRESS_SIZE, "%.*s:%.*s", (int)host, place,
		(int)len, port);
	for (char *at = address; *at; at++) {
		*at = (char)tolower((unsigned char)*at);
	}
}

/* unix:/path[:/uri] */
static void put_unix(const char *place, char address[CTL_ADDRESS_SIZE])
{
	snprintf(address, CTL_ADDRESS_SIZE, "unix:%.*s",
		(int)strcspn(place + 5, ":"), place + 5);
}

static const struct ctl_conf_node *find_upstream(
	const struct ctl_site *site, const char *place)
{
	size_t len = strcspn(place, "/");

	for (const struct ctl_conf_node *node =
			ctl_child(site->http, "upstream");
		node; node = ctl_sibling(node, "upstream")) {
		const char *name = ctl_word(node, 1);

		if (strlen(name) == len && strncasecmp(name, place, len) == 0) {
			return node;
		}
	}
	return NULL;
}

static const struct ctl_conf_node *ith_server(
	const struct ctl_conf_node *upstream, size_t i)
{
	const struct ctl_conf_node *node = ctl_child(upstream, "server");

	while (node && i-- > 0) {
		node = ctl_sibling(node, "server");
	}
	return node;
}

bool ctl_address(const struct ctl_site *site,
	const struct ctl_conf_node *handler, size_t i,
	char address[CTL_ADDRESS_SIZE])
{
	const char *place = ctl_word(handler, 1);
	const char *scheme = strstr(place, "://");
	const char *port = strncasecmp(place, "https:", 6) == 0 ? "443" : "80";
	const struct ctl_conf_node *upstream = NULL;

	place = scheme ? scheme + 3 : place;
	upstream = find_upstream(site, place);
	if (upstream) {
		const struct ctl_conf_node *server = ith_server(upstream, i);

		if (!server) {
			return false;
		}
		place = ctl_word(server, 1);
		port = "80";
	} else if (i > 0 || strchr(place, '$')) {
		return false;
	}
	if (strncasecmp(place, "unix:", 5) == 0) {
		put_unix(place, address);
	} else {
		put_address(place, port, address);
	}
	return true;
}

bool ctl_is_local(const char *address)
{
	return strncmp(address, "unix:", 5) == 0 ||
	       strncmp(address, "127.", 4) == 0;
}

const char *ctl_app_of(
	const struct ctl_site *site, const struct ctl_conf_node *handler)
{
	char address[CTL_ADDRESS_SIZE];

	for (size_t i = 0; ctl_address(site, handler, i, address); i++) {
		for (size_t j = 0; j < site->app_count; j++) {
			if (strcmp(site->apps[j], address) == 0) {
				return site->apps[j];
			}
		}
	}
	return NULL;
}

/* --- servers */

void ctl_listen_address(
	const struct ctl_conf_node *listen, char address[CTL_ADDRESS_SIZE])
{
	const char *place = ctl_word(listen, 1);

	if (strspn(place, "0123456789") == strlen(place)) {
		snprintf(address, CTL_ADDRESS_SIZE, "*:%.20s", place);
	} else if (strncmp(place, "unix:", 5) == 0) {
		put_unix(place, address);
	} else {
		put_address(place, "80", address);
	}
	/* 0.0.0.0 is how "*" is spelled, too. */
	if (strncmp(address, "0.0.0.0:", 8) == 0) {
		snprintf(address, CTL_ADDRESS_SIZE, "*:%.20s",
			strrchr(place, ':') ? strrchr(place, ':') + 1 : "80");
	}
}

bool ctl_has_word(const struct ctl_conf_node *node, const char *word)
{
	for (size_t i = 2; i < node->word_count; i++) {
		if (strcmp(node->words[i], word) == 0) {
			return true;
		}
	}
	return false;
}

/* The listen of server at this address; without any, nginx takes port 80. */
static const struct ctl_conf_node *listen_at(
	const struct ctl_conf_node *server, const char *address)
{
	char own[CTL_ADDRESS_SIZE];

	for (const struct ctl_conf_node *node = ctl_child(server, "listen");
		node; node = ctl_sibling(node, "listen")) {
		ctl_listen_address(node, own);
		if (strcmp(own, address) == 0) {
			return node;
		}
	}
	return NULL;
}

bool ctl_listens_on(const struct ctl_conf_node *server, const char *address)
{
	return listen_at(server, address) ||
	       (!ctl_child(server, "listen") &&
		       strcmp(address, CTL_LISTEN_DEFAULT) == 0);
}

bool ctl_is_tls(const struct ctl_site *site, const char *address)
{
	for (const struct ctl_conf_node *server =
			ctl_child(site->http, "server");
		server; server = ctl_sibling(server, "server")) {
		const struct ctl_conf_node *listen = listen_at(server, address);

		if (listen && (ctl_has_word(listen, "ssl") ||
				      ctl_says(server, "ssl", "on"))) {
			return true;
		}
	}
	return false;
}

const struct ctl_conf_node *ctl_default_server(
	const struct ctl_site *site, const char *address)
{
	const struct ctl_conf_node *first = NULL;

	for (const struct ctl_conf_node *server =
			ctl_child(site->http, "server");
		server; server = ctl_sibling(server, "server")) {
		const struct ctl_conf_node *listen = listen_at(server, address);

		if (listen && (ctl_has_word(listen, "default_server") ||
				      ctl_has_word(listen, "default"))) {
			return server;
		}
		if (!first && ctl_listens_on(server, address)) {
			first = server;
		}
	}
	return first;
}

/* Wildcards as nginx has them; a regular expression might match anything. */
static bool name_fits(const char *pattern, const char *name)
{
	if (pattern[0] == '~') {
		return true;
	}
	if (pattern[0] == '.' && strcasecmp(pattern + 1, name) == 0) {
		return true;
	}
	if (pattern[0] == '.') {
		size_t len = strlen(pattern);

		return strlen(name) > len &&
		       strcasecmp(name + strlen(name) - len, pattern) == 0;
	}
	return strchr(pattern, '*') ? fnmatch(pattern, name,
					      FNM_CASEFOLD | FNM_NOESCAPE) == 0
				    : strcasecmp(pattern, name) == 0;
}

bool ctl_is_named(const struct ctl_conf_node *server, const char *name)
{
	for (const struct ctl_conf_node *node =
			ctl_child(server, "server_name");
		node; node = ctl_sibling(node, "server_name")) {
		for (size_t i = 1; i < node->word_count; i++) {
			if (name_fits(node->words[i], name)) {
				return true;
			}
		}
	}
	return false;
}

void ctl_public_name(
	const struct ctl_site *site, size_t i, char name[STAUTH_ORIGIN_SIZE])
{
	const char *host = site->config->public_urls[i].host;
	size_t len =
		host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");

	snprintf(name, STAUTH_ORIGIN_SIZE, "%.*s", (int)len, host);
}
