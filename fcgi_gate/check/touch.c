/* SPDX-License-Identifier: MIT */
#include "check/touch.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define ROWS_MAX 4096
#define BUCKETS  (2 * ROWS_MAX) /* a power of two; half of them stay empty */
#define DUE_S    60             /* last_seen_at moves at most once in so long */

struct gate_touch_table {
	int64_t due_s;
	size_t count;
	struct stauth_touch rows[ROWS_MAX];
	uint16_t buckets[BUCKETS]; /* row number + 1; 0 is empty */
};

struct gate_touch_table *gate_touch_new(int64_t idle_s)
{
	struct gate_touch_table *table = calloc(1, sizeof(*table));
	if (table == NULL) {
		return NULL;
	}
	/* A session in use must never look idle: with a limit of a minute it
	 * moves each quarter of one. */
	table->due_s = DUE_S;
	if (idle_s > 0 && idle_s / 4 < DUE_S) {
		table->due_s = idle_s / 4;
	}
	return table;
}

void gate_touch_free(struct gate_touch_table *table)
{
	free(table);
}

/* Handles are random, so their first bytes are spread as they are. */
static size_t bucket_of(const char *handle)
{
	uint64_t bits;
	memcpy(&bits, handle, sizeof(bits));
	bits *= UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(bits >> 32) & (BUCKETS - 1);
}

void gate_touch_note(struct gate_touch_table *table,
	const struct stauth_session *session, int64_t now_s)
{
	if (now_s - session->last_seen_at < table->due_s) {
		return;
	}
	size_t bucket = bucket_of(session->handle);
	while (table->buckets[bucket] != 0) {
		struct stauth_touch *row =
			&table->rows[table->buckets[bucket] - 1];
		if (strcmp(row->handle, session->handle) == 0) {
			row->seen_at = now_s;
			return;
		}
		bucket = (bucket + 1) & (BUCKETS - 1);
	}
	if (table->count == ROWS_MAX) {
		return;
	}
	struct stauth_touch *row = &table->rows[table->count++];
	memcpy(row->handle, session->handle, sizeof(row->handle));
	row->seen_at = now_s;
	table->buckets[bucket] = (uint16_t)table->count;
}

size_t gate_touch_count(const struct gate_touch_table *table)
{
	return table->count;
}

const struct stauth_touch *gate_touch_rows(const struct gate_touch_table *table)
{
	return table->rows;
}

void gate_touch_clear(struct gate_touch_table *table)
{
	table->count = 0;
	memset(table->buckets, 0, sizeof(table->buckets));
}
