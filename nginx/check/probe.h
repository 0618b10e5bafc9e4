/* SPDX-License-Identifier: MIT */
/* `stauthctl nginx probe URL`: evidence from outside. */
#ifndef NGINX_PROBE_H
#define NGINX_PROBE_H

#include <stddef.h>

#include "base/rc.h"

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

#endif
