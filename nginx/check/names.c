/* SPDX-License-Identifier: MIT */
#include "site.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"

#include "base/banned.h"

/* Names that have to agree: the site's with PUBLIC_URL, an app's path with its
 * location, a variable with the snippets. */

/* --- PUBLIC_URL */

/* "https://app.example.com:8443" */
struct origin {
	bool is_https;
	char host[NGINX_ADDRESS_SIZE];
	char port[8];
};

static struct origin take_origin(const char *text)
{
	struct origin origin = {.is_https = strncmp(text, "https:", 6) == 0};
	const char *host = strstr(text, "://");

	host = host != NULL ? host + 3 : text;
	size_t len =
		host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	snprintf(origin.host, sizeof(origin.host), "%.*s", (int)len, host);
	snprintf(origin.port, sizeof(origin.port), "%.7s",
		host[len] == ':'  ? host + len + 1
		: origin.is_https ? "443"
				  : "80");
	return origin;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text);
	size_t end_len = strlen(end);

	return len >= end_len && strcasecmp(text + len - end_len, end) == 0;
}

/* As nginx compares; what a regular expression takes is not known here. */
static bool is_name_of(const char *name, const char *host)
{
	size_t len = strlen(name);

	if (name[0] == '~' || strcasecmp(name, host) == 0) {
		return true;
	}
	if (name[0] == '*') {
		return ends_with(host, name + 1);
	}
	if (name[0] == '.') {
		return ends_with(host, name) || strcasecmp(host, name + 1) == 0;
	}
	return len > 1 && name[len - 1] == '*' &&
	       strncasecmp(host, name, len - 1) == 0;
}

/* Has the server a name at all, and one of this host? */
static bool has_name(const struct nginx_node *server, const char *host)
{
	bool is_named = false;

	nginx_each (node, server->children, "server_name") {
		for (size_t i = 1; i < node->word_count; i++) {
			const char *name = node->words[i];

			if (is_name_of(name, host)) {
				return true;
			}
			is_named = is_named || strchr(name, '.') != NULL ||
				   strcmp(name, "localhost") == 0;
		}
	}
	return !is_named;
}

/* Its port, or TLS ends before nginx. */
static bool has_port(
	const struct nginx_node *server, const struct origin *origin)
{
	bool has_tls = false;

	nginx_each (listen, server->children, "listen") {
		for (size_t i = 2; i < listen->word_count; i++) {
			has_tls =
				has_tls || strcmp(listen->words[i], "ssl") == 0;
		}
		if (strncmp(nginx_word(listen, 1), "unix:", 5) == 0) {
			return true;
		}
	}
	return (origin->is_https && !has_tls) ||
	       nginx_listens(server, origin->port);
}

void nginx_judge_name(struct nginx_site *site, const struct nginx_node *server)
{
	const struct stauth_config *config = site->config;
	bool is_named = config->public_url_count == 0;
	bool is_reached = is_named;

	for (size_t i = 0; i < config->public_url_count; i++) {
		const struct origin origin =
			take_origin(config->public_urls[i].origin);
		bool is_its_name = has_name(server, origin.host);

		is_named = is_named || is_its_name;
		is_reached = is_reached ||
			     (is_its_name && has_port(server, &origin));
	}
	if (is_named && is_reached) {
		return;
	}
	const struct nginx_node *node = nginx_named(
		server->children, is_named ? "listen" : "server_name");
	char detail[NGINX_FINDING_SIZE];
	snprintf(detail, sizeof(detail), "PUBLIC_URL is %.200s",
		config->public_urls[0].origin);
	nginx_found(site->report, node != NULL ? node : server,
		NGINX_PUBLIC_URL, detail);
}

/* --- an app below a path */

/* proxy_pass http://HOST:PORT/; in location /reports/: nginx takes the path
 * away, and the app never learns of it. */
static bool takes_path_away(
	const struct nginx_node *scope, const struct nginx_node *pass)
{
	const char *path = nginx_word(scope, scope->word_count - 1);
	const char *place = strstr(nginx_word(pass, 1), "://");
	bool is_prefix = scope->word_count == 2 ||
			 strcmp(nginx_word(scope, 1), "^~") == 0;

	place = place != NULL ? strchr(place + 3, '/') : NULL;
	return nginx_is(scope, "location") && is_prefix && path[0] == '/' &&
	       path[1] != '\0' && place != NULL && place[1] == '\0';
}

/* --- variables */

static bool mentions(const struct nginx_node *node, const char *name)
{
	size_t len = strlen(name);

	for (; node != NULL; node = node->next) {
		for (size_t i = 0; i < node->word_count; i++) {
			const char *at = strstr(node->words[i], name);

			if (at != NULL && at[len] != '_' &&
				!stauth_is_alnum(at[len])) {
				return true;
			}
		}
		if (mentions(node->children, name)) {
			return true;
		}
	}
	return false;
}

void nginx_judge_names(struct nginx_site *site, const struct nginx_node *scope)
{
	const struct nginx_node *pass =
		nginx_named(scope->children, "proxy_pass");

	if (pass != NULL && takes_path_away(scope, pass)) {
		nginx_found(site->report, pass, NGINX_BASE_PATH, NULL);
	}
	nginx_each (node, scope->children, "set") {
		const char *name = nginx_word(node, 1);
		bool is_known = strncmp(name, "$stauth_", 8) != 0;

		for (size_t i = 0; !is_known && i < NGINX_SNIPPETS; i++) {
			is_known =
				mentions(site->shipped[i].root->children, name);
		}
		if (!is_known) {
			nginx_found(
				site->report, node, NGINX_SET_UNKNOWN, NULL);
		}
	}
}
