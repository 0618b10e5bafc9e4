/* SPDX-License-Identifier: MIT */
#ifndef CTL_SINCE_H
#define CTL_SINCE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A point in time as people write it: "2026-11-23", "2026-11-23T21:05[:09]"
 * with or without a Z (UTC either way), Unix seconds, or an age: "90s",
 * "30m", "12h", "7d". false for anything else.
 */
bool ctl_since_parse(const char *text, int64_t now_s, int64_t *ret_at);

#endif
