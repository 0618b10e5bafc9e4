/* SPDX-License-Identifier: MIT */
#include "since.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/codec.h"

#include "base/banned.h"

#define AGE_MAX 1000000000 /* of any unit */

static bool parse_age(const char *text, int64_t now_s, int64_t *ret_at)
{
	static const char units[] = "smhd";
	static const int64_t seconds[] = {1, 60, 3600, 86400};
	char number[16];
	size_t len = strlen(text);
	const char *unit = len ? strchr(units, text[len - 1]) : NULL;

	if (unit == NULL || !*unit || len > sizeof(number)) {
		return false;
	}
	snprintf(number, sizeof(number), "%.*s", (int)len - 1, text);
	int64_t count = 0;
	if (!stauth_parse_int(number, 0, AGE_MAX, &count)) {
		return false;
	}
	*ret_at = now_s - count * seconds[unit - units];
	return true;
}

static bool parse_date(const char *text, int64_t *ret_at)
{
	static const char *const formats[] = {
		"%Y-%m-%dT%H:%M:%SZ",
		"%Y-%m-%dT%H:%M:%S",
		"%Y-%m-%dT%H:%MZ",
		"%Y-%m-%dT%H:%M",
		"%Y-%m-%d %H:%M:%S",
		"%Y-%m-%d %H:%M",
		"%Y-%m-%d",
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct tm tm = {0};
		const char *end = strptime(text, formats[i], &tm);

		if (end != NULL && !*end) {
			*ret_at = timegm(&tm);
			return true;
		}
	}
	return false;
}

bool ctl_since_parse(const char *text, int64_t now_s, int64_t *ret_at)
{
	return parse_age(text, now_s, ret_at) || parse_date(text, ret_at) ||
	       stauth_parse_int(text, 0, INT64_MAX, ret_at);
}
