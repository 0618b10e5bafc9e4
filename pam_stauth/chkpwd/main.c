/* SPDX-License-Identifier: MIT */
/*
 * stauth_chkpwd answers questions of pam_stauth.so: one on descriptor 0, or
 * all that come to /run/stauth/chkpwd.sock. It is a program of its own so that
 * no store, hash or network code is ever mapped into sshd. The listener:
 *
 *  1. It MUST do nothing for a connection but to read the peer's credentials,
 *     count, and fork a child, so that nobody's question holds up another's.
 *  2. An ordinary uid MUST have at most PER_UID_MAX connections, and all
 *     ordinary ones together MUST leave RESERVED of CHILDREN_MAX to root and
 *     PAM_CALLERS. Who is one too many gets that answer and no more.
 *  3. Started as root it MUST become user stauth as soon as the socket is
 *     there.
 */
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/codec.h"
#include "peer.h"
#include "serve.h"
#include "text.h"
#include "wire.h"

#include "base/banned.h"

#define USER         "stauth"
#define FIRST_FD     3 /* of sd_listen_fds */
#define BACKLOG      128
#define CHILDREN_MAX 64
#define RESERVED     16
#define PER_UID_MAX  4
/* PAM_CALLERS is read again at most this often, when it matters. */
#define CALLERS_MS 1000
#define FAILED_MS  50 /* an accept that failed is not tried in a loop */

struct listener {
	int fd;
	struct {
		pid_t pid; /* 0 free */
		uid_t uid;
		bool reserved; /* beyond what ordinary uids may have */
	} children[CHILDREN_MAX];
	struct stauth_config *config; /* NULL: not read, or not readable */
	int64_t config_read_ms;
};

/* --- the socket */

/* systemd's, or -1. */
static int inherited_socket(void)
{
	const char *pid = getenv("LISTEN_PID");
	const char *fds = getenv("LISTEN_FDS");
	int64_t value;
	int listening = 0;
	socklen_t len = sizeof(listening);
	if (pid == NULL || fds == NULL ||
		!stauth_parse_int(pid, 1, INT64_MAX, &value) ||
		value != getpid() || strcmp(fds, "1") != 0 ||
		getsockopt(FIRST_FD, SOL_SOCKET, SO_ACCEPTCONN, &listening,
			&len) != 0 ||
		listening == 0) {
		return -1;
	}
	return FIRST_FD;
}

static bool somebody_listens(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool live = fd >= 0 && (connect(fd, (const struct sockaddr *)address,
					sizeof(*address)) == 0 ||
				       errno == EAGAIN);
	if (fd >= 0) {
		close(fd);
	}
	return live;
}

/* One of its own; replaces a dead one. */
static int own_socket(void)
{
	const struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = PAMST_SOCKET};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (somebody_listens(&address)) {
		errno = EADDRINUSE;
		return -1;
	}
	(void)unlink(PAMST_SOCKET);
	/* No chmod: the directory is the gate's, who could put a link there. */
	umask(0111);
	if (fd < 0 ||
		bind(fd, (const struct sockaddr *)&address, sizeof(address)) !=
			0 ||
		listen(fd, BACKLOG) != 0) {
		return -1;
	}
	return fd;
}

static bool become_stauth(void)
{
	if (geteuid() != 0) {
		return true;
	}
	const struct passwd *pwd = getpwnam(USER);
	return pwd != NULL && setgroups(0, NULL) == 0 &&
	       setresgid(pwd->pw_gid, pwd->pw_gid, pwd->pw_gid) == 0 &&
	       setresuid(pwd->pw_uid, pwd->pw_uid, pwd->pw_uid) == 0;
}

/* --- who is let in */

static void reap(struct listener *listener)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		size_t i = 0;
		while (i < CHILDREN_MAX && listener->children[i].pid != pid) {
			i++;
		}
		if (i == CHILDREN_MAX) {
			continue;
		}
		listener->children[i].pid = 0;
		if (WIFSIGNALED(status)) {
			fprintf(stderr, CHKPWD_ENDED,
				(unsigned long)listener->children[i].uid,
				WTERMSIG(status));
		}
	}
}

