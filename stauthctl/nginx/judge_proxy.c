/* SPDX-License-Identifier: MIT */
#include "nginx/site.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"

/*
 * What reaches the app from a location: each statement of the snippet must
 * hold there, whether it stands there or is inherited. What is missing is
 * told by the worst that it does.
 */
enum when {
	ALWAYS,
	WHEN_OTHERWISE, /* nginx's own default is as good */
	WHEN_SHORT,     /* a time of under a minute */
};

static const struct missing_row {
	const char *name;
	const char *header; /* of proxy_set_header; NULL: any */
	enum when when;
	enum ctl_rule_id id;
} missing_rows[] = {
	{"proxy_set_header", "Host", ALWAYS, CTL_RULE_HOST_PORT},
	{"proxy_set_header", "Cookie", ALWAYS, CTL_RULE_COOKIE_TO_APP},
	{"proxy_set_header", "Upgrade", ALWAYS, CTL_RULE_WEBSOCKET},
	{"proxy_set_header", "Connection", ALWAYS, CTL_RULE_WEBSOCKET},
	{"proxy_set_header", "Sec-WebSocket-Protocol", ALWAYS,
		CTL_RULE_SNIPPET_DIFFERS},
	{"proxy_set_header", "X-Real-IP", ALWAYS, CTL_RULE_SNIPPET_DIFFERS},
	{"proxy_set_header", "X-Forwarded-For", ALWAYS,
		CTL_RULE_SNIPPET_DIFFERS},
	{"proxy_set_header", "X-Forwarded-Proto", ALWAYS,
		CTL_RULE_SNIPPET_DIFFERS},
	{"proxy_set_header", "X-Forwarded-Host", ALWAYS,
		CTL_RULE_SNIPPET_DIFFERS},
	{"proxy_set_header", NULL, ALWAYS, CTL_RULE_IDENTITY_HEADERS},
	{"proxy_http_version", NULL, ALWAYS, CTL_RULE_WEBSOCKET},
	{"proxy_buffering", NULL, ALWAYS, CTL_RULE_WEBSOCKET},
	{"proxy_read_timeout", NULL, WHEN_SHORT, CTL_RULE_WEBSOCKET},
	{"proxy_send_timeout", NULL, WHEN_SHORT, CTL_RULE_WEBSOCKET},
	{"proxy_cache", NULL, WHEN_OTHERWISE, CTL_RULE_APP_CACHED},
	{"expires", NULL, WHEN_OTHERWISE, CTL_RULE_APP_CACHED},
	{"ssi", NULL, WHEN_OTHERWISE, CTL_RULE_SSI},
	{"add_header", NULL, ALWAYS, CTL_RULE_BACK_BUTTON},
	{"proxy_hide_header", NULL, ALWAYS, CTL_RULE_BACK_BUTTON},
};

/* What was missing in one location, by rule. */
struct missing {
	size_t count[CTL_RULES];
	const struct ctl_conf_node *first[CTL_RULES]; /* of the snippet */
	const struct ctl_conf_node *instead[CTL_RULES];
};

/* "90s", "2m", "1h30m"; a bare number is seconds. */
static long seconds_of(const char *time)
{
	long sum = 0;

	while (*time) {
		char *end = NULL;
		long number = strtol(time, &end, 10);

		if (end == time || number < 0 || number > 100000000) {
			return sum;
		}
		if (strncmp(end, "ms", 2) == 0) {
			sum += number / 1000;
			end += 2;
			time = end;
			continue;
		}
		sum += number * (*end == 'm'          ? 60
					: *end == 'h' ? 3600
					: *end == 'd' ? 86400
						      : 1);
		time = *end ? end + 1 : end;
	}
	return sum;
}

