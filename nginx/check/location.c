/* SPDX-License-Identifier: MIT */
#include "site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"

/* --- what reaches the app from a location: each statement of the snippet must
 * hold there, whether it stands there or is inherited */

/* An if{} and a set are not inherited. Where one is missing in a location
 * inside of another, it was asked and done in that one, or is a rule's own
 * (nested-require). */
static bool stands_around(
	const struct nginx_node *scope, const struct nginx_node *wanted)
{
	while (scope != NULL && !nginx_is(scope, "server") &&
		nginx_find(scope, wanted) == NULL) {
		scope = scope->parent;
	}
	return scope != NULL && !nginx_is(scope, "server");
}

static bool holds(
	const struct nginx_node *scope, const struct nginx_node *wanted)
{
	const char *name = nginx_word(wanted, 0);
	/* A time of one's own is nobody's leak. */
	bool may_differ = nginx_is(wanted, "proxy_read_timeout") ||
			  nginx_is(wanted, "proxy_send_timeout");

	if (wanted->is_block || nginx_is(wanted, "set")) {
		return stands_around(scope, wanted);
	}
	nginx_each (node, nginx_effective(scope, name), name) {
		if (nginx_same(node, wanted) || may_differ) {
			return true;
		}
	}
	return false;
}

/* One finding a location: without the identity headers the include is missing
 * as a whole, and that is the worst. */
static void judge_missing(struct nginx_site *site,
	const struct nginx_node *scope, enum nginx_snippet snippet)
{
	const char *const header = "proxy_set_header";
	const struct nginx_node *root = site->shipped[snippet].root;
	const struct nginx_node *missing = NULL;
	size_t count = 0;

	for (const struct nginx_node *wanted = root->children; wanted != NULL;
		wanted = wanted->next) {
		if (nginx_is(wanted, "auth_request") || holds(scope, wanted)) {
			continue; /* the first is known by now */
		}
		count++;
		if (missing == NULL || (nginx_is(wanted, header) &&
					       !nginx_is(missing, header))) {
			missing = wanted;
		}
	}
	char words[NGINX_WORDS_SIZE];
	char detail[NGINX_FINDING_SIZE];
	if (missing != NULL) {
		snprintf(detail, sizeof(detail), "\"%s\" of %s%s",
			nginx_words(missing, words), root->file,
			count > 1 ? ", and more of it" : "");
		nginx_found(site->report, scope,
			nginx_is(missing, header) ? NGINX_IDENTITY_HEADERS
						  : NGINX_SNIPPET_DIFFERS,
			detail);
	}
}

/* The same header once more, beside the include: both are sent. */
static void judge_second(struct nginx_site *site,
	const struct nginx_node *scope, const struct nginx_node *shipped)
{
	const char *const name = "proxy_set_header";

	nginx_each (node, nginx_effective(scope, name), name) {
		nginx_each (wanted, shipped->children, name) {
			if (strcasecmp(nginx_word(node, 1),
				    nginx_word(wanted, 1)) == 0 &&
				!nginx_same(node, wanted) &&
				holds(scope, wanted)) {
				nginx_found(site->report, node,
					NGINX_HEADER_TWICE, NULL);
			}
		}
	}
}

void nginx_judge_proxy(struct nginx_site *site, const struct nginx_node *scope,
	enum nginx_snippet snippet)
{
	const struct nginx_node *handler = nginx_handler(scope);

	if (!nginx_is(handler, "proxy_pass")) {
		nginx_found(site->report, handler, NGINX_IDENTITY_HEADERS,
			"the snippets are for proxy_pass");
		return;
	}
	if (nginx_says(scope, "satisfy", "any")) {
		return; /* reported already */
	}
	judge_missing(site, scope, snippet);
	judge_second(site, scope, site->shipped[snippet].root);
}

/* What nginx does before the check in a protected location, or instead. */

/* --- return and rewrite: both come before the check (measured on 1.22.1;
 * "rewrite ... break" continues in the location and is checked) */

