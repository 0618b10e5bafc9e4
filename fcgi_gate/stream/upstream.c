/* SPDX-License-Identifier: MIT */
#include "stream/upstream.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/config.h"
#include "log.h"

#include "base/banned.h"

/* A host that is gone without a word: found out within two minutes, however
 * quiet the WebSocket is. */
#define KEEPALIVE_IDLE_S  60
#define KEEPALIVE_EACH_S  10
#define KEEPALIVE_TRIES   6
#define UNACKNOWLEDGED_MS 120000

static void add_unix(struct gate_upstream *upstream, const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	if (len < sizeof(addr.sun_path)) {
		memcpy(addr.sun_path, path, len);
		memcpy(&upstream->addresses[0], &addr, sizeof(addr));
		upstream->sizes[0] = sizeof(addr);
		upstream->address_count = 1;
	}
}

static void look_up(struct gate_upstream *upstream)
{
	const char *colon = strrchr(upstream->name, ':');
	const char *start = upstream->name;
	size_t len = (size_t)(colon - start);
	if (start[0] == '[' && len > 2 && colon[-1] == ']') {
		start++;
		len -= 2;
	}
	char host[STAUTH_APP_SIZE];
	memcpy(host, start, len);
	host[len] = '\0';
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	int rc = getaddrinfo(host, colon + 1, &hints, &found);
	if (rc != 0) {
		gate_log("warning: APP_UPSTREAM %s: %s; its users get 502 "
			 "until the gate is reloaded",
			upstream->name, gai_strerror(rc));
		return;
	}
	for (const struct addrinfo *one = found;
		one != NULL && upstream->address_count < GATE_ADDRESSES_MAX;
		one = one->ai_next) {
		size_t i = upstream->address_count++;
		memcpy(&upstream->addresses[i], one->ai_addr, one->ai_addrlen);
		upstream->sizes[i] = one->ai_addrlen;
	}
	freeaddrinfo(found);
}

static bool add(struct gate_upstreams *upstreams, const char *name, size_t len)
{
	struct gate_upstream *list = realloc(
		upstreams->list, (upstreams->count + 1) * sizeof(*list));
	if (list == NULL) {
		return false;
	}
	upstreams->list = list;
	struct gate_upstream *one = &list[upstreams->count];
	*one = (struct gate_upstream){.name = strndup(name, len)};
	if (one->name == NULL) {
		return false;
	}
	upstreams->count++;
	if (strncmp(one->name, "unix:", 5) == 0) {
		add_unix(one, one->name + 5);
	} else if (len < STAUTH_APP_SIZE && strchr(one->name, ':') != NULL) {
		look_up(one);
	}
	return true;
}

bool gate_upstreams_init(
	struct gate_upstreams *ret_upstreams, const char *app_upstream)
{
	static const char blank[] = " \t";
	*ret_upstreams = (struct gate_upstreams){.list = NULL};
	const char *at = app_upstream + strspn(app_upstream, blank);
	while (*at != '\0') {
		size_t len = strcspn(at, blank);
		if (!add(ret_upstreams, at, len)) {
			return false;
		}
		at += len;
		at += strspn(at, blank);
	}
	return true;
}

void gate_upstreams_finish(struct gate_upstreams *upstreams)
{
	for (size_t i = 0; i < upstreams->count; i++) {
		free(upstreams->list[i].name);
	}
	free(upstreams->list);
}

const struct gate_upstream *gate_upstreams_find(
	const struct gate_upstreams *upstreams, const char *name)
{
	for (size_t i = 0; i < upstreams->count; i++) {
		if (name[0] == '\0' ||
			strcmp(upstreams->list[i].name, name) == 0) {
			return &upstreams->list[i];
		}
	}
	return NULL;
}

static void watch_peer(int fd)
{
	static const struct {
		int level;
		int name;
		int value;
	} options[] = {
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_NODELAY, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
		{IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_EACH_S},
		{IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_TRIES},
		{IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS},
	};
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		(void)setsockopt(fd, options[i].level, options[i].name,
			&options[i].value, sizeof(options[i].value));
	}
}

int gate_upstream_connect(const struct gate_upstream *upstream, size_t i)
{
	if (i >= upstream->address_count) {
		errno = EHOSTUNREACH;
		return -1;
	}
	const struct sockaddr *addr =
		(const struct sockaddr *)&upstream->addresses[i];
	int fd = socket(
		addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -1;
	}
	if (addr->sa_family != AF_UNIX) {
		watch_peer(fd);
	}
	if (connect(fd, addr, upstream->sizes[i]) != 0 &&
		errno != EINPROGRESS) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}
