/* SPDX-License-Identifier: MIT */
#include "notify.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/banned.h"

#define TEXT_SIZE 512

/* "/run/..." or "@abstract". */
static bool find_address(struct sockaddr_un *addr, socklen_t *ret_len)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path == NULL ? 0 : strlen(path);
	if (len < 2 || len >= sizeof(addr->sun_path) ||
		(path[0] != '/' && path[0] != '@')) {
		return false;
	}
	addr->sun_family = AF_UNIX;
	memcpy(addr->sun_path, path, len);
	if (path[0] == '@') {
		addr->sun_path[0] = '\0';
	}
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return true;
}

void gate_notify(const char *fmt, ...)
{
	struct sockaddr_un addr = {.sun_family = AF_UNSPEC};
	socklen_t addr_len;
	if (!find_address(&addr, &addr_len)) {
		return;
	}
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return;
	}
	va_list args;
	va_start(args, fmt);
	char text[TEXT_SIZE];
	int len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* A line break would begin another assignment. */
	for (char *byte = text; len > 0 && *byte != '\0'; byte++) {
		*byte = *byte == '\n' ? ' ' : *byte;
	}
	/* Who does not listen goes without. */
	if (len > 0) {
		(void)sendto(fd, text, strlen(text),
			MSG_NOSIGNAL | MSG_DONTWAIT,
			(const struct sockaddr *)&addr, addr_len);
	}
	close(fd);
}