/* Whether the location that it leads to asks the check is not known here. */
static void judge_rewrite(
	struct nginx_site *site, const struct nginx_node *rewrite)
{
	const char *to = nginx_word(rewrite, 2);
	const char *flag = nginx_word(rewrite, 3);

	if ((flag[0] == '\0' || strcmp(flag, "last") == 0) &&
		strstr(to, "://") == NULL) {
		nginx_found(site->report, rewrite, NGINX_REWRITE_FIRST, NULL);
	}
}

/* A refusal is as good before the check as behind it, and so is a redirect
 * on a condition. */
static void judge_return(struct nginx_site *site,
	const struct nginx_node *scope, const struct nginx_node *node)
{
	long status = strtol(nginx_word(node, 1), NULL, 10);

	status = status ? status : 302;
	if (status < 300 || (status < 400 && node->parent == scope)) {
		nginx_found(site->report, node, NGINX_RETURN_FIRST, NULL);
	}
}

static void judge_first(struct nginx_site *site, const struct nginx_node *scope,
	const struct nginx_node *block)
{
	for (const struct nginx_node *node = block->children; node != NULL;
		node = node->next) {
		if (nginx_is(node, "rewrite")) {
			judge_rewrite(site, node);
		} else if (nginx_is(node, "return")) {
			judge_return(site, scope, node);
		} else if (nginx_is(node, "if")) {
			judge_first(site, scope, node);
		}
	}
}

/* --- error_page: the first one that names a status answers it */

static bool names_status(const struct nginx_node *page, const char *status)
{
	for (size_t i = 1; i + 1 < page->word_count; i++) {
		if (strcmp(page->words[i], status) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_shipped(
	const struct nginx_site *site, const struct nginx_node *node)
{
	return nginx_find(site->shipped[NGINX_PROTECT].root, node) != NULL;
}

static void judge_status(struct nginx_site *site,
	const struct nginx_node *scope, const char *status)
{
	const struct nginx_node *answer = NULL;
	bool has_ours = false;

	nginx_each (page, nginx_effective(scope, "error_page"), "error_page") {
		if (names_status(page, status)) {
			answer = answer != NULL ? answer : page;
			has_ours = has_ours || is_shipped(site, page);
		}
	}
	if (answer == NULL || is_shipped(site, answer)) {
		return;
	}
	if (has_ours || strncmp(nginx_word(answer, answer->word_count - 2),
				"=2", 2) == 0) {
		nginx_found(site->report, answer, NGINX_ERROR_PAGE, NULL);
	}
}

/* --- the rest */

/* The requirement that a block sets itself; NULL: none. */
static const char *requirement(const struct nginx_node *block)
{
	nginx_each (node, block->children, "set") {
		if (strcmp(nginx_word(node, 1), "$stauth_require") == 0) {
			return nginx_word(node, 2);
		}
	}
	return NULL;
}

/* "set" is done in the innermost location only. */
static void judge_require(
	struct nginx_site *site, const struct nginx_node *scope)
{
	const struct nginx_node *around = scope;
	const char *required = requirement(scope);

	if (required != NULL) {
		return;
	}
	while (required == NULL && nginx_is(around->parent, "location")) {
		around = around->parent;
		required = requirement(around);
	}
	if (required != NULL && required[0] != '\0') {
		nginx_found(
			site->report, scope, NGINX_NESTED_REQUIRE, required);
	}
}

void nginx_judge_protected(
	struct nginx_site *site, const struct nginx_node *scope)
{
	static const char *const refusals[] = {
		"401", "403", "500", "502", "503", "504"};

	if (nginx_says(scope, "satisfy", "any")) {
		nginx_found(site->report, nginx_effective(scope, "satisfy"),
			NGINX_SATISFY_ANY, NULL);
	}
	if (nginx_is(scope, "location")) {
		judge_first(site, scope, scope);
		judge_require(site, scope);
	}
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		judge_status(site, scope, refusals[i]);
	}
}
