/* SPDX-License-Identifier: MIT */
#include "store/rate_limit.h"

#include "base/banned.h"

#define DOUBLES_MAX 30

/* Until the window ends; nothing in the future makes that longer. */
static int64_t closed_s(
	const struct stauth_rate_limit *limit, int64_t first_at, int64_t now_s)
{
	int64_t since_s = first_at < now_s ? now_s - first_at : 0;

	return since_s < limit->window_s ? limit->window_s - since_s : 0;
}

int64_t stauth_rate_limit_wait_s(const struct stauth_rate_limit *limit,
	int64_t failures, int64_t first_at, int64_t last_at, int64_t now_s)
{
	int64_t over = failures - limit->free;
	int64_t wait_s = limit->first_wait_s;

	if (over < 0) {
		return 0;
	}
	if (limit->fixed_window && limit->closed_when_full) {
		return closed_s(limit, first_at, now_s);
	}
	for (int i = 0; i < over && i < DOUBLES_MAX; i++) {
		if (wait_s >= limit->max_wait_s) {
			break;
		}
		wait_s *= 2;
	}
	wait_s = wait_s < limit->max_wait_s ? wait_s : limit->max_wait_s;
	last_at = last_at < now_s ? last_at : now_s;
	int64_t left_s = last_at + wait_s - now_s;
	return left_s > 0 ? left_s : 0;
}
