/* SPDX-License-Identifier: MIT */
/* The frame walker: however a stream is cut, it says the same. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "stream/frames.h"

#include "base/banned.h"

/* Frames, as an app or (masked) a browser sends them, into out. */
struct stream {
	bool is_masked;
	size_t len;
	size_t borders[64]; /* where messages end, the beginning aside */
	size_t border_count;
	size_t messages;
	uint8_t data[400000];
};

static void add(struct stream *stream, uint8_t first, size_t size, bool is_end)
{
	uint8_t *at = stream->data + stream->len;
	uint8_t mask = stream->is_masked ? 0x80 : 0;
	*at++ = first;
	if (size < 126) {
		*at++ = (uint8_t)(mask | size);
	} else if (size < 65536) {
		*at++ = mask | 126;
		*at++ = (uint8_t)(size >> 8);
		*at++ = (uint8_t)size;
	} else {
		*at++ = mask | 127;
		for (int i = 7; i >= 0; i--) {
			*at++ = (uint8_t)((uint64_t)size >> (8 * i));
		}
	}
	if (stream->is_masked) {
		memcpy(at, "\x81\x82\x83\x84", 4);
		at += 4;
	}
	/* Bytes that look like frames. */
	memset(at, 0x82, size);
	stream->len = (size_t)(at - stream->data) + size;
	if (is_end) {
		stream->borders[stream->border_count++] = stream->len;
	}
	stream->messages += (first & 0x0f) == 1 || (first & 0x0f) == 2;
}

static struct stream *make(bool is_masked, bool with_big)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	assert_non_null(stream);
	stream->is_masked = is_masked;
	add(stream, 0x82, 3, true);
	add(stream, 0x81, 0, true); /* an empty text */
	add(stream, 0x89, 125, true);
	add(stream, 0xc2, 126, true); /* compressed: RSV1 */
	add(stream, 0x02, 5, false);  /* a message of three frames, */
	add(stream, 0x8a, 0, false);  /* with a pong */
	add(stream, 0x00, 0, false);
	add(stream, 0x89, 2, false); /* and a ping in it */
	add(stream, 0x80, 7, true);
	if (with_big) {
		add(stream, 0x82, 65535, true);
		add(stream, 0x82, 65536, true);
	}
	add(stream, 0x88, 2, true);
	return stream;
}

/* The last border in data[0..end), as the walker should know it. */
static size_t border_before(const struct stream *stream, size_t end)
{
	size_t border = 0;
	for (size_t i = 0; i < stream->border_count; i++) {
		if (stream->borders[i] <= end) {
			border = stream->borders[i];
		}
	}
	return border;
}

static void walk(struct gate_frames *frames, const struct stream *stream,
	size_t from, size_t to, size_t *messages)
{
	struct gate_frames_seen seen;
	bool at_border = gate_frames_at_border(frames);
	assert_true(gate_frames_walk(
		frames, stream->data + from, to - from, &seen));
	size_t border = border_before(stream, to);
	if (border > from || at_border) {
		assert_int_equal(
			from + seen.border, border > from ? border : from);
	} else {
		assert_true(seen.border == GATE_NO_BORDER);
	}
	assert_int_equal(gate_frames_at_border(frames), border == to);
	*messages += seen.messages;
}

static void every_split_in_two_says_the_same(void **state)
{
	(void)state;
	for (int masked = 0; masked < 2; masked++) {
		struct stream *stream = make(masked == 1, false);
		for (size_t cut = 0; cut <= stream->len; cut++) {
			struct gate_frames frames = {.is_masked = masked == 1};
			size_t messages = 0;
			walk(&frames, stream, 0, cut, &messages);
			walk(&frames, stream, cut, stream->len, &messages);
			assert_int_equal(messages, stream->messages);
		}
		free(stream);
	}
}

static void every_split_in_three_around_the_headers(void **state)
{
	(void)state;
	struct stream *stream = make(true, false);
	for (size_t one = 0; one < stream->len; one++) {
		for (size_t two = one; two < one + 20 && two <= stream->len;
			two++) {
			struct gate_frames frames = {.is_masked = true};
			size_t messages = 0;
			walk(&frames, stream, 0, one, &messages);
			walk(&frames, stream, one, two, &messages);
			walk(&frames, stream, two, stream->len, &messages);
			assert_int_equal(messages, stream->messages);
		}
	}
	free(stream);
}

