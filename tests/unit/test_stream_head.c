/* SPDX-License-Identifier: MIT */
/* What nginx's request says to the relay, and what it may not say. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream/head.h"

#include "base/banned.h"

#define START                                                                  \
	"GET /_stcore/stream?x=1 HTTP/1.1\r\nHost: a.example\r\n"              \
	"Connection: upgrade\r\n"
#define SOCKET                                                                 \
	"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"                  \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define GOOD START SOCKET

static int read_len(const char *text, size_t len, struct gate_stream_head *head)
{
	char *copy = malloc(len + 1);
	assert_non_null(copy);
	memcpy(copy, text, len);
	int status = gate_head_read(copy, &len, head);
	free(copy);
	return status;
}

static int read_text(const char *text, struct gate_stream_head *head)
{
	return read_len(text, strlen(text), head);
}

static void what_is_for_the_relay_is_taken_out(void **state)
{
	static const char text[] =
		GOOD "X-Auth-Session: 0123456789abcdef\r\n"
		     "x-stauth-app: 127.0.0.1:8501\r\n"
		     "X-Stauth-Optional: 1\r\nX-Stauth-Else: 2\r\n"
		     "Sec-WebSocket-Protocol: streamlit, tok, sess\r\n"
		     "X-Auth-User: alice\r\n\r\n";
	static const char left[] =
		GOOD "X-Auth-Session: 0123456789abcdef\r\n"
		     "Sec-WebSocket-Protocol: streamlit, tok, sess\r\n"
		     "X-Auth-User: alice\r\n\r\n";
	(void)state;
	char copy[sizeof(text)];
	memcpy(copy, text, sizeof(text));
	size_t len = sizeof(text) - 1;
	struct gate_stream_head head;
	assert_int_equal(gate_head_read(copy, &len, &head), 0);
	assert_int_equal(len, sizeof(left) - 1);
	assert_memory_equal(copy, left, len);
	assert_string_equal(head.handle, "0123456789abcdef");
	assert_string_equal(head.app, "127.0.0.1:8501");
	assert_string_equal(head.protocol, "streamlit");
	assert_true(head.is_optional);
	/* RFC 6455 §1.3 has this very key and answer. */
	assert_string_equal(head.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	assert_int_equal(read_text(GOOD "\r\n", &head), 0);
	assert_string_equal(head.handle, "");
	assert_string_equal(head.app, "");
	assert_string_equal(head.protocol, "");
	assert_false(head.is_optional);
}

static void what_could_be_read_in_two_ways_is_refused(void **state)
{
	static const char *const texts[] = {
		START "\r\n", /* no WebSocket */
		START "Upgrade: h2c\r\nSec-WebSocket-Key: "
		      "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		START "Upgrade: websocket\r\n\r\n",
		START "Upgrade: websocket\r\nSec-WebSocket-Key: abc\r\n\r\n",
		GOOD "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		GOOD "Upgrade: websocket\r\n\r\n",
		GOOD "X-Auth-Session: 0123456789abcdef\r\n"
		     "X-Auth-Session: 0123456789abcdeg\r\n\r\n",
		GOOD "X-Auth-Session: 0123456789abcde\r\n\r\n",
		GOOD "X-Auth-Session: 0123456789abcde/\r\n\r\n",
		GOOD "X-Auth-Session: 0123456789abcdef0\r\n\r\n",
		GOOD "X-Stauth-App: a:1\r\nX-Stauth-App: a:1\r\n\r\n",
		GOOD "X-Stauth-Optional: yes\r\n\r\n",
		GOOD "X-Stauth-Optional: 1\r\nx-stauth-optional: 1\r\n\r\n",
		GOOD "Content-Length: 5\r\n\r\n",
		GOOD "Transfer-Encoding: chunked\r\n\r\n",
		GOOD "X-A: b\r\n folded\r\n\r\n",
		GOOD "X-A : b\r\n\r\n",
		GOOD ": b\r\n\r\n",
		GOOD "no colon\r\n\r\n",
		GOOD "X-A: b\nX-B: c\r\n\r\n",
		GOOD "X-A: b\rX-B: c\r\n\r\n",
		"POST /_stcore/stream HTTP/1.1\r\n" SOCKET "\r\n",
		"GET /_stcore/stream HTTP/1.0\r\n" SOCKET "\r\n",
		"GET http://a/ HTTP/1.1\r\n" SOCKET "\r\n",
		"GET / HTTP/1.1 \r\n" SOCKET "\r\n",
		"\r\n\r\n",
	};
	(void)state;
	struct gate_stream_head head;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (read_text(texts[i], &head) != 400) {
			fail_msg("let through: %s", texts[i]);
		}
	}
	static const char nul[] = GOOD "X-A: a\0b\r\n\r\n";
	assert_int_equal(read_len(nul, sizeof(nul) - 1, &head), 400);
}

/* A number from a number: the same bytes break in every run. */
static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void no_broken_head_is_more_than_refused(void **state)
{
	static const char text[] =
		GOOD "X-Auth-Session: 0123456789abcdef\r\n"
		     "X-Stauth-App: 127.0.0.1:8501\r\nX-Stauth-Optional: 1\r\n"
		     "Sec-WebSocket-Protocol: streamlit, tok, sess\r\n\r\n";
	(void)state;
	uint32_t seed = 1;
	size_t good = 0;
	for (int i = 0; i < 20000; i++) {
		/* To the byte: a sanitizer sees one that is too many. */
		size_t len = sizeof(text) - 1;
		char *copy = malloc(len);
		assert_non_null(copy);
		memcpy(copy, text, len);
		for (uint32_t n = next(&seed) % 3 + 1; n > 0; n--) {
			copy[next(&seed) % len] = (char)next(&seed);
		}
		len -= next(&seed) % 4 == 0 ? next(&seed) % len : 0;
		struct gate_stream_head head;
		size_t left = len;
		int status = gate_head_read(copy, &left, &head);
		assert_true(status == 0 || status == 400);
		assert_true(left <= len);
		good += status == 0;
		(void)gate_head_status(copy, len);
		free(copy);
	}
	assert_true(good > 1000);
}

static void the_status_of_an_answer(void **state)
{
	static const struct {
		const char *text;
		int status;
	} rows[] = {
		{"HTTP/1.1 101 Switching Protocols\r\n\r\n", 101},
		{"HTTP/1.0 403\r\n\r\n", 403},
		{"HTTP/1.1 1o1 \r\n\r\n", 0},
		{"HTTP/2 101\r\n\r\n", 0},
		{"\r\n\r\n", 0},
		{"HTTP/1.1 10", 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
			gate_head_status(rows[i].text, strlen(rows[i].text)),
			rows[i].status);
	}
	assert_int_equal(gate_head_size("a\r\n\r\nb", 6), 5);
	assert_int_equal(gate_head_size("a\r\n\r", 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_for_the_relay_is_taken_out),
		cmocka_unit_test(what_could_be_read_in_two_ways_is_refused),
		cmocka_unit_test(no_broken_head_is_more_than_refused),
		cmocka_unit_test(the_status_of_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
