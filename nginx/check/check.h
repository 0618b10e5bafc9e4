/* SPDX-License-Identifier: MIT */
/* What stauthctl calls: nginx check, probe and snippets. */
#ifndef NGINX_CHECK_H
#define NGINX_CHECK_H

#include "base/buf.h"
#include "base/rc.h"
#include "conf.h"
#include "config/config.h"
#include "rules.h"

/* --- check: is nginx wired as the snippets mean it? */

/* All that comes from a descriptor, at most NGINX_TEXT_MAX bytes. BADVALUE:
 * it is more. */
enum stauth_rc nginx_dump_read(
	int fd, struct stauth_buf *buf, struct stauth_err *err);
/* Runs nginx -T of the usual places, without a shell.
 * EUNREACHABLE: there is no nginx; ECONFIG: it failed, and buf has its words
 * (nginx_refused). */
enum stauth_rc nginx_dump_run(struct stauth_buf *buf, struct stauth_err *err);

/* Why nginx takes its configuration not. */
struct nginx_refusal {
	char line[400];     /* its own word: "[emerg] ... in FILE:LINE" */
	const char *advice; /* what to do, a sentence; NULL: nothing of ours */
	bool is_denied;     /* by permissions */
};

/* The last one in what nginx says on stderr. False: there is none. */
bool nginx_refused(const char *output, struct nginx_refusal *ret_refusal);

/* Judges conf by what this version ships, for config. False: no memory. */
bool nginx_check(const struct nginx_conf *conf,
	const struct stauth_config *config, struct nginx_report *report);

/* --- probe: evidence from outside */

#define NGINX_EVIDENCE_MAX  64
#define NGINX_EVIDENCE_SIZE 400

/* One answer that a well wired site would not give. */
struct nginx_evidence {
	const char *rule;               /* fixed: scripts know it */
	const char *fix;                /* what to do, a sentence */
	char what[NGINX_EVIDENCE_SIZE]; /* what was asked and answered */
};

struct nginx_probe {
	struct nginx_evidence list[NGINX_EVIDENCE_MAX];
	size_t count;
	size_t asked; /* requests */
};

/*
 * Asks a running site what nobody who is not signed in may get. url: where a
 * protected app is. BADVALUE: that is no http or https URL of a page.
 * EUNREACHABLE: the site does not answer.
 */
enum stauth_rc nginx_probe_run(
	const char *url, struct nginx_probe *probe, struct stauth_err *err);

/* --- snippets */

#define NGINX_SNIPPET_MAX (64 * 1024)

/* A file of nginx/ that embed.py put into the program. */
struct nginx_embedded {
	const char *name;   /* "stauth-http.conf" */
	const char *served; /* not used here */
	const char *type;   /* not used here */
	const char *data;   /* NUL terminated; len does not count that */
	size_t len;
};

/* Both end with a name of NULL; there are no templates. */
extern const struct nginx_embedded nginx_templates[];
extern const struct nginx_embedded nginx_assets[];

/* ECONFIG: a value of the configuration cannot stand in a snippet. */
enum stauth_rc nginx_snippets_fit(
	const struct stauth_config *config, struct stauth_err *err);
/* Adds the text of a snippet, for this RUN_DIR and cookie name. */
void nginx_snippet_render(struct stauth_buf *buf, const char *text,
	const struct stauth_config *config);

#endif
