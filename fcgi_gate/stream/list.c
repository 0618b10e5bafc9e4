/* SPDX-License-Identifier: MIT */
#include "stream/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#include "base/banned.h"

/* Well before it is too old for its readers. */
#define AGAIN_MS (STAUTH_LIVE_OLD_S * 1000 / 3)

static int by_session(const void *a, const void *b)
{
	const struct stauth_live *one = a;
	const struct stauth_live *two = b;
	int order = strcmp(one->handle, two->handle);
	return order != 0 ? order : strcmp(one->app, two->app);
}

static void fill(struct stauth_live *row, const struct gate_stream *stream)
{
	memcpy(row->handle, stream->head.handle, sizeof(row->handle));
	snprintf(row->app, sizeof(row->app), "%s", stream->app->name);
	row->count = 1;
	row->opened_at = stream->opened_at;
	row->message_at = stream->message_at;
}

/* Those of one session and app become one row. */
static size_t merge(struct stauth_live *rows, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		struct stauth_live *last = kept > 0 ? &rows[kept - 1] : NULL;
		if (last == NULL || by_session(last, &rows[i]) != 0) {
			rows[kept++] = rows[i];
			continue;
		}
		last->count++;
		if (rows[i].opened_at < last->opened_at) {
			last->opened_at = rows[i].opened_at;
		}
		if (rows[i].message_at > last->message_at) {
			last->message_at = rows[i].message_at;
		}
	}
	return kept;
}

/* SIZE_MAX: out of memory. */
static size_t collect(
	struct gate_list *list, const struct gate_streams *streams)
{
	if (list->room < streams->count) {
		struct stauth_live *rows = realloc(
			list->rows, streams->count * sizeof(*list->rows));
		if (rows == NULL) {
			return SIZE_MAX;
		}
		list->rows = rows;
		list->room = streams->count;
	}
	size_t count = 0;
	for (size_t i = 0; i < streams->used; i++) {
		const struct gate_stream *stream = streams->places[i];
		if (stream != NULL && stream->phase == GATE_STREAM_OPEN) {
			fill(&list->rows[count++], stream);
		}
	}
	if (count == 0) {
		return 0;
	}
	qsort(list->rows, count, sizeof(*list->rows), by_session);
	return merge(list->rows, count);
}

static void report(struct gate_list *list, const struct stauth_err *err)
{
	if (!list->failed) {
		gate_log("warning: %s; stauthctl shows no open WebSockets",
			err->msg);
	}
	list->failed = true;
}

void gate_list_write(
	struct gate_list *list, struct gate_relay *relay, int64_t now_ms)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	bool is_old = list->written_ms == 0 ||
		      (relay->streams->count > 0 &&
			      now_ms - list->written_ms >= AGAIN_MS);
	if (!relay->has_changed && !is_old) {
		return;
	}
	size_t count = collect(list, relay->streams);
	if (count == SIZE_MAX) {
		return;
	}
	relay->has_changed = false;
	list->written_ms = now_ms;
	if (stauth_live_write(relay->ctx.config, list->rows, count, &err) !=
		STAUTH_OK) {
		report(list, &err);
	}
}

void gate_list_remove(struct gate_list *list, const struct gate_relay *relay)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	if (stauth_live_write(relay->ctx.config, list->rows, 0, &err) !=
		STAUTH_OK) {
		report(list, &err);
	}
}

void gate_list_finish(struct gate_list *list)
{
	free(list->rows);
}
