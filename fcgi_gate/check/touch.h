/* SPDX-License-Identifier: MIT */
#ifndef GATE_CHECK_TOUCH_H
#define GATE_CHECK_TOUCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/check.h"
#include "auth/ctx.h"

/* Sessions that were used and whose last_seen_at is due to move, in a fixed
 * table. A check never writes to the store: the touch worker does
 * (touch_worker.c), and a pipe leads to it. */
struct gate_touch_table;

/* NULL: out of memory. idle_s: the idle limit, 0 none. */
struct gate_touch_table *gate_touch_new(int64_t idle_s);
void gate_touch_free(struct gate_touch_table *table);

/* Notes the use of a session. When the table is full it is lost, and the next
 * check of that session notes it again. */
void gate_touch_note(struct gate_touch_table *table,
	const struct stauth_session *session, int64_t now_s);
/* The same of one that came through the pipe. false: the table is full. */
bool gate_touch_add(
	struct gate_touch_table *table, const struct stauth_touch *touch);
bool gate_touch_is_full(const struct gate_touch_table *table);
size_t gate_touch_count(const struct gate_touch_table *table);
/* The noted ones, gate_touch_count() of them, in no order. */
const struct stauth_touch *gate_touch_rows(
	const struct gate_touch_table *table);
void gate_touch_clear(struct gate_touch_table *table);

/* Sends what was noted through a non-blocking pipe, as much as fits; the rest
 * stays noted. */
void gate_touch_send(struct gate_touch_table *table, int fd);
/* Reads from the pipe until it is empty or the table is full. */
void gate_touch_receive(struct gate_touch_table *table, int fd);

#endif
