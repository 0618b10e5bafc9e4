/* SPDX-License-Identifier: MIT */
#include "stream/conns.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/banned.h"

#define OTHER_FDS 64 /* sockets, store, epoll, and room to refuse */

struct gate_streams *gate_streams_new(void)
{
	struct gate_streams *streams = calloc(1, sizeof(*streams));
	if (streams == NULL) {
		return NULL;
	}
	streams->max = GATE_STREAMS_MAX;
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
		files.rlim_cur < OTHER_FDS + 2 * (rlim_t)GATE_STREAMS_MAX) {
		streams->max = files.rlim_cur > OTHER_FDS
				       ? (files.rlim_cur - OTHER_FDS) / 2
				       : 1;
	}
	return streams;
}

static void close_stream(struct gate_stream *stream)
{
	for (int side = 0; side < 2; side++) {
		if (stream->peers[side].fd >= 0) {
			close(stream->peers[side].fd);
		}
	}
	gate_pipe_finish(&stream->up);
	gate_pipe_finish(&stream->down);
	free(stream);
}

void gate_streams_free(struct gate_streams *streams)
{
	if (streams == NULL) {
		return;
	}
	for (size_t i = 0; i < streams->used; i++) {
		if (streams->places[i] != NULL) {
			close_stream(streams->places[i]);
		}
	}
	free(streams);
}

struct gate_stream *gate_streams_add(struct gate_streams *streams, int fd)
{
	if (streams->count >= streams->max) {
		return NULL;
	}
	struct gate_stream *stream = calloc(1, sizeof(*stream));
	if (stream == NULL) {
		return NULL;
	}
	size_t slot = streams->free_count > 0
			      ? streams->free_slots[--streams->free_count]
			      : streams->used++;
	streams->places[slot] = stream;
	streams->count++;
	stream->slot = (uint32_t)slot;
	stream->generation = streams->generations[slot];
	stream->peers[GATE_SIDE_USER].fd = fd;
	stream->peers[GATE_SIDE_APP].fd = -1;
	stream->up.frames.is_masked = true;
	gate_pipe_finish(&stream->up);
	gate_pipe_finish(&stream->down);
	return stream;
}

void gate_streams_remove(
	struct gate_streams *streams, struct gate_stream *stream)
{
	streams->generations[stream->slot]++;
	streams->places[stream->slot] = NULL;
	streams->free_slots[streams->free_count++] = (uint16_t)stream->slot;
	streams->count--;
	close_stream(stream);
}

uint64_t gate_stream_tag(const struct gate_stream *stream)
{
	return (uint64_t)stream->generation << 32 | stream->slot;
}

struct gate_stream *gate_streams_find(
	const struct gate_streams *streams, uint64_t tag)
{
	uint32_t slot = (uint32_t)tag;
	if (slot >= streams->used) {
		return NULL;
	}
	struct gate_stream *stream = streams->places[slot];
	return stream != NULL && gate_stream_tag(stream) == tag ? stream : NULL;
}
