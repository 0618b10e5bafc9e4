/* SPDX-License-Identifier: MIT */
/* The shipped snippets of nginx/, for another configuration. */
#ifndef CTL_NGINX_SNIPPETS_H
#define CTL_NGINX_SNIPPETS_H

#include "base/buf.h"
#include "config/config.h"

#define CTL_SNIPPET_MAX (256 * 1024) /* bytes of one */

/* May RUN_DIR and the cookie's name stand in an nginx configuration? 0, or
 * 78 when it was told why not. */
int ctl_snippets_fit(const struct stauth_config *config);

/* The text of a snippet with this RUN_DIR and cookie. */
void ctl_snippets_render(struct stauth_buf *buf, const char *text,
	const struct stauth_config *config);

#endif
