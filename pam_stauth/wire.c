/* SPDX-License-Identifier: MIT */
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/banned.h"

void pamst_frame_init(struct pamst_frame *frame, int kind)
{
	memset(frame, 0, sizeof(*frame));
	frame->kind = (uint8_t)kind;
}

void pamst_frame_wipe(struct pamst_frame *frame)
{
	explicit_bzero(frame, sizeof(*frame));
}

void pamst_frame_add_len(struct pamst_frame *frame, enum pamst_tag tag,
	const void *value, size_t len)
{
	uint8_t *to = frame->payload + frame->len;
	if (frame->failed || len > 0xffff ||
		len + 3 > PAMST_WIRE_MAX - frame->len) {
		frame->failed = true;
		return;
	}
	to[0] = (uint8_t)tag;
	to[1] = (uint8_t)(len >> 8);
	to[2] = (uint8_t)len;
	memcpy(to + 3, value, len);
	frame->len += len + 3;
}

void pamst_frame_add(
	struct pamst_frame *frame, enum pamst_tag tag, const char *value)
{
	if (value != NULL) {
		pamst_frame_add_len(frame, tag, value, strlen(value));
	}
}

void pamst_frame_cut(struct pamst_frame *frame, size_t len)
{
	explicit_bzero(frame->payload + len, PAMST_WIRE_MAX - len);
	frame->len = len;
}

/* The field's bytes, or NULL; *ret_len only then. */
static const uint8_t *find(
	const struct pamst_frame *frame, enum pamst_tag tag, size_t *ret_len)
{
	size_t at = 0;
	while (frame->len - at >= 3) {
		const uint8_t *field = frame->payload + at;
		size_t len = (size_t)field[1] << 8 | field[2];
		if (len > frame->len - at - 3) {
			return NULL;
		}
		if (field[0] == tag) {
			*ret_len = len;
			return field + 3;
		}
		at += len + 3;
	}
	return NULL;
}

bool pamst_frame_get(const struct pamst_frame *frame, enum pamst_tag tag,
	char *out, size_t out_size)
{
	size_t len = 0;
	const uint8_t *value = find(frame, tag, &len);
	out[0] = '\0';
	if (value == NULL || len >= out_size ||
		memchr(value, '\0', len) != NULL) {
		return false;
	}
	memcpy(out, value, len);
	out[len] = '\0';
	return true;
}

bool pamst_frame_valid(const struct pamst_frame *frame)
{
	bool seen[PAMST_TAG_END] = {false};
	if (frame->failed || frame->len > PAMST_WIRE_MAX) {
		return false;
	}
	size_t at = 0;
	while (at < frame->len) {
		const uint8_t *field = frame->payload + at;
		size_t len;
		if (frame->len - at < 3 || field[0] == 0 ||
			field[0] >= PAMST_TAG_END || seen[field[0]]) {
			return false;
		}
		len = (size_t)field[1] << 8 | field[2];
		if (len > frame->len - at - 3) {
			return false;
		}
		seen[field[0]] = true;
		at += len + 3;
	}
	return true;
}

int64_t pamst_boot_ms(void)
{
	struct timespec ts = {0};
	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool wait_for(int fd, short events, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd pfd = {.fd = fd, .events = events};
		int64_t left = deadline_ms - pamst_boot_ms();
		if (left <= 0) {
			return false;
		}
		int n = poll(&pfd, 1, left > 60000 ? 60000 : (int)left);
		if (n > 0) {
			return true;
		}
		if (n < 0 && errno != EINTR && errno != EAGAIN) {
			return false;
		}
	}
}

static bool send_all(
	int fd, const uint8_t *data, size_t len, int64_t deadline_ms)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n < 0 && (errno != EAGAIN || !wait_for(fd, POLLOUT,
								deadline_ms))) {
			return false;
		}
	}
	return true;
}

static bool receive_all(int fd, uint8_t *data, size_t len, int64_t deadline_ms)
{
	while (len > 0) {
		if (!wait_for(fd, POLLIN, deadline_ms)) {
			return false;
		}
		ssize_t n = recv(fd, data, len, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
			return false;
		}
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return true;
}

bool pamst_frame_send(
	const struct pamst_frame *frame, int fd, int64_t deadline_ms)
{
	uint8_t head[PAMST_WIRE_HEAD] = {'S', 'T', 'A', PAMST_WIRE_VERSION,
		frame->kind, (uint8_t)(frame->len >> 8), (uint8_t)frame->len};
	return pamst_frame_valid(frame) &&
	       send_all(fd, head, sizeof(head), deadline_ms) &&
	       send_all(fd, frame->payload, frame->len, deadline_ms);
}

/* Something behind the frame: it is no frame of ours then. */
static bool more_waits(int fd)
{
	uint8_t byte;
	return recv(fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_PEEK) > 0;
}

bool pamst_frame_receive(struct pamst_frame *frame, int fd, int64_t deadline_ms)
{
	pamst_frame_init(frame, 0);
	uint8_t head[PAMST_WIRE_HEAD];
	if (!receive_all(fd, head, sizeof(head), deadline_ms) ||
		memcmp(head, "STA", 3) != 0 || head[3] != PAMST_WIRE_VERSION) {
		return false;
	}
	size_t len = (size_t)head[5] << 8 | head[6];
	if (len > PAMST_WIRE_MAX ||
		!receive_all(fd, frame->payload, len, deadline_ms)) {
		return false;
	}
	frame->kind = head[4];
	frame->len = len;
	if (!pamst_frame_valid(frame) || more_waits(fd)) {
		pamst_frame_wipe(frame);
		return false;
	}
	return true;
}
