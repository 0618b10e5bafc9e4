/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_STORE_RATE_LIMIT_H
#define STAUTH_STORE_RATE_LIMIT_H

#include <stdint.h>

#include "store/records.h"

/*
 * Seconds that a try must still wait after so many failures, the first of them
 * at first_at and the last at last_at; 0: none. `free` failures cost nothing;
 * from then on the try after a failure waits first_wait, then twice that, up to
 * max_wait; in a limit that is closed when full, until its window, begun at
 * first_at, ends. Pure: stores decide by it, and what people are shown comes
 * from it too.
 */
int64_t stauth_rate_limit_wait_s(const struct stauth_rate_limit *limit,
	int64_t failures, int64_t first_at, int64_t last_at, int64_t now_s);

#endif
