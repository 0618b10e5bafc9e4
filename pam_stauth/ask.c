/* SPDX-License-Identifier: MIT */
/*
 * Reaching the helper:
 *
 *  1. The listener comes first, unless the line names a configuration or a
 *     helper of its own: a spawned helper stays in its caller's control
 *     group, which a user's own service manager may freeze.
 *  2. With root's rights a listener MUST be believed only if it is root's own
 *     (systemd listens for it): /run/stauth belongs to the gate's user.
 *  3. Without a listener, root's module alone spawns the helper; what others
 *     spawn (helper=) has their own rights.
 *  4. The answer MUST be a whole frame; no exit status is asked.
 */
#include "ask.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_ext.h>

#include "spawn.h"
#include "text.h"

#include "base/banned.h"

/* Until the listener takes the connection out of its queue. */
#define CONNECT_S 2
/* What was sent before a connection was closed is there at once. */
#define REFUSAL_MS 100

static bool is_roots(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       peer.uid == 0;
}

/* A connection to the listener, or -1. */
static int connect_listener(void)
{
	const struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = PAMST_SOCKET};
	const struct timeval limit = {.tv_sec = CONNECT_S};
	int64_t deadline_ms = pamst_boot_ms() + CONNECT_S * 1000;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	int rc;
	do {
		rc = connect(
			fd, (const struct sockaddr *)&address, sizeof(address));
	} while (rc != 0 && errno == EINTR && pamst_boot_ms() < deadline_ms);
	if (rc != 0 || (geteuid() == 0 && !is_roots(fd))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* false: no whole answer came, and answer's kind is PAMST_NONE. */
static bool exchange(struct pamst_call *call, int fd, int64_t deadline_ms)
{
	bool sent = pamst_frame_send(&call->question, fd, deadline_ms);
	/* A listener that has no place for us replies so and closes, maybe
	 * before the question is out. */
	if (!sent) {
		deadline_ms = pamst_boot_ms() + REFUSAL_MS;
	}
	if (pamst_frame_receive(&call->answer, fd, deadline_ms) &&
		(sent || call->answer.kind == PAMST_UNAVAILABLE)) {
		return true;
	}
	pamst_frame_init(&call->answer, PAMST_NONE);
	return false;
}

static void ask_helper(
	struct pamst_call *call, const char *path, int64_t deadline_ms)
{
	struct pamst_helper helper;
	if (!pamst_spawn(path, deadline_ms, &helper)) {
		pam_syslog(call->pamh, LOG_ERR, PAMST_LOG_NO_PROCESS, path);
		return;
	}
	if (!exchange(call, helper.fd, deadline_ms)) {
		pam_syslog(call->pamh, LOG_ERR, PAMST_LOG_NO_ANSWER, path);
	}
	pamst_spawn_end(&helper);
}

void pamst_ask(struct pamst_call *call)
{
	const char *path = call->args.helper;
	int64_t deadline_ms = pamst_boot_ms() + PAMST_ASK_MS;
	pamst_frame_init(&call->answer, PAMST_NONE);
	int fd = path == NULL && call->args.conf == NULL ? connect_listener()
							 : -1;
	if (fd >= 0) {
		if (!exchange(call, fd, deadline_ms)) {
			pam_syslog(call->pamh, LOG_ERR, PAMST_LOG_NO_ANSWER,
				PAMST_SOCKET);
		}
		close(fd);
	} else if (path == NULL && geteuid() != 0) {
		pam_syslog(call->pamh, LOG_ERR, PAMST_LOG_NO_LISTENER,
			PAMST_SOCKET);
	} else {
		ask_helper(
			call, path != NULL ? path : PAMST_HELPER, deadline_ms);
	}
}
