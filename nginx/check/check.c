/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "site.h"

#include "base/banned.h"

/*
 * Is the wiring tight? The check MUST:
 *  1. say what nginx does, not what the files look like: what is inherited
 *     counts, and an include is as good as its words;
 *  2. be silent about the shipped snippets as they are meant to be used, and
 *     about other sites beside;
 *  3. never say "ok" about what it could not read.
 */

/* --- a location where the check is not asked */

/* The value of a proxy_set_header that holds there, NULL if none does. */
static const char *header_of(const struct nginx_node *scope, const char *name)
{
	nginx_each (node, nginx_effective(scope, "proxy_set_header"),
		"proxy_set_header") {
		if (strcasecmp(nginx_word(node, 1), name) == 0) {
			return nginx_word(node, 2);
		}
	}
	return NULL;
}

static bool is(const char *value, const char *wanted)
{
	return value != NULL && strcmp(value, wanted) == 0;
}

static void judge_other_app(struct nginx_site *site,
	const struct nginx_node *scope, const struct nginx_node *handler)
{
	const char *app = nginx_app_of(site, handler);
	const char *cookie = header_of(scope, "Cookie");

	if (app != NULL) {
		nginx_found(site->report, scope, NGINX_UNPROTECTED_TWIN, app);
	} else if (nginx_protects(nginx_server_of(scope)) &&
		   nginx_is(handler, "proxy_pass") && !is(cookie, "") &&
		   !is(cookie, "$stauth_app_cookie")) {
		nginx_found(
			site->report, handler, NGINX_COOKIE_ELSEWHERE, NULL);
	}
}

/* h2c opens a tunnel past every later check. */
static void judge_upgrade(
	struct nginx_site *site, const struct nginx_node *scope)
{
	const char *upgrade = header_of(scope, "Upgrade");

	if (upgrade != NULL && strstr(upgrade, "$http_upgrade") != NULL) {
		nginx_found(site->report, scope, NGINX_UPGRADE_ANY, NULL);
	}
}

/* Is it one of the gate's own locations, which nginx_judge_server knows? */
static bool is_gates(struct nginx_site *site, const struct nginx_node *scope)
{
	const struct nginx_node *handler = nginx_handler(scope);

	if (nginx_protects(nginx_server_of(scope)) &&
		is(nginx_word(scope, 2), NGINX_CHECK_URI)) {
		return true;
	}
	if (nginx_is(handler, "proxy_pass") &&
		is(nginx_word(handler, 1), NGINX_RELAY)) {
		if (!nginx_is_relay(site, scope)) {
			nginx_found(
				site->report, scope, NGINX_RELAY_EXPOSED, NULL);
		}
		return true;
	}
	if (!nginx_is(handler, "fastcgi_pass")) {
		return false;
	}
	if (is(nginx_word(handler, 1), "stauth_check")) {
		nginx_found(site->report, scope, NGINX_CHECK_EXPOSED, NULL);
		return true;
	}
	return is(nginx_word(handler, 1), "stauth_pages");
}

static void judge_open(struct nginx_site *site, const struct nginx_node *scope)
{
	const struct nginx_node *handler = nginx_handler(scope);
	const struct nginx_node *off =
		nginx_named(scope->children, "auth_request");

	if (handler != NULL && is(header_of(scope, "X-Auth-User"), "") &&
		(nginx_app_of(site, handler) != NULL ||
			nginx_protects(nginx_server_of(scope)))) {
		nginx_judge_proxy(site, scope, NGINX_PUBLIC);
		return;
	}
	if (handler != NULL) {
		judge_other_app(site, scope, handler);
	}
	if (off != NULL && nginx_is(scope->parent, "location") &&
		nginx_is_protected(scope->parent) &&
		!(handler != NULL && nginx_app_of(site, handler) != NULL)) {
		nginx_found(site->report, off, NGINX_AUTH_OFF, NULL);
	}
}

