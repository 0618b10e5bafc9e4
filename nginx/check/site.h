/* SPDX-License-Identifier: MIT */
/* What the rules of `nginx check` share. */
#ifndef NGINX_SITE_H
#define NGINX_SITE_H

#include "conf.h"
#include "config/config.h"
#include "rules.h"

#define NGINX_CHECK_URI    "/_stauth/check"
#define NGINX_RELAY        "http://stauth_stream"
#define NGINX_ADDRESS_SIZE 300
#define NGINX_APPS_MAX     1024

/* In the order of snippets[] in nginx/meson.build. */
enum nginx_snippet {
	NGINX_HTTP,
	NGINX_SERVER,
	NGINX_PROTECT,
	NGINX_OPTIONAL,
	NGINX_PUBLIC,
	NGINX_STREAM,
	NGINX_SNIPPETS,
};

struct nginx_site {
	const struct stauth_config *config;
	const struct nginx_node *http;
	struct nginx_conf shipped[NGINX_SNIPPETS];
	/* Addresses that a protected location proxies to. */
	char (*apps)[NGINX_ADDRESS_SIZE];
	struct nginx_report *report;
};

/* Calls fn for each location below block, and for each if{} and
 * limit_except{} in them that has a handler of its own. */
typedef void nginx_scope_fn(
	struct nginx_site *site, const struct nginx_node *scope);
void nginx_each_scope(struct nginx_site *site, const struct nginx_node *block,
	nginx_scope_fn *fn);

const struct nginx_node *nginx_server_of(const struct nginx_node *scope);
/* Is the check asked there? */
bool nginx_is_protected(const struct nginx_node *scope);
/* Has the block a location where it is? */
bool nginx_protects(const struct nginx_node *block);
/* proxy_pass, fastcgi_pass, ... of this very block; NULL: none. */
const struct nginx_node *nginx_handler(const struct nginx_node *scope);
/* "localhost:8501/x" -> "127.0.0.1:8501", "unix:/path:/uri" -> "unix:/path" */
void nginx_put_address(
	const char *place, const char *port, char address[NGINX_ADDRESS_SIZE]);
/* The i-th address a handler leads to, of an upstream{} one by one, as
 * "HOST:PORT" or "unix:PATH"; with variables in it as it is written. */
bool nginx_address(const struct nginx_site *site,
	const struct nginx_node *handler, size_t i,
	char address[NGINX_ADDRESS_SIZE]);
/* One of site->apps that it leads to; NULL: none. */
const char *nginx_app_of(
	const struct nginx_site *site, const struct nginx_node *handler);
/* Does it listen on this port, "443"? */
bool nginx_listens(const struct nginx_node *server, const char *port);
/* Do two servers listen on one port, and so perhaps on one socket? */
bool nginx_share_port(
	const struct nginx_node *one, const struct nginx_node *two);

/* The rules, by what they judge. */
void nginx_judge_http(struct nginx_site *site);
void nginx_judge_server(
	struct nginx_site *site, const struct nginx_node *server);
void nginx_judge_name(struct nginx_site *site, const struct nginx_node *server);
void nginx_judge_names(struct nginx_site *site, const struct nginx_node *scope);
void nginx_judge_protected(
	struct nginx_site *site, const struct nginx_node *scope);
/* stauth-stream.conf, and what else leads to the relay. */
void nginx_judge_relay(
	struct nginx_site *site, const struct nginx_node *server);
/* Is it the snippets' way to the relay, which no other may take? */
bool nginx_is_relay(
	const struct nginx_site *site, const struct nginx_node *scope);
/* The blocks of a snippet for server{} must stand there as they are. */
void nginx_judge_blocks(struct nginx_site *site,
	const struct nginx_node *server, enum nginx_snippet snippet);
/* Does what the snippet says about requests to the app hold there? */
void nginx_judge_proxy(struct nginx_site *site, const struct nginx_node *scope,
	enum nginx_snippet snippet);

#endif
