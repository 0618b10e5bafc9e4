/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_COLOR_H
#define STAUTH_COLOR_H

#include <stdbool.h>

struct stauth_color {
	int part[3]; /* red, green, blue: 0 to 255 */
};

/* `#rgb`, `#rrggbb` or a name of CSS; false for anything else. */
bool stauth_color_parse(const char *text, struct stauth_color *ret_color);
/* As WCAG has it: 0 black to 1 white. */
double stauth_color_luminance(const struct stauth_color *color);
/* Of text and its ground, 1 to 21; 0: one of them is no colour. */
double stauth_color_contrast(const char *one, const char *other);
/* Black or white, whichever reads better on it: at least 4.58:1 on every
 * colour. NULL: that is no colour. */
const char *stauth_color_contrasting(const char *text);

#endif
