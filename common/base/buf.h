/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_BUF_H
#define STAUTH_BUF_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A bounded builder of bytes with a sticky failure: after something did not
 * fit or memory ran out, every further add does nothing. Build without
 * testing each step, then ask stauth_buf_ok() once. The data is always
 * followed by a NUL that len does not count. Not for secrets: growing leaves
 * copies behind.
 */
struct stauth_buf {
	char *data;
	size_t len;
	size_t cap; /* allocated bytes */
	size_t max; /* len never exceeds this */
	bool failed;
};

/* Nothing is allocated before the first add. */
void stauth_buf_init(struct stauth_buf *buf, size_t max);
/* Frees; the buffer may be used again with the same maximum. */
void stauth_buf_finish(struct stauth_buf *buf);
/* Forgets the content and the failure, keeps the memory. */
void stauth_buf_reset(struct stauth_buf *buf);

bool stauth_buf_ok(const struct stauth_buf *buf);
/* The content as a string; "" when empty or failed. */
const char *stauth_buf_str(const struct stauth_buf *buf);

void stauth_buf_add(struct stauth_buf *buf, const char *str);
void stauth_buf_add_len(struct stauth_buf *buf, const void *data, size_t len);
void stauth_buf_addf(struct stauth_buf *buf, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* & < > " ' become entities: right for text and for quoted attributes. */
void stauth_buf_add_html(struct stauth_buf *buf, const char *str);
/* A-Za-z0-9-._~/ */
bool stauth_uri_plain(char c);
/* %XX */
void stauth_buf_add_percent(struct stauth_buf *buf, unsigned char byte);
/* Every byte but those becomes %XX. */
void stauth_buf_add_uri(struct stauth_buf *buf, const char *str, size_t len);
/* A quoted JSON string; bytes that are not UTF-8 become U+FFFD. */
void stauth_buf_add_json(struct stauth_buf *buf, const char *str);

#endif
