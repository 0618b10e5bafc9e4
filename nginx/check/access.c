/* SPDX-License-Identifier: MIT */
#include "site.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* What nginx does before the check in a protected location, or instead. */

/* --- return and rewrite: both come before the check (measured on 1.22.1;
 * "rewrite ... break" continues in the location and is checked). */

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
	for (const struct nginx_node *node = block->statements; node != NULL;
		node = node->next) {
		if (nginx_is(node, "rewrite")) {
			judge_rewrite(site, node);
		} else if (nginx_is(node, "return")) {
			judge_return(site, scope, node);
		}
	}
	for (const struct nginx_node *node = nginx_named(block->blocks, "if");
		node != NULL; node = nginx_named(node->next, "if")) {
		judge_first(site, scope, node);
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

	for (const struct nginx_node *page =
			nginx_effective(scope, "error_page");
		page != NULL; page = nginx_named(page->next, "error_page")) {
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
	for (const struct nginx_node *node =
			nginx_named(block->statements, "set");
		node != NULL; node = nginx_named(node->next, "set")) {
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
	const char *required = requirement(scope);

	if (required != NULL) {
		return;
	}
	const struct nginx_node *around = scope;
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
