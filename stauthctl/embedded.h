/* SPDX-License-Identifier: MIT */
#ifndef CTL_EMBEDDED_H
#define CTL_EMBEDDED_H

#include <stddef.h>

/* A file of nginx/ that embed.py put into the program. */
struct ctl_embedded {
	const char *name;   /* "stauth-http.conf" */
	const char *served; /* not used here */
	const char *type;   /* not used here */
	const char *data;   /* NUL terminated; len does not count that */
	size_t len;
};

/* Both end with a name of NULL; there are no templates. */
extern const struct ctl_embedded ctl_templates[];
extern const struct ctl_embedded ctl_assets[];

#endif
