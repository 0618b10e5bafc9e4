/* SPDX-License-Identifier: MIT */
#include "site.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"

#include "base/banned.h"

/* --- locations */

static bool is_scope(const struct nginx_node *node)
{
	return nginx_is(node, "location") ||
	       ((nginx_is(node, "if") || nginx_is(node, "limit_except")) &&
		       nginx_handler(node) != NULL);
}

void nginx_each_scope(struct nginx_site *site, const struct nginx_node *block,
	nginx_scope_fn *fn)
{
	for (const struct nginx_node *node = block->children; node != NULL;
		node = node->next) {
		if (node->is_block && is_scope(node)) {
			fn(site, node);
		}
		nginx_each_scope(site, node, fn);
	}
}

const struct nginx_node *nginx_server_of(const struct nginx_node *scope)
{
	while (scope != NULL && !nginx_is(scope, "server")) {
		scope = scope->parent;
	}
	return scope;
}

bool nginx_is_protected(const struct nginx_node *scope)
{
	return nginx_says(scope, "auth_request", NGINX_CHECK_URI);
}

bool nginx_protects(const struct nginx_node *block)
{
	if (block == NULL) {
		return false;
	}
	nginx_each (node, block->children, "location") {
		if (nginx_is_protected(node) || nginx_protects(node)) {
			return true;
		}
	}
	return false;
}

/* --- where a location leads to */

const struct nginx_node *nginx_handler(const struct nginx_node *scope)
{
	static const char *const names[] = {"proxy_pass", "fastcgi_pass",
		"uwsgi_pass", "scgi_pass", "grpc_pass"};
	const struct nginx_node *node = NULL;

	for (size_t i = 0; node == NULL && i < 5; i++) {
		node = nginx_named(scope->children, names[i]);
	}
	return node;
}

static bool is_loopback(const char *host, size_t len)
{
	return (len == 9 && strncasecmp(host, "localhost", 9) == 0) ||
	       (len > 4 && strncmp(host, "127.", 4) == 0) ||
	       (len == 5 && strncmp(host, "[::1]", 5) == 0);
}

void nginx_put_address(
	const char *place, const char *port, char address[NGINX_ADDRESS_SIZE])
{
	size_t len = strcspn(place, "/");
	size_t host = place[0] == '[' ? strcspn(place, "]") + 1
				      : strcspn(place, ":/");

	if (strncasecmp(place, "unix:", 5) == 0) {
		snprintf(address, NGINX_ADDRESS_SIZE, "unix:%.*s",
			(int)strcspn(place + 5, ":"), place + 5);
		return;
	}
	if (host < len && place[host] == ':') {
		port = place + host + 1;
	}
	if (is_loopback(place, host)) {
		place = "127.0.0.1";
		host = strlen(place);
	}
	snprintf(address, NGINX_ADDRESS_SIZE, "%.*s:%.*s", (int)host, place,
		(int)strcspn(port, "/"), port);
	for (char *at = address; *at != '\0'; at++) {
		*at = stauth_to_lower(*at);
	}
}

static const struct nginx_node *find_upstream(
	const struct nginx_site *site, const char *place)
{
	size_t len = strcspn(place, "/");

	nginx_each (node, site->http->children, "upstream") {
		const char *name = nginx_word(node, 1);

		if (strlen(name) == len && strncasecmp(name, place, len) == 0) {
			return node;
		}
	}
	return NULL;
}

bool nginx_address(const struct nginx_site *site,
	const struct nginx_node *handler, size_t i,
	char address[NGINX_ADDRESS_SIZE])
{
	const char *place = nginx_word(handler, 1);
	const char *scheme = strstr(place, "://");
	const char *port = strncasecmp(place, "https:", 6) == 0 ? "443" : "80";

	place = scheme != NULL ? scheme + 3 : place;
	const struct nginx_node *upstream = find_upstream(site, place);
	if (upstream != NULL) {
		nginx_each (server, upstream->children, "server") {
			if (i-- == 0) {
				nginx_put_address(
					nginx_word(server, 1), "80", address);
				return true;
			}
		}
		return false;
	}
	if (strchr(place, '$') != NULL) {
		snprintf(address, NGINX_ADDRESS_SIZE, "%.250s", place);
	} else {
		nginx_put_address(place, port, address);
	}
	return i == 0;
}

const char *nginx_app_of(
	const struct nginx_site *site, const struct nginx_node *handler)
{
	char address[NGINX_ADDRESS_SIZE];

	for (size_t i = 0; nginx_address(site, handler, i, address); i++) {
		for (size_t j = 0; j < site->report->app_count; j++) {
			if (strcmp(site->apps[j], address) == 0) {
				return site->apps[j];
			}
		}
	}
	return NULL;
}

/* --- listening sockets */

/* "443", "*:443" and "[::]:443" -> "443"; without a port, nginx takes 80. */
static const char *port_of(const struct nginx_node *listen)
{
	const char *place = nginx_word(listen, 1);
	const char *colon = strrchr(place, ':');

	if (strncmp(place, "unix:", 5) == 0) {
		return place;
	}
	if (colon != NULL && strchr(colon, ']') == NULL) {
		return colon + 1;
	}
	return place[strspn(place, "0123456789")] == '\0' ? place : "80";
}

bool nginx_listens(const struct nginx_node *server, const char *port)
{
	bool has_listen = false;

	nginx_each (listen, server->children, "listen") {
		has_listen = true;
		if (strcmp(port_of(listen), port) == 0) {
			return true;
		}
	}
	return !has_listen && strcmp(port, "80") == 0;
}

bool nginx_share_port(
	const struct nginx_node *one, const struct nginx_node *two)
{
	bool has_listen = false;

	nginx_each (listen, one->children, "listen") {
		has_listen = true;
		if (nginx_listens(two, port_of(listen))) {
			return true;
		}
	}
	return !has_listen && nginx_listens(two, "80");
}