static void judge_scope(struct nginx_site *site, const struct nginx_node *scope)
{
	if (is_gates(site, scope)) {
		return;
	}
	if (nginx_handler(scope) != NULL &&
		nginx_protects(nginx_server_of(scope))) {
		judge_upgrade(site, scope);
	}
	if (!nginx_is_protected(scope)) {
		judge_open(site, scope);
		return;
	}
	nginx_judge_protected(site, scope);
	nginx_judge_names(site, scope);
	if (nginx_handler(scope) != NULL) {
		nginx_judge_proxy(site, scope,
			is(header_of(scope, "X-Auth-Logged-In"),
				"$stauth_logged_in")
				? NGINX_OPTIONAL
				: NGINX_PROTECT);
	}
}

/* --- the whole */

static void collect_apps(
	struct nginx_site *site, const struct nginx_node *scope)
{
	const struct nginx_node *handler = nginx_handler(scope);
	struct nginx_report *report = site->report;

	if (handler == NULL || !nginx_is_protected(scope) ||
		is(nginx_word(handler, 1), NGINX_RELAY) ||
		nginx_app_of(site, handler) != NULL) {
		return;
	}
	char address[NGINX_ADDRESS_SIZE];
	for (size_t i = 0; nginx_address(site, handler, i, address) &&
			   report->app_count < NGINX_APPS_MAX;
		i++) {
		memcpy(site->apps[report->app_count++], address,
			sizeof(address));
	}
}

/* stream{} passes bytes on and asks nobody. */
static void judge_stream(
	struct nginx_site *site, const struct nginx_node *stream)
{
	nginx_each (server, stream->children, "server") {
		const struct nginx_node *pass =
			nginx_named(server->children, "proxy_pass");
		const char *app =
			pass != NULL ? nginx_app_of(site, pass) : NULL;

		if (app != NULL) {
			nginx_found(site->report, pass, NGINX_UNPROTECTED_TWIN,
				app);
		}
	}
}

static void judge(struct nginx_site *site, const struct nginx_conf *conf)
{
	const struct nginx_node *http =
		nginx_named(conf->root->children, "http");

	site->http = http != NULL ? http : conf->root;
	if (conf->has_warning) {
		nginx_found(site->report, site->http, NGINX_SAME_NAME, NULL);
	}
	nginx_each_scope(site, site->http, collect_apps);
	bool any = false;
	nginx_each (server, site->http->children, "server") {
		if (nginx_protects(server)) {
			any = true;
			nginx_judge_server(site, server);
			nginx_judge_name(site, server);
			nginx_judge_relay(site, server);
		}
	}
	if (!any) {
		nginx_found(site->report, site->http, NGINX_NOTHING_PROTECTED,
			NULL);
		return;
	}
	nginx_judge_http(site);
	nginx_each_scope(site, site->http, judge_scope);
	nginx_each (stream, conf->root->children, "stream") {
		judge_stream(site, stream);
	}
}

static int by_place(const void *one, const void *two)
{
	const struct nginx_finding *a = one;
	const struct nginx_finding *b = two;
	int order = strcmp(a->file, b->file);

	return order ? order : (a->line > b->line) - (a->line < b->line);
}

bool nginx_check(const struct nginx_conf *conf,
	const struct stauth_config *config, struct nginx_report *report)
{
	struct nginx_site site = {.config = config, .report = report};

	*report = (struct nginx_report){0};
	report->list = calloc(NGINX_FINDINGS_MAX, sizeof(*report->list));
	site.apps = calloc(NGINX_APPS_MAX, sizeof(*site.apps));
	bool done = report->list != NULL && site.apps != NULL;
	struct stauth_buf texts[NGINX_SNIPPETS];
	for (size_t i = 0; i < NGINX_SNIPPETS; i++) {
		stauth_buf_init(&texts[i], NGINX_SNIPPET_MAX);
		nginx_snippet_render(&texts[i], nginx_assets[i].data, config);
		done = done && stauth_buf_ok(&texts[i]) &&
		       nginx_conf_file(&site.shipped[i], nginx_assets[i].name,
			       texts[i].data, texts[i].len);
	}
	if (done) {
		judge(&site, conf);
		qsort(report->list, report->count, sizeof(*report->list),
			by_place);
	}
	for (size_t i = 0; i < NGINX_SNIPPETS; i++) {
		nginx_conf_free(&site.shipped[i]);
		stauth_buf_finish(&texts[i]);
	}
	free(site.apps);
	return done;
}
