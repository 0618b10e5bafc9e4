/* SPDX-License-Identifier: MIT */
#ifndef GATE_CHECK_TOUCH_H
#define GATE_CHECK_TOUCH_H

#include <stddef.h>
#include <stdint.h>

#include "auth/check.h"
#include "auth/ctx.h"

#define GATE_TOUCH_EVERY_MS 10000

/* Sessions that were used and whose last_seen_at is due to move. A fixed
 * table: a check never writes and never waits for a write. */
struct gate_touch_table;

/* NULL: out of memory. idle_s: the idle limit, 0 none. */
struct gate_touch_table *gate_touch_new(int64_t idle_s);
void gate_touch_free(struct gate_touch_table *table);

/* Notes the use of a session. When the table is full it is lost, and the next
 * check of that session notes it again. */
void gate_touch_note(struct gate_touch_table *table,
	const struct stauth_session *session, int64_t now_s);
size_t gate_touch_count(const struct gate_touch_table *table);
/* The noted ones, gate_touch_count() of them, in no order. */
const struct stauth_touch *gate_touch_rows(
	const struct gate_touch_table *table);
void gate_touch_clear(struct gate_touch_table *table);

#endif
