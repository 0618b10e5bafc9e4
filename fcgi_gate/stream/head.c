/* SPDX-License-Identifier: MIT */
/*
 * HTTP heads, as nginx and an app write them. MUSTs:
 *  1. A head that could be read in two ways is refused: bare CR or LF, NUL,
 *     folded lines, blanks before the colon, a body.
 *  2. What decides (session, mode, app, key) is there once at most.
 *  3. X-Stauth-* never reaches the app; everything else is passed on as it
 *     came.
 */
#include "stream/head.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/codec.h"

#include "base/banned.h"

#define KEY_LEN   24
#define TOKEN_ALL "!#$%&'*+-.^_`|~" STAUTH_ALNUM

/* What the lines said so far. */
struct reading {
	struct gate_stream_head *head;
	char key[KEY_LEN + 1];
	unsigned seen; /* bit i: known[i] came */
	bool is_upgrade;
};

size_t gate_head_size(const char *data, size_t len)
{
	const char *end = memmem(data, len, "\r\n\r\n", 4);
	return end == NULL ? 0 : (size_t)(end - data) + 4;
}

/* --- one function a header; false: refused */

static bool copy(char *out, size_t size, const char *value, size_t len)
{
	if (len >= size) {
		return false;
	}
	memcpy(out, value, len);
	out[len] = '\0';
	return true;
}

static bool read_session(struct reading *reading, const char *value, size_t len)
{
	char *handle = reading->head->handle;
	return (len == 0 || len == STAUTH_HANDLE_LEN) &&
	       copy(handle, STAUTH_HANDLE_LEN + 1, value, len) &&
	       strspn(handle, STAUTH_ALNUM "-_") == len;
}

static bool read_optional(
	struct reading *reading, const char *value, size_t len)
{
	reading->head->is_optional = len == 1 && value[0] == '1';
	return reading->head->is_optional || len == 0;
}

static bool read_app(struct reading *reading, const char *value, size_t len)
{
	return copy(reading->head->app, STAUTH_APP_SIZE, value, len);
}

static bool read_key(struct reading *reading, const char *value, size_t len)
{
	return len == KEY_LEN && copy(reading->key, KEY_LEN + 1, value, len);
}

/* Several lines are one list (RFC 9110 §5.3); the first name is enough. */
static bool read_protocol(
	struct reading *reading, const char *value, size_t len)
{
	char *protocol = reading->head->protocol;
	const char *comma = memchr(value, ',', len);
	size_t size = comma == NULL ? len : (size_t)(comma - value);
	while (size > 0 &&
		(value[size - 1] == ' ' || value[size - 1] == '\t')) {
		size--;
	}
	if (protocol[0] != '\0' ||
		!copy(protocol, GATE_PROTOCOL_SIZE, value, size) ||
		strspn(protocol, TOKEN_ALL) != size) {
		protocol[0] = '\0';
	}
	return true;
}

static bool read_upgrade(struct reading *reading, const char *value, size_t len)
{
	static const char websocket[] = "websocket";
	reading->is_upgrade = len == sizeof(websocket) - 1 &&
			      strncasecmp(value, websocket, len) == 0;
	return reading->is_upgrade;
}

static bool read_version(struct reading *reading, const char *value, size_t len)
{
	(void)reading;
	return len == 2 && memcmp(value, "13", 2) == 0;
}

static bool read_length(struct reading *reading, const char *value, size_t len)
{
	(void)reading;
	return len == 1 && value[0] == '0';
}

static bool read_coding(struct reading *reading, const char *value, size_t len)
{
	(void)reading;
	(void)value;
	(void)len;
	return false;
}

static const struct known {
	const char *name;
	bool (*read)(struct reading *reading, const char *value, size_t len);
	bool is_list;
} known[] = {
	{"X-Auth-Session", read_session, false},
	{"X-Stauth-Optional", read_optional, false},
	{"X-Stauth-App", read_app, false},
	{"Sec-WebSocket-Key", read_key, false},
	{"Sec-WebSocket-Version", read_version, false},
	{"Sec-WebSocket-Protocol", read_protocol, true},
	{"Upgrade", read_upgrade, false},
	{"Content-Length", read_length, false},
	{"Transfer-Encoding", read_coding, false},
};

/* --- lines */

