/* SPDX-License-Identifier: MIT */
#include "ago.h"

#include <stddef.h>
#include <stdio.h>

#include "base/banned.h"

/* Sessions are seen about once a minute: finer would be a guess. */
#define NOW_S 90

void gate_time_ago(int64_t seconds, char ret_words[GATE_AGO_SIZE])
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}};
	if (seconds < NOW_S) {
		snprintf(ret_words, GATE_AGO_SIZE, "just now");
		return;
	}
	size_t i = 0;
	while (seconds < units[i].seconds) {
		i++;
	}
	long long count = seconds / units[i].seconds;
	snprintf(ret_words, GATE_AGO_SIZE, "%lld %s%s ago", count,
		units[i].name, count == 1 ? "" : "s");
}
