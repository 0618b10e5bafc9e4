/* SPDX-License-Identifier: MIT */
/* `stauthctl nginx check`: is nginx wired as the snippets mean it? */
#ifndef NGINX_CHECK_H
#define NGINX_CHECK_H

#include "conf.h"
#include "config/config.h"

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

/* Judges conf by what this version ships, for config. False: no memory. */
bool nginx_check(const struct nginx_conf *conf,
	const struct stauth_config *config, struct nginx_report *report);

#endif
