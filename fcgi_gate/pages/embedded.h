/* SPDX-License-Identifier: MIT */
#ifndef GATE_EMBEDDED_H
#define GATE_EMBEDDED_H

#include <stddef.h>

/* A file that embed.py put into the program. */
struct gate_embedded {
	const char *name;   /* without .html; as it is for assets */
	const char *served; /* assets: "stauth.0123456789ab.css" */
	const char *type;   /* assets: the media type */
	const char *data;   /* NUL terminated; len does not count that */
	size_t len;
};

/* Both end with a name of NULL. */
extern const struct gate_embedded gate_templates[];
extern const struct gate_embedded gate_assets[];

#endif
