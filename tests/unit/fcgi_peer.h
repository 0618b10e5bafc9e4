/* SPDX-License-Identifier: MIT */
/* The nginx side of FastCGI, as far as tests of the gate need it. */
#ifndef STAUTH_TEST_FCGI_PEER_H
#define STAUTH_TEST_FCGI_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

struct peer_request {
	unsigned char data[4096];
	size_t len;
};

static inline void peer_record(
	struct peer_request *request, int type, const void *content, size_t len)
{
	const unsigned char header[8] = {1, (unsigned char)type, 0, 1,
		(unsigned char)(len >> 8), (unsigned char)len, 0, 0};
	memcpy(request->data + request->len, header, sizeof(header));
	request->len += sizeof(header);
	if (len > 0) {
		memcpy(request->data + request->len, content, len);
		request->len += len;
	}
}

/* params: names and values by turns, NULL at the end; each under 128 bytes. */
static inline void peer_build(struct peer_request *request, int role, bool keep,
	const char *const *params)
{
	const unsigned char begin[8] = {0, (unsigned char)role, keep ? 1 : 0};
	unsigned char pairs[2048];
	size_t len = 0;
	request->len = 0;
	for (; params[0] != NULL; params += 2) {
		size_t name_len = strlen(params[0]);
		size_t value_len = strlen(params[1]);
		pairs[len++] = (unsigned char)name_len;
		pairs[len++] = (unsigned char)value_len;
		memcpy(pairs + len, params[0], name_len);
		len += name_len;
		memcpy(pairs + len, params[1], value_len);
		len += value_len;
	}
	peer_record(request, 1, begin, sizeof(begin));
	peer_record(request, 4, pairs, len);
	peer_record(request, 4, NULL, 0);
	peer_record(request, 5, NULL, 0);
}

/* Reads until the end record; the raw bytes as a string. */
static inline const char *peer_answer(int fd, char *out, size_t size)
{
	size_t len = 0;
	ssize_t got;
	while (len < size - 1 &&
		(got = read(fd, out + len, size - 1 - len)) > 0) {
		len += (size_t)got;
		if (len >= 16 && out[len - 15] == 3 && out[len - 16] == 1) {
			break;
		}
	}
	for (size_t i = 0; i < len; i++) {
		out[i] = out[i] == '\0' ? '.' : out[i];
	}
	out[len] = '\0';
	return out;
}

#endif
