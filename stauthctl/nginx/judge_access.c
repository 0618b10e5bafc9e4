/* SPDX-License-Identifier: MIT */
#include "nginx/site.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* What nginx does before the check in a protected location, or instead. */

static bool ends_with_slash(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && text[len - 1] == '/';
}

/* --- return and rewrite: both come before the check (measured on 1.22.1;
 * "rewrite ... break" goes on in the location and is asked for). */

static bool is_prefix(const struct ctl_conf_node *location, const char **path)
{
	bool has_sign = location->word_count == 3;

	*path = ctl_word(location, has_sign ? 2 : 1);
	return !has_sign || strcmp(ctl_word(location, 1), "^~") == 0;
}

/* The location of the longest prefix, regular expressions aside. */
static const struct ctl_conf_node *location_of(
	const struct ctl_conf_node *server, const char *uri, size_t len)
{
	const struct ctl_conf_node *best = NULL;
	size_t best_len = 0;

	for (const struct ctl_conf_node *node = ctl_child(server, "location");
		node; node = ctl_sibling(node, "location")) {
		const char *path = NULL;
		size_t path_len = 0;

		if (!is_prefix(node, &path)) {
			continue;
		}
		path_len = strlen(path);
		if (path_len <= len && path_len >= best_len &&
			strncmp(path, uri, path_len) == 0) {
			best = node;
			best_len = path_len;
		}
	}
	return best;
}

static void judge_rewrite(struct ctl_site *site,
	const struct ctl_conf_node *scope, const struct ctl_conf_node *rewrite)
{
	const char *to = ctl_word(rewrite, 2);
	const char *flag = ctl_word(rewrite, 3);
	const struct ctl_conf_node *server = ctl_server_of(scope);
	const struct ctl_conf_node *target = NULL;
	char words[CTL_WORDS_SIZE];

	if ((flag[0] && strcmp(flag, "last") != 0) || strstr(to, "://")) {
		return;
	}
	if (server && to[0] == '/') {
		target = location_of(server, to, strcspn(to, "$?"));
	}
	if (!target || !ctl_is_protected(target)) {
		ctl_found(site->findings, rewrite, CTL_RULE_REWRITE_FIRST,
			"a rewrite to %.100s in the protected %s", to,
			ctl_words(scope, words));
	}
}

/* A refusal is as good before the check as behind it, and so is a redirect
 * on a condition. */
static void judge_return(struct ctl_site *site,
	const struct ctl_conf_node *scope, const struct ctl_conf_node *node,
	bool on_condition)
{
	long status = strtol(ctl_word(node, 1), NULL, 10);
	char words[CTL_WORDS_SIZE];

	status = status ? status : 302;
	if (status >= 400 || (status >= 300 && on_condition)) {
		return;
	}
	ctl_found(site->findings, node, CTL_RULE_RETURN_FIRST,
		"return %.40s in the protected %s", ctl_word(node, 1),
		ctl_words(scope, words));
}

static void judge_first(struct ctl_site *site,
	const struct ctl_conf_node *scope, const struct ctl_conf_node *block)
{
	for (const struct ctl_conf_node *node = block->first; node;
		node = node->next) {
		if (ctl_is(node, "rewrite")) {
			judge_rewrite(site, scope, node);
		} else if (ctl_is(node, "return")) {
			judge_return(site, scope, node, block != scope);
		} else if (ctl_is(node, "if") && node->is_block) {
			judge_first(site, scope, node);
		}
	}
}

/* --- error_page: the first one that names a status answers it */

static bool names_status(const struct ctl_conf_node *page, const char *status)
{
	for (size_t i = 1; i + 1 < page->word_count; i++) {
		if (strcmp(page->words[i], status) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_made_200(const struct ctl_conf_node *page)
{
	return page->word_count > 3 &&
	       strncmp(ctl_word(page, page->word_count - 2), "=2", 2) == 0;
}

static bool is_shipped(
	const struct ctl_site *site, const struct ctl_conf_node *node)
{
	return ctl_find_same(site->shipped[CTL_SNIPPET_PROTECT], node) != NULL;
}

static void judge_status(struct ctl_site *site,
	const struct ctl_conf_node *scope, const char *status)
{
	const struct ctl_conf_node *page = ctl_effective(scope, "error_page");
	bool has_ours = false;
	char words[CTL_WORDS_SIZE];

	for (const struct ctl_conf_node *node = page; node;
		node = ctl_sibling(node, "error_page")) {
		has_ours = has_ours || (names_status(node, status) &&
					       is_shipped(site, node));
	}
	while (page && !names_status(page, status)) {
		page = ctl_sibling(page, "error_page");
	}
	if (page && !is_shipped(site, page) &&
		(is_made_200(page) || has_ours)) {
		ctl_found(site->findings, page, CTL_RULE_ERROR_PAGE,
			"%s stands before the answer of the check",
			ctl_words(page, words));
	}
}

/* --- the rest */

/* "set" is done in the innermost location only. */
static void judge_require(
	struct ctl_site *site, const struct ctl_conf_node *scope)
{
	static const char name[] = "$stauth_require";
	const struct ctl_conf_node *at = scope;
	char words[CTL_WORDS_SIZE];

	for (; at && ctl_is(at, "location"); at = at->parent) {
		for (const struct ctl_conf_node *node = ctl_child(at, "set");
			node; node = ctl_sibling(node, "set")) {
			if (strcmp(ctl_word(node, 1), name) != 0) {
				continue;
			}
			if (at != scope && ctl_word(node, 2)[0]) {
				ctl_found(site->findings, scope,
					CTL_RULE_NESTED_REQUIRE,
					"%s does not ask for \"%.80s\" as the "
					"location around it",
					ctl_words(scope, words),
					ctl_word(node, 2));
			}
			return;
		}
	}
}

static void judge_satisfy(
	struct ctl_site *site, const struct ctl_conf_node *scope)
{
	char words[CTL_WORDS_SIZE];

	if (ctl_says(scope, "satisfy", "any")) {
		ctl_found(site->findings, ctl_effective(scope, "satisfy"),
			CTL_RULE_SATISFY_ANY, "satisfy any holds in %s",
			ctl_words(scope, words));
	}
}

/* st.logout() of an app below /BASE/ asks for /BASE/auth/logout. */
static void judge_base(struct ctl_site *site, const struct ctl_conf_node *scope)
{
	char words[CTL_WORDS_SIZE];

	if (ctl_is(scope, "location") &&
		strcmp(ctl_word(scope, 1), "^~") == 0 && ctl_handler(scope) &&
		ends_with_slash(ctl_word(scope, 2))) {
		ctl_found(site->findings, scope, CTL_RULE_BASE_LOGOUT,
			"%s hides /auth/logout below it",
			ctl_words(scope, words));
	}
}

void ctl_judge_access(struct ctl_site *site, const struct ctl_conf_node *scope)
{
	static const char *const refusals[] = {
		"401", "403", "500", "502", "503", "504"};

	judge_satisfy(site, scope);
	if (ctl_is(scope, "location")) {
		judge_first(site, scope, scope);
		judge_require(site, scope);
	}
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		judge_status(site, scope, refusals[i]);
	}
	judge_base(site, scope);
}
