/* SPDX-License-Identifier: MIT */
#ifndef GATE_CHECK_ASSERTIONS_H
#define GATE_CHECK_ASSERTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "store/records.h"

/* The signed identities of the present minute: signing one for each check
 * would double what a check costs. A fixed number of places. */
struct gate_assertions;

/* NULL: out of memory. */
struct gate_assertions *gate_assertions_new(const struct stauth_config *config);
void gate_assertions_free(struct gate_assertions *cache);

/* The assertion of a live session, "" without APP_KEY; NULL: it could not be
 * made. Borrowed until the next call. */
const char *gate_assertions_get(struct gate_assertions *cache,
	const struct stauth_session *session, int64_t now_s);

#endif
