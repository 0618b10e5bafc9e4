/* SPDX-License-Identifier: MIT */
/* The mistakes that are known, and those that were found. */
#ifndef NGINX_RULES_H
#define NGINX_RULES_H

#include "conf.h"

enum nginx_rule_id {
	NGINX_NOTHING_PROTECTED,
	NGINX_SNIPPET_DIFFERS,
	NGINX_CHECK_CHANGED,
	NGINX_CHECK_EXPOSED,
	NGINX_SERVER_SET,
	NGINX_UNPROTECTED_TWIN,
	NGINX_AUTH_OFF,
	NGINX_NESTED_REQUIRE,
	NGINX_SATISFY_ANY,
	NGINX_RETURN_FIRST,
	NGINX_REWRITE_FIRST,
	NGINX_ERROR_PAGE,
	NGINX_ALIAS_SLASH,
	NGINX_IDENTITY_HEADERS,
	NGINX_HEADER_TWICE,
	NGINX_COOKIE_ELSEWHERE,
	NGINX_UPGRADE_ANY,
	NGINX_SSI,
	NGINX_ODD_HEADERS,
	NGINX_MERGE_SLASHES,
	NGINX_SAME_NAME,
	NGINX_REALIP_TRUST,
	NGINX_LOG_SECRET,
	NGINX_PUBLIC_URL,
	NGINX_BASE_PATH,
	NGINX_SET_UNKNOWN,
	NGINX_RELAY_EXPOSED,
	NGINX_STREAM_DIRECT,
	NGINX_STREAM_APP,
	NGINX_STREAM_IF,
	NGINX_RULES,
};

/* A known mistake that nginx itself takes (`nginx -t` says ok). */
struct nginx_rule {
	const char *name;    /* fixed: scripts know it */
	const char *happens; /* what can happen, a sentence */
	const char *fix;     /* what to do, a sentence */
};

#define NGINX_FINDING_SIZE 400
#define NGINX_FINDINGS_MAX 1000

struct nginx_finding {
	const struct nginx_rule *rule;
	const char *file; /* of the configuration's memory */
	int line;
	char what[NGINX_FINDING_SIZE]; /* what is wrong, here */
};

/* In order of file and line; free list. */
struct nginx_report {
	struct nginx_finding *list;
	size_t count;
	bool cut;         /* there were more */
	size_t app_count; /* apps behind the check */
};

/* The rule of a name's place in the table, for tests; NULL behind the last. */
const struct nginx_rule *nginx_rule_at(size_t i);

/* Notes a finding at this statement, unless it is there already. detail: what
 * else is to be said beside the rule; NULL: nothing. */
void nginx_found(struct nginx_report *report, const struct nginx_node *node,
	enum nginx_rule_id id, const char *detail);

#endif