static bool is_privileged(struct listener *listener, uid_t uid)
{
	int64_t now_ms = pamst_boot_ms();
	if (uid == 0) {
		return true;
	}
	if (now_ms - listener->config_read_ms >= CALLERS_MS) {
		stauth_config_free(listener->config);
		listener->config = NULL;
		listener->config_read_ms = now_ms;
		(void)stauth_config_load(STAUTH_CONFIG_DEFAULT,
			STAUTH_READER_HOST, &listener->config, NULL);
	}
	return listener->config != NULL &&
	       chkpwd_is_caller(listener->config, uid);
}

/* A free place for this uid, or CHILDREN_MAX. */
static size_t find_place(
	struct listener *listener, uid_t uid, bool *ret_reserved)
{
	size_t free_at = CHILDREN_MAX;
	size_t ordinary = 0;
	size_t own = 0;
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		if (listener->children[i].pid == 0) {
			free_at = i;
			continue;
		}
		ordinary += !listener->children[i].reserved;
		own += listener->children[i].uid == uid;
	}
	*ret_reserved =
		own >= PER_UID_MAX || ordinary >= CHILDREN_MAX - RESERVED;
	if (*ret_reserved && !is_privileged(listener, uid)) {
		return CHILDREN_MAX;
	}
	return free_at;
}

static void refuse(int fd)
{
	struct pamst_frame answer;
	pamst_frame_init(&answer, PAMST_UNAVAILABLE);
	pamst_frame_add(&answer, PAMST_TEXT, STAUTH_TEXT_BUSY);
	(void)pamst_frame_send(&answer, fd, pamst_boot_ms());
}

static void take(struct listener *listener, int fd)
{
	struct chkpwd_peer peer;
	if (!chkpwd_peer_find(fd, &peer)) {
		return;
	}
	bool reserved;
	size_t at = find_place(listener, peer.uid, &reserved);
	if (at == CHILDREN_MAX) {
		refuse(fd);
		return;
	}
	pid_t pid = fork();
	if (pid == 0) {
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		close(listener->fd);
		_exit(chkpwd_serve(fd, false));
	}
	if (pid < 0) {
		refuse(fd);
		return;
	}
	listener->children[at].pid = pid;
	listener->children[at].uid = peer.uid;
	listener->children[at].reserved = reserved;
}

static void on_child(int sig)
{
	(void)sig; /* ends ppoll */
}

static void serve_all(struct listener *listener)
{
	const struct sigaction action = {.sa_handler = on_child};
	struct pollfd pfd = {.fd = listener->fd, .events = POLLIN};
	sigaction(SIGCHLD, &action, NULL);
	sigset_t chld;
	sigemptyset(&chld);
	(void)sigaddset(&chld, SIGCHLD);
	sigset_t before;
	sigprocmask(SIG_BLOCK, &chld, &before);
	for (;;) {
		reap(listener);
		if (ppoll(&pfd, 1, NULL, &before) <= 0) {
			continue;
		}
		int fd;
		fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0) {
			(void)poll(NULL, 0, FAILED_MS);
			continue;
		}
		take(listener, fd);
		close(fd);
	}
}

static int serve_listener(void)
{
	struct listener listener = {.fd = inherited_socket()};
	if (listener.fd < 0) {
		listener.fd = own_socket();
	}
	if (listener.fd < 0) {
		fprintf(stderr, CHKPWD_NO_SOCKET, PAMST_SOCKET,
			strerror(errno));
		return errno == EADDRINUSE ? EX_TEMPFAIL : EX_UNAVAILABLE;
	}
	if (!become_stauth()) {
		fprintf(stderr, CHKPWD_NO_USER, USER);
		return EX_UNAVAILABLE;
	}
	(void)clearenv();
	serve_all(&listener);
	return EX_OK;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--listen") == 0) {
		return serve_listener();
	}
	struct stat st;
	/* A module asks over a socket; a person has a terminal. */
	if (argc != 1 || fstat(0, &st) != 0 || !S_ISSOCK(st.st_mode)) {
		fputs(CHKPWD_USAGE, stderr);
		return EX_USAGE;
	}
	return chkpwd_serve(0, true);
}
