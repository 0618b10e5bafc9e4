/* SPDX-License-Identifier: MIT */
#ifndef NGINX_SNIPPETS_H
#define NGINX_SNIPPETS_H

#include "base/buf.h"
#include "base/rc.h"
#include "config/config.h"

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