/* The statement that says otherwise; NULL if none does. */
static const struct ctl_conf_node *find_instead(
	const struct ctl_conf_node *scope, const struct ctl_conf_node *wanted)
{
	const struct ctl_conf_node *node =
		ctl_effective(scope, ctl_word(wanted, 0));

	if (!ctl_is(wanted, "proxy_set_header")) {
		return node;
	}
	while (node &&
		strcasecmp(ctl_word(node, 1), ctl_word(wanted, 1)) != 0) {
		node = ctl_sibling(node, "proxy_set_header");
	}
	return node;
}

/* An if{} is not inherited. Where one is missing in a location inside of
 * another, what it asks of the server is asked in that one. */
static bool stands_around(
	const struct ctl_conf_node *scope, const struct ctl_conf_node *wanted)
{
	while (scope && !ctl_is(scope, "server")) {
		if (ctl_find_same(scope, wanted)) {
			return true;
		}
		scope = scope->parent;
	}
	return false;
}

static bool holds(
	const struct ctl_conf_node *scope, const struct ctl_conf_node *wanted)
{
	if (ctl_is(wanted, "auth_request")) {
		return true; /* known by now */
	}
	if (wanted->is_block) {
		return stands_around(scope, wanted);
	}
	for (const struct ctl_conf_node *node =
			ctl_effective(scope, ctl_word(wanted, 0));
		node; node = ctl_sibling(node, ctl_word(wanted, 0))) {
		if (ctl_same_words(node, wanted, 0)) {
			return true;
		}
	}
	return false;
}

static const struct missing_row *row_of(const struct ctl_conf_node *wanted)
{
	for (size_t i = 0; i < sizeof(missing_rows) / sizeof(missing_rows[0]);
		i++) {
		const struct missing_row *row = &missing_rows[i];

		if (ctl_is(wanted, row->name) &&
			(!row->header || strcmp(ctl_word(wanted, 1),
						 row->header) == 0)) {
			return row;
		}
	}
	return NULL;
}

/* Longer than shipped is nobody's mistake. */
static bool is_fine(
	const struct missing_row *row, const struct ctl_conf_node *instead)
{
	return row && row->when == WHEN_SHORT && instead &&
	       seconds_of(ctl_word(instead, 1)) >= 60;
}

static void note_missing(struct missing *missing,
	const struct ctl_conf_node *scope, const struct ctl_conf_node *wanted)
{
	const struct missing_row *row = row_of(wanted);
	const struct ctl_conf_node *instead = find_instead(scope, wanted);
	enum ctl_rule_id id = CTL_RULE_SNIPPET_DIFFERS;

	if (is_fine(row, instead) || ctl_says(scope, "satisfy", "any")) {
		/* The second is told of already, and worse. */
		return;
	}
	if (row && (row->when == ALWAYS || instead)) {
		id = row->id;
	}
	if (missing->count[id]++ == 0) {
		missing->first[id] = wanted;
		missing->instead[id] = instead;
	}
}

static void tell(struct ctl_site *site, const struct ctl_conf_node *scope,
	enum ctl_snippet snippet, const struct missing *missing,
	enum ctl_rule_id id)
{
	const struct ctl_conf_node *at = missing->instead[id];
	char words[CTL_WORDS_SIZE];
	char place[CTL_WORDS_SIZE];

	ctl_found(site->findings, at ? at : scope, id,
		"\"%s\" of %s does not hold in %s%s",
		ctl_words(missing->first[id], words),
		site->shipped_names[snippet], ctl_words(scope, place),
		missing->count[id] > 1 ? ", and more of it" : "");
}

/* Without the identity headers the include is missing as a whole: one
 * finding says so. */
static void judge_missing(struct ctl_site *site,
	const struct ctl_conf_node *scope, enum ctl_snippet snippet)
{
	struct missing missing = {0};

	for (const struct ctl_conf_node *wanted = site->shipped[snippet]->first;
		wanted; wanted = wanted->next) {
		if (!holds(scope, wanted)) {
			note_missing(&missing, scope, wanted);
		}
	}
	if (missing.count[CTL_RULE_IDENTITY_HEADERS]) {
		tell(site, scope, snippet, &missing, CTL_RULE_IDENTITY_HEADERS);
		return;
	}
	for (int id = 0; id < CTL_RULES; id++) {
		if (missing.count[id]) {
			tell(site, scope, snippet, &missing,
				(enum ctl_rule_id)id);
		}
	}
}