static bool read_line(struct reading *reading, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	if (colon == NULL || colon == line) {
		return false;
	}
	size_t name_len = (size_t)(colon - line);
	for (size_t i = 0; i < name_len; i++) {
		if (line[i] == '\0' || strchr(TOKEN_ALL, line[i]) == NULL) {
			return false;
		}
	}
	const char *value = colon + 1;
	const char *end = line + len;
	while (value < end && (*value == ' ' || *value == '\t')) {
		value++;
	}
	while (end > value && (end[-1] == ' ' || end[-1] == '\t')) {
		end--;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i].name) != name_len ||
			strncasecmp(known[i].name, line, name_len) != 0) {
			continue;
		}
		if (!known[i].is_list && (reading->seen & 1U << i) != 0) {
			return false;
		}
		reading->seen |= 1U << i;
		return known[i].read(reading, value, (size_t)(end - value));
	}
	return true;
}

static bool is_ours(const char *line, size_t len)
{
	static const char prefix[] = "X-Stauth-";
	return len >= sizeof(prefix) - 1 &&
	       strncasecmp(line, prefix, sizeof(prefix) - 1) == 0;
}

static bool is_get(const char *line, size_t len)
{
	static const char method[] = "GET /";
	static const char version[] = " HTTP/1.1";
	size_t method_len = sizeof(method) - 1;
	size_t version_len = sizeof(version) - 1;
	return len > method_len + version_len &&
	       memcmp(line, method, method_len) == 0 &&
	       memcmp(line + len - version_len, version, version_len) == 0;
}

/* RFC 6455 §4.2.2. */
static bool accept_key(const char *key, char out[GATE_ACCEPT_SIZE])
{
	char text[KEY_LEN + 37];
	snprintf(text, sizeof(text), "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
		key);
	uint8_t hash[STAUTH_SHA1_LEN];
	if (!stauth_sha1(text, strlen(text), hash)) {
		return false;
	}
	stauth_b64url_encode(hash, sizeof(hash), out);
	size_t len = strlen(out);
	for (size_t i = 0; i < len; i++) {
		out[i] = out[i] == '-' ? '+' : out[i] == '_' ? '/' : out[i];
	}
	out[len] = '=';
	out[len + 1] = '\0';
	return true;
}

int gate_head_read(char *head, size_t *len, struct gate_stream_head *ret_head)
{
	*ret_head = (struct gate_stream_head){.is_optional = false};
	struct reading reading = {.head = ret_head};
	size_t kept = 0;
	size_t at = 0;
	for (size_t number = 0; at < *len; number++) {
		const char *line = head + at;
		const char *end = memchr(line, '\n', *len - at);
		if (end == NULL || end == line || end[-1] != '\r') {
			return 400;
		}
		size_t line_len = (size_t)(end - line) - 1;
		size_t next = at + line_len + 2;
		if (memchr(line, '\r', line_len) != NULL ||
			memchr(line, '\0', line_len) != NULL) {
			return 400;
		}
		if (number == 0 ? !is_get(line, line_len)
				: line_len > 0 && !read_line(&reading, line,
							  line_len)) {
			return 400;
		}
		if (!is_ours(line, line_len)) {
			memmove(head + kept, line, line_len + 2);
			kept += line_len + 2;
		}
		at = next;
	}
	*len = kept;
	if (!reading.is_upgrade || reading.key[0] == '\0') {
		return 400;
	}
	return accept_key(reading.key, ret_head->accept) ? 0 : 503;
}

int gate_head_status(const char *head, size_t len)
{
	if (len < 12 || memcmp(head, "HTTP/1.", 7) != 0 || head[8] != ' ') {
		return 0;
	}
	char digits[4] = "";
	memcpy(digits, head + 9, 3);
	int64_t status;
	return stauth_parse_int(digits, 100, 599, &status) ? (int)status : 0;
}

size_t gate_head_switch(
	const char *accept, const char *protocol, char *out, size_t size)
{
	int len = snprintf(out, size,
		"HTTP/1.1 101 Switching Protocols\r\n"
		"Upgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Accept: %s\r\n%s%s%s\r\n",
		accept, protocol[0] != '\0' ? "Sec-WebSocket-Protocol: " : "",
		protocol, protocol[0] != '\0' ? "\r\n" : "");
	return len < 0 || (size_t)len >= size ? 0 : (size_t)len;
}
