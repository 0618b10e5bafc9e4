/* SPDX-License-Identifier: MIT */
#ifndef GATE_THEME_H
#define GATE_THEME_H

#include <stdbool.h>

#include "base/buf.h"
#include "config/config.h"

/* The style sheet made of Streamlit's theme names. */
struct gate_theme {
	struct stauth_buf css; /* empty: the style sheet's own look */
	char served[48];       /* "theme.0123456789ab.css" or "" */
};

/* false: out of memory; the theme is then empty. */
bool gate_theme_init(
	struct gate_theme *theme, const struct stauth_config *config);
void gate_theme_finish(struct gate_theme *theme);

#endif
