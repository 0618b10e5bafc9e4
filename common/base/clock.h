/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_CLOCK_H
#define STAUTH_CLOCK_H

#include <stdint.h>

/*
 * Wall clock, Unix seconds UTC: for what is stored and for expiry. Domain
 * code asks state->ops->now() instead, so that a networked store can answer
 * with its own clock.
 */
int64_t stauth_wall_s(void);
/* CLOCK_BOOTTIME in milliseconds: for waits and deadlines in one process. */
int64_t stauth_boot_ms(void);

void stauth_sleep_ms(int64_t ms);

/* "2026-11-23T21:05:09Z" into out[21]; "" for 0 (never). */
void stauth_time_format(int64_t at_s, char out[21]);

#endif
