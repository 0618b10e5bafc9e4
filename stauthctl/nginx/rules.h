/* SPDX-License-Identifier: MIT */
/* The mistakes that are known, and those that were found. */
#ifndef CTL_NGINX_RULES_H
#define CTL_NGINX_RULES_H

#include "nginx/tree.h"

/* An error lets somebody in or tells what is secret; a warning breaks
 * something, or would be one together with another; a hint is advice. */
enum ctl_severity {
	CTL_SEVERITY_HINT,
	CTL_SEVERITY_WARNING,
	CTL_SEVERITY_ERROR,
};

enum ctl_rule_id {
	CTL_RULE_INCLUDE_UNREAD,
	CTL_RULE_NOTHING_PROTECTED,
	CTL_RULE_HTTP_SNIPPET,
	CTL_RULE_SERVER_SNIPPET,
	CTL_RULE_SNIPPET_DIFFERS,
	CTL_RULE_PAGES_KEEPALIVE,
	CTL_RULE_CHECK_NOT_INTERNAL,
	CTL_RULE_CHECK_SOCKET,
	CTL_RULE_CHECK_HEADERS,
	CTL_RULE_CHECK_CACHED,
	CTL_RULE_CHECK_ERROR_PAGE,
	CTL_RULE_CHECK_EXTRA,
	CTL_RULE_FASTCGI_TWICE,
	CTL_RULE_UNPROTECTED_TWIN,
	CTL_RULE_AUTH_OFF,
	CTL_RULE_NESTED_REQUIRE,
	CTL_RULE_SATISFY_ANY,
	CTL_RULE_RETURN_FIRST,
	CTL_RULE_REWRITE_FIRST,
	CTL_RULE_ERROR_PAGE,
	CTL_RULE_ALIAS_SLASH,
	CTL_RULE_IDENTITY_HEADERS,
	CTL_RULE_COOKIE_TO_APP,
	CTL_RULE_COOKIE_ELSEWHERE,
	CTL_RULE_APP_CACHED,
	CTL_RULE_BACK_BUTTON,
	CTL_RULE_SSI,
	CTL_RULE_HOST_PORT,
	CTL_RULE_WEBSOCKET,
	CTL_RULE_BODY_SIZE,
	CTL_RULE_BASE_LOGOUT,
	CTL_RULE_ADDRESS_UNKNOWN,
	CTL_RULE_APP_ADDRESS,
	CTL_RULE_APP_PORT,
	CTL_RULE_ODD_HEADERS,
	CTL_RULE_MERGE_SLASHES,
	CTL_RULE_SAME_NAME,
	CTL_RULE_PUBLIC_NAME,
	CTL_RULE_PLAIN_HTTP,
	CTL_RULE_NO_HSTS,
	CTL_RULE_REALIP_TRUST,
	CTL_RULE_LOG_SECRET,
	CTL_RULES,
};

struct ctl_rule {
	const char *name; /* fixed: scripts know it */
	enum ctl_severity severity;
	const char *happens; /* what can happen, a sentence */
	const char *mend;    /* what to do, a sentence */
};

const struct ctl_rule *ctl_rule(enum ctl_rule_id id);
const char *ctl_severity_name(enum ctl_severity severity);

#define CTL_FINDING_SIZE 512
#define CTL_FINDINGS_MAX 1000

struct ctl_finding {
	const char *file; /* of the configuration's memory */
	int line;
	enum ctl_rule_id id;
	char what[CTL_FINDING_SIZE]; /* what is wrong, here */
};

struct ctl_findings {
	struct ctl_finding *list; /* CTL_FINDINGS_MAX of them */
	size_t count;
	bool cut; /* there were more */
};

/* Notes one, unless it is there already. */
void ctl_found(struct ctl_findings *findings, const struct ctl_conf_node *node,
	enum ctl_rule_id id, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* By file and line. */
void ctl_findings_sort(struct ctl_findings *findings);

/* "location ~ \.js$", of a statement, for messages; cut where it is long. */
#define CTL_WORDS_SIZE 120
const char *ctl_words(
	const struct ctl_conf_node *node, char words[CTL_WORDS_SIZE]);

#endif
