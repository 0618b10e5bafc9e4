/* SPDX-License-Identifier: MIT */
#ifndef GATE_THEME_H
#define GATE_THEME_H

#include <stdbool.h>

#include "base/buf.h"
#include "config/config.h"

/* A file that is made of the configuration, and served like an asset. */
struct gate_made_file {
	struct stauth_buf data;
	const char *type; /* the media type */
	char served[48];  /* "theme.0123456789ab.css"; "" there is none */
};

struct gate_theme {
	struct gate_made_file css; /* of Streamlit's theme names */
	struct gate_made_file logo;
};

/* false: out of memory; the theme is then empty. A logo that cannot be used
 * is logged, and there is none. */
bool gate_theme_init(
	struct gate_theme *theme, const struct stauth_config *config);
void gate_theme_finish(struct gate_theme *theme);

#endif
