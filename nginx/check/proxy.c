/* SPDX-License-Identifier: MIT */
#include "site.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"

/*
 * What reaches the app from a location: each statement of the snippet must
 * hold there, whether it stands there or is inherited.
 */

/* A time of one's own is nobody's leak. */
static bool may_differ(const struct nginx_node *wanted)
{
	return nginx_is(wanted, "proxy_read_timeout") ||
	       nginx_is(wanted, "proxy_send_timeout");
}

/* An if{} and a set are not inherited. Where one is missing in a location
 * inside of another, it was asked and done in that one, or is a rule's own
 * (nested-require). */
static bool stands_around(
	const struct nginx_node *scope, const struct nginx_node *wanted)
{
	while (scope != NULL && !nginx_is(scope, "server")) {
		if (nginx_find(scope, wanted) != NULL) {
			return true;
		}
		scope = scope->parent;
	}
	return false;
}

static bool holds(
	const struct nginx_node *scope, const struct nginx_node *wanted)
{
	const char *name = nginx_word(wanted, 0);

	if (wanted->is_block || nginx_is(wanted, "set")) {
		return stands_around(scope, wanted);
	}
	for (const struct nginx_node *node = nginx_effective(scope, name);
		node != NULL; node = nginx_named(node->next, name)) {
		if (nginx_same(node, wanted) || may_differ(wanted)) {
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
	const struct nginx_node *root = site->shipped[snippet].root;
	const struct nginx_node *lists[] = {root->blocks, root->statements};
	const struct nginx_node *missing = NULL;
	size_t count = 0;

	for (size_t i = 0; i < 2; i++) {
		for (const struct nginx_node *wanted = lists[i]; wanted != NULL;
			wanted = wanted->next) {
			if (nginx_is(wanted, "auth_request") ||
				holds(scope, wanted)) {
				continue; /* the first is known by now */
			}
			count++;
			if (missing == NULL ||
				(nginx_is(wanted, "proxy_set_header") &&
					!nginx_is(
						missing, "proxy_set_header"))) {
				missing = wanted;
			}
		}
	}
	char words[NGINX_WORDS_SIZE];
	char detail[NGINX_FINDING_SIZE];
	if (missing != NULL) {
		snprintf(detail, sizeof(detail), "\"%s\" of %s%s",
			nginx_words(missing, words), root->file,
			count > 1 ? ", and more of it" : "");
		nginx_found(site->report, scope,
			nginx_is(missing, "proxy_set_header")
				? NGINX_IDENTITY_HEADERS
				: NGINX_SNIPPET_DIFFERS,
			detail);
	}
}

/* The same header once more, beside the include: both are sent. */
static void judge_second(struct nginx_site *site,
	const struct nginx_node *scope, const struct nginx_node *shipped)
{
	const char *const name = "proxy_set_header";

	for (const struct nginx_node *node = nginx_effective(scope, name);
		node != NULL; node = nginx_named(node->next, name)) {
		for (const struct nginx_node *wanted =
				nginx_named(shipped->statements, name);
			wanted != NULL;
			wanted = nginx_named(wanted->next, name)) {
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
