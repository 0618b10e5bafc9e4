/* SPDX-License-Identifier: MIT */
#include "check/touch.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

#define ROWS_MAX 4096
#define BUCKETS  (2 * ROWS_MAX) /* a power of two; half of them stay empty */
#define DUE_S    60             /* last_seen_at moves at most once in so long */
/* Rows of one write: up to PIPE_BUF bytes are written whole or not at all. */
#define CHUNK (PIPE_BUF / sizeof(struct stauth_touch))

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

bool gate_touch_add(
	struct gate_touch_table *table, const struct stauth_touch *touch)
{
	size_t bucket = bucket_of(touch->handle);
	while (table->buckets[bucket] != 0) {
		struct stauth_touch *row =
			&table->rows[table->buckets[bucket] - 1];
		if (strcmp(row->handle, touch->handle) == 0) {
			row->seen_at = touch->seen_at;
			return true;
		}
		bucket = (bucket + 1) & (BUCKETS - 1);
	}
	if (gate_touch_is_full(table)) {
		return false;
	}
	table->rows[table->count++] = *touch;
	table->buckets[bucket] = (uint16_t)table->count;
	return true;
}

void gate_touch_note(struct gate_touch_table *table,
	const struct stauth_session *session, int64_t now_s)
{
	struct stauth_touch touch = {.seen_at = now_s};
	if (now_s - session->last_seen_at < table->due_s) {
		return;
	}
	memcpy(touch.handle, session->handle, sizeof(touch.handle));
	(void)gate_touch_add(table, &touch);
}

bool gate_touch_is_full(const struct gate_touch_table *table)
{
	return table->count == ROWS_MAX;
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

/* Forgets the first ones. */
static void drop_first(struct gate_touch_table *table, size_t count)
{
	size_t left = table->count - count;
	memmove(table->rows, table->rows + count, left * sizeof(*table->rows));
	gate_touch_clear(table);
	for (size_t i = 0; i < left; i++) {
		(void)gate_touch_add(table, &table->rows[i]);
	}
}

void gate_touch_send(struct gate_touch_table *table, int fd)
{
	size_t sent = 0;
	while (sent < table->count) {
		size_t rows = table->count - sent;
		rows = rows < CHUNK ? rows : CHUNK;
		size_t size = rows * sizeof(*table->rows);
		if (write(fd, &table->rows[sent], size) != (ssize_t)size) {
			break;
		}
		sent += rows;
	}
	drop_first(table, sent);
}

void gate_touch_receive(struct gate_touch_table *table, int fd)
{
	struct stauth_touch rows[CHUNK];
	while (!gate_touch_is_full(table)) {
		size_t room = ROWS_MAX - table->count;
		size_t size = (room < CHUNK ? room : CHUNK) * sizeof(rows[0]);
		ssize_t got = read(fd, rows, size);
		if (got <= 0) {
			return;
		}
		for (size_t i = 0; i < (size_t)got / sizeof(rows[0]); i++) {
			(void)gate_touch_add(table, &rows[i]);
		}
	}
}