/* The same header once more, beside the include: both are sent. */
static void judge_second(struct ctl_site *site,
	const struct ctl_conf_node *scope, const struct ctl_conf_node *node,
	const struct ctl_conf_node *shipped)
{
	const char *name = ctl_word(node, 1);
	bool is_identity = strncasecmp(name, "X-Auth-", 7) == 0;
	char words[CTL_WORDS_SIZE];

	for (const struct ctl_conf_node *wanted = shipped->first; wanted;
		wanted = wanted->next) {
		const struct missing_row *row = row_of(wanted);

		if (!row || !ctl_is(wanted, "proxy_set_header") ||
			strcasecmp(ctl_word(wanted, 1), name) != 0 ||
			!holds(scope, wanted) ||
			ctl_same_words(wanted, node, 0)) {
			continue;
		}
		if (is_identity || row->id == CTL_RULE_COOKIE_TO_APP ||
			row->id == CTL_RULE_HOST_PORT) {
			ctl_found(site->findings, node, row->id,
				"%s stands beside the snippet's own",
				ctl_words(node, words));
		}
	}
}

static void judge_seconds(struct ctl_site *site,
	const struct ctl_conf_node *scope, enum ctl_snippet snippet)
{
	for (const struct ctl_conf_node *node =
			ctl_effective(scope, "proxy_set_header");
		node; node = ctl_sibling(node, "proxy_set_header")) {
		judge_second(site, scope, node, site->shipped[snippet]);
	}
}

/* --- the size of uploads, and the app's own address */

static double bytes_of(const char *size)
{
	char *end = NULL;
	double number = (double)strtol(size, &end, 10);

	return *end == 'k' || *end == 'K'   ? number * 1024
	       : *end == 'm' || *end == 'M' ? number * 1024 * 1024
	       : *end == 'g' || *end == 'G' ? number * 1024 * 1024 * 1024
					    : number;
}

static void judge_size(struct ctl_site *site, const struct ctl_conf_node *scope)
{
	const struct ctl_conf_node *size =
		ctl_effective(scope, "client_max_body_size");
	const char *value = size ? ctl_word(size, 1) : "1m";
	double bytes = bytes_of(value);
	char words[CTL_WORDS_SIZE];

	if (bytes > 0 && bytes < 200.0 * 1024 * 1024) {
		ctl_found(site->findings, size ? size : scope,
			CTL_RULE_BODY_SIZE, "%.40s is the limit in %s", value,
			ctl_words(scope, words));
	}
}

static void judge_address(
	struct ctl_site *site, const struct ctl_conf_node *handler)
{
	char address[CTL_ADDRESS_SIZE];

	for (size_t i = 0; ctl_address(site, handler, i, address); i++) {
		if (!ctl_is_local(address)) {
			ctl_found(site->findings, handler, CTL_RULE_APP_ADDRESS,
				"the app at %s is no address of loopback",
				address);
		}
	}
}

void ctl_judge_proxy(struct ctl_site *site, const struct ctl_conf_node *scope,
	enum ctl_snippet snippet)
{
	const struct ctl_conf_node *handler = ctl_handler(scope);

	if (!ctl_is(handler, "proxy_pass")) {
		ctl_found(site->findings, handler, CTL_RULE_IDENTITY_HEADERS,
			"%s hands on the client's own headers, the snippets "
			"are for proxy_pass",
			ctl_word(handler, 0));
		return;
	}
	judge_missing(site, scope, snippet);
	judge_seconds(site, scope, snippet);
	judge_size(site, scope);
	judge_address(site, handler);
}