static void byte_by_byte_and_in_one_piece(void **state)
{
	(void)state;
	struct stream *stream = make(false, true);
	struct gate_frames frames = {.is_masked = false};
	size_t messages = 0;
	for (size_t i = 0; i < stream->len; i++) {
		walk(&frames, stream, i, i + 1, &messages);
	}
	assert_int_equal(messages, stream->messages);
	frames = (struct gate_frames){.is_masked = false};
	messages = 0;
	walk(&frames, stream, 0, stream->len, &messages);
	assert_int_equal(messages, stream->messages);
	free(stream);
}

static void what_is_no_websocket_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool is_masked;
	} rows[] = {
		{"\x83\x00", 2, false}, /* reserved opcodes */
		{"\x87\x00", 2, false},
		{"\x8b\x00", 2, false},
		{"\x8f\x00", 2, false},
		{"\x09\x00", 2, false},         /* a ping in parts */
		{"\x89\x7e\x00\x7e", 4, false}, /* a long one */
		{"\x80\x00", 2, false},         /* nothing to go on with */
		{"\x02\x00\x82\x00", 4, false}, /* a message in a message */
		{"\x82\x80\x00\x00\x00\x00", 6, false}, /* masked, or not */
		{"\x82\x00", 2, true},
		{"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", 10, false},
		{"HTTP/1.1 400 Bad", 16, false},
		{"GET / HTTP/1.1\r\n", 16, true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* In one piece, and in every two. */
		for (size_t cut = 0; cut < rows[i].len; cut++) {
			struct gate_frames frames = {
				.is_masked = rows[i].is_masked};
			struct gate_frames_seen seen;
			const uint8_t *bytes = (const uint8_t *)rows[i].bytes;
			assert_false(
				gate_frames_walk(&frames, bytes, cut, &seen) &&
				gate_frames_walk(&frames, bytes + cut,
					rows[i].len - cut, &seen));
		}
	}
}

/* A number from a number: the same bytes break in every run. */
static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Broken streams, whole and in pieces: the same answer, and no byte read that
 * is not there. STAUTH_FUZZ: how many, for a longer run. */
static void broken_streams_are_the_same_whole_and_in_pieces(void **state)
{
	const char *wanted = getenv("STAUTH_FUZZ");
	long runs = wanted != NULL ? strtol(wanted, NULL, 10) : 3000;
	(void)state;
	struct stream *stream = make(false, false);
	uint32_t seed = 1;
	long good = 0;
	for (long i = 0; i < runs; i++) {
		size_t len = next(&seed) % stream->len + 1;
		uint8_t *data = malloc(len);
		assert_non_null(data);
		memcpy(data, stream->data, len);
		for (uint32_t n = next(&seed) % 4; n > 0; n--) {
			data[next(&seed) % len] = (uint8_t)next(&seed);
		}
		struct gate_frames whole = {.is_masked = false};
		struct gate_frames parts = whole;
		struct gate_frames_seen seen;
		bool is_good = gate_frames_walk(&whole, data, len, &seen);
		size_t messages = seen.messages;
		size_t counted = 0;
		bool goes_on = true;
		for (size_t at = 0; goes_on && at < len;) {
			size_t size = next(&seed) % 9 + 1;
			size = size < len - at ? size : len - at;
			goes_on = gate_frames_walk(
				&parts, data + at, size, &seen);
			counted += seen.messages;
			at += size;
		}
		assert_int_equal(goes_on, is_good);
		assert_int_equal(counted, messages);
		if (is_good) {
			assert_int_equal(gate_frames_at_border(&parts),
				gate_frames_at_border(&whole));
			assert_true(parts.left == whole.left);
		}
		good += is_good;
		free(data);
	}
	assert_true(good > 0 && good < runs);
	free(stream);
}

static void a_payload_of_any_length_is_only_counted(void **state)
{
	static const uint8_t head[] = {
		0x82, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	static const uint8_t more[100000];
	struct gate_frames frames = {.is_masked = false};
	struct gate_frames_seen seen;
	(void)state;
	assert_true(gate_frames_walk(&frames, head, sizeof(head), &seen));
	for (int i = 0; i < 100; i++) {
		assert_true(
			gate_frames_walk(&frames, more, sizeof(more), &seen));
		assert_true(seen.border == GATE_NO_BORDER);
	}
	assert_true(frames.left == INT64_MAX - 100 * sizeof(more));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_split_in_two_says_the_same),
		cmocka_unit_test(every_split_in_three_around_the_headers),
		cmocka_unit_test(byte_by_byte_and_in_one_piece),
		cmocka_unit_test(what_is_no_websocket_is_refused),
		cmocka_unit_test(
			broken_streams_are_the_same_whole_and_in_pieces),
		cmocka_unit_test(a_payload_of_any_length_is_only_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
