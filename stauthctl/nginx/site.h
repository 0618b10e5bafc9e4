/* SPDX-License-Identifier: MIT */
/* What the rules ask about a configuration, in nginx's own terms. */
#ifndef CTL_NGINX_SITE_H
#define CTL_NGINX_SITE_H

#include "nginx/rules.h"
#include "nginx/tree.h"

#include "config/config.h"

#define CTL_CHECK_URI      "/_stauth/check"
#define CTL_ADDRESS_SIZE   300
#define CTL_SITE_APPS_MAX  1024
#define CTL_LISTEN_DEFAULT "*:80"

/* What this version ships, for this configuration. */
enum ctl_snippet {
	CTL_SNIPPET_HTTP,
	CTL_SNIPPET_SERVER,
	CTL_SNIPPET_PROTECT,
	CTL_SNIPPET_PUBLIC,
	CTL_SNIPPETS,
};

struct ctl_site {
	const struct stauth_config *config;
	const struct ctl_conf_node *root;
	const struct ctl_conf_node *http; /* the root, of a part of a file */
	const struct ctl_conf_node *shipped[CTL_SNIPPETS];
	const char *shipped_names[CTL_SNIPPETS];
	/* Addresses that a protected location proxies to. */
	char (*apps)[CTL_ADDRESS_SIZE];
	size_t app_count;
	struct ctl_findings *findings;
};

/* Calls fn for each location of a block, those in other locations too, and
 * for each if{} and limit_except{} in them that has a handler of its own. */
typedef void ctl_scope_fn(
	struct ctl_site *site, const struct ctl_conf_node *scope);
void ctl_each_scope(struct ctl_site *site, const struct ctl_conf_node *block,
	ctl_scope_fn *fn);
/* The same for each server of http{}. */
void ctl_each_server_scope(struct ctl_site *site, ctl_scope_fn *fn);

/* The server around a location. */
const struct ctl_conf_node *ctl_server_of(const struct ctl_conf_node *scope);
/* Is the check asked there? */
bool ctl_is_protected(const struct ctl_conf_node *scope);
/* Has the server a location where it is? */
bool ctl_protects(const struct ctl_conf_node *server);
/* proxy_pass, fastcgi_pass, ... of this very block; NULL if there is none. */
const struct ctl_conf_node *ctl_handler(const struct ctl_conf_node *scope);
/* Does it lead to the gate's own socket of this upstream's name? */
bool ctl_leads_to(const struct ctl_conf_node *handler, const char *upstream);

/* The i-th address behind a handler: "127.0.0.1:8501" for all names of
 * loopback, "unix:/path". False when there are no more, or the place is put
 * together of variables. */
bool ctl_address(const struct ctl_site *site,
	const struct ctl_conf_node *handler, size_t i,
	char address[CTL_ADDRESS_SIZE]);
/* Is it an address that other hosts cannot reach? */
bool ctl_is_local(const char *address);
/* The address of an app behind a handler, of those that are protected; NULL
 * if it leads to none. */
const char *ctl_app_of(
	const struct ctl_site *site, const struct ctl_conf_node *handler);

/* "443" as "*:443". */
void ctl_listen_address(
	const struct ctl_conf_node *listen, char address[CTL_ADDRESS_SIZE]);
/* Has the statement this word behind its first argument? */
bool ctl_has_word(const struct ctl_conf_node *node, const char *word);
bool ctl_listens_on(const struct ctl_conf_node *server, const char *address);
/* Is TLS spoken at this address, by whichever server says so? */
bool ctl_is_tls(const struct ctl_site *site, const char *address);
/* The server that nginx takes there until it knows the name. */
const struct ctl_conf_node *ctl_default_server(
	const struct ctl_site *site, const char *address);
bool ctl_is_named(const struct ctl_conf_node *server, const char *name);
/* PUBLIC_URL's i-th host without its port. */
void ctl_public_name(
	const struct ctl_site *site, size_t i, char name[STAUTH_ORIGIN_SIZE]);

/* --- the judges, one file each; see rules.h for what they find */
void ctl_judge_http(struct ctl_site *site);
void ctl_judge_server(
	struct ctl_site *site, const struct ctl_conf_node *server);
void ctl_judge_gate(struct ctl_site *site, const struct ctl_conf_node *server);
void ctl_judge_names(struct ctl_site *site, const struct ctl_conf_node *server);
void ctl_judge_access(struct ctl_site *site, const struct ctl_conf_node *scope);
void ctl_judge_proxy(struct ctl_site *site, const struct ctl_conf_node *scope,
	enum ctl_snippet snippet);

/* All of them. */
void ctl_judge(struct ctl_site *site);

#endif
