/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <time.h>

#include "base/banned.h"

int64_t stauth_wall_s(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_REALTIME, &ts) != 0) {
		return 0;
	}
	return ts.tv_sec;
}

int64_t stauth_boot_ms(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_BOOTTIME, &ts) != 0) {
		return 0;
	}
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void stauth_sleep_ms(int64_t ms)
{
	const struct timespec ts = {.tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000L};

	nanosleep(&ts, NULL);
}

void stauth_time_format(int64_t at_s, char out[21])
{
	out[0] = '\0';
	time_t at = at_s;
	struct tm tm;
	if (at_s != 0 && gmtime_r(&at, &tm) != NULL) {
		strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm);
	}
}
