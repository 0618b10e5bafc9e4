/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/codec.h"

#include "base/banned.h"

void stauth_buf_init(struct stauth_buf *buf, size_t max)
{
	*buf = (struct stauth_buf){.max = max};
}

void stauth_buf_finish(struct stauth_buf *buf)
{
	free(buf->data);
	stauth_buf_init(buf, buf->max);
}

void stauth_buf_reset(struct stauth_buf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->data != NULL) {
		buf->data[0] = '\0';
	}
}

bool stauth_buf_ok(const struct stauth_buf *buf)
{
	return !buf->failed;
}

const char *stauth_buf_str(const struct stauth_buf *buf)
{
	return buf->data != NULL && !buf->failed ? buf->data : "";
}

/* Makes room for add more bytes and the NUL. */
static bool reserve(struct stauth_buf *buf, size_t add)
{
	if (buf->failed || add > buf->max - buf->len) {
		buf->failed = true;
		return false;
	}
	size_t want = buf->len + add + 1;
	if (want <= buf->cap) {
		return true;
	}
	if (want < buf->cap * 2) {
		want = buf->cap * 2;
	}
	if (want < 256) {
		want = 256;
	}
	char *grown = realloc(buf->data, want);
	if (grown == NULL) {
		buf->failed = true;
		return false;
	}
	buf->data = grown;
	buf->cap = want;
	return true;
}

void stauth_buf_add_len(struct stauth_buf *buf, const void *data, size_t len)
{
	if (!reserve(buf, len)) {
		return;
	}
	if (len > 0) {
		memcpy(buf->data + buf->len, data, len);
	}
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void stauth_buf_add(struct stauth_buf *buf, const char *str)
{
	stauth_buf_add_len(buf, str, strlen(str));
}

void stauth_buf_addf(struct stauth_buf *buf, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0 || !reserve(buf, (size_t)len)) {
		buf->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	buf->len += (size_t)len;
}

void stauth_buf_add_html(struct stauth_buf *buf, const char *str)
{
	for (; *str; str++) {
		switch (*str) {
		case '&':
			stauth_buf_add(buf, "&amp;");
			break;
		case '<':
			stauth_buf_add(buf, "&lt;");
			break;
		case '>':
			stauth_buf_add(buf, "&gt;");
			break;
		case '"':
			stauth_buf_add(buf, "&quot;");
			break;
		case '\'':
			stauth_buf_add(buf, "&#39;");
			break;
		default:
			stauth_buf_add_len(buf, str, 1);
		}
	}
}

bool stauth_uri_plain(char c)
{
	return stauth_is_alnum(c) || (c != '\0' && strchr("-._~/", c) != NULL);
}

void stauth_buf_add_percent(struct stauth_buf *buf, unsigned char byte)
{
	static const char digits[] = "0123456789ABCDEF";
	const char code[] = {'%', digits[byte >> 4], digits[byte & 15]};

	stauth_buf_add_len(buf, code, sizeof(code));
}

void stauth_buf_add_uri(struct stauth_buf *buf, const char *str, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (stauth_uri_plain(str[i])) {
			stauth_buf_add_len(buf, str + i, 1);
		} else {
			stauth_buf_add_percent(buf, (unsigned char)str[i]);
		}
	}
}

static void add_json_ascii(struct stauth_buf *buf, char c)
{
	switch (c) {
	case '"':
		stauth_buf_add(buf, "\\\"");
		break;
	case '\\':
		stauth_buf_add(buf, "\\\\");
		break;
	case '\n':
		stauth_buf_add(buf, "\\n");
		break;
	case '\r':
		stauth_buf_add(buf, "\\r");
		break;
	case '\t':
		stauth_buf_add(buf, "\\t");
		break;
	default:
		if ((unsigned char)c < 0x20 || c == 0x7f || c == '<') {
			stauth_buf_addf(buf, "\\u%04x", (unsigned char)c);
		} else {
			stauth_buf_add_len(buf, &c, 1);
		}
	}
}

/* Length of the UTF-8 sequence that starts here, 0 if there is none. */
static size_t utf8_run(const char *str)
{
	for (size_t n = 2; n <= 4; n++) {
		if (strnlen(str, n) == n && stauth_utf8_valid(str, n)) {
			return n;
		}
	}
	return 0;
}

void stauth_buf_add_json(struct stauth_buf *buf, const char *str)
{
	stauth_buf_add(buf, "\"");
	while (*str) {
		size_t n = 1;

		if ((unsigned char)*str < 0x80) {
			add_json_ascii(buf, *str);
		} else if ((n = utf8_run(str)) > 0) {
			stauth_buf_add_len(buf, str, n);
		} else {
			stauth_buf_add(buf, "\\ufffd");
			n = 1;
		}
		str += n;
	}
	stauth_buf_add(buf, "\"");
}
