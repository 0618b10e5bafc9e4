/* SPDX-License-Identifier: MIT */
#ifndef GATE_COLOR_H
#define GATE_COLOR_H

#include <stdbool.h>

struct gate_color {
	int part[3]; /* red, green, blue: 0 to 255 */
};

/* `#rgb`, `#rrggbb` or a name of CSS; false for anything else. */
bool gate_color_parse(const char *text, struct gate_color *ret_color);
/* As WCAG has it: 0 black to 1 white. */
double gate_color_luminance(const struct gate_color *color);
/* Black or white, whichever reads better on it: at least 4.58:1 on every
 * colour. NULL: that is no colour. */
const char *gate_color_contrasting(const char *text);

#endif
