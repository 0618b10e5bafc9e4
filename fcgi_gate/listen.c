/* SPDX-License-Identifier: MIT */
/*
 * The sockets that the gate makes.
 *
 *  1. Two gates MUST NOT take each other's sockets: RUN_DIR/gate.lock is held
 *     while a gate lives, and a socket file that somebody answers on stays.
 *  2. A socket file that nobody answers on is replaced; any other file MUST
 *     stay as it is.
 *  3. A socket MUST have its group and its mode before it listens.
 */
#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#include "base/banned.h"

#define BACKLOG       1024
#define DEFAULT_GROUP "www-data"
/* A gate that was killed leaves workers that end by themselves, and hold its
 * sockets until then. */
#define WAIT_STEPS   20
#define WAIT_STEP_MS 50

static int fail(int status, const char *what, const char *path)
{
	int saved = errno;
	gate_log("%s %s: %s", what, path, strerror(saved));
	if (saved == EACCES || saved == EPERM || saved == EROFS) {
		return EX_NOPERM;
	}
	return status;
}

static void wait_step(void)
{
	struct timespec nap = {.tv_nsec = WAIT_STEP_MS * 1000000L};
	(void)nanosleep(&nap, NULL);
}

static int make_run_dir(const char *path)
{
	struct stat st;
	if (mkdir(path, 0755) == 0) {
		/* Whatever the umask said: nginx must get in. */
		if (chmod(path, 0755) != 0) {
			return fail(EX_OSERR, "cannot set the mode of", path);
		}
		return 0;
	}
	if (errno != EEXIST) {
		return fail(EX_CONFIG, "cannot make RUN_DIR", path);
	}
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		gate_log("RUN_DIR %s is no directory", path);
		return EX_CONFIG;
	}
	return 0;
}

static int lock_run_dir(const char *run_dir, int *ret_fd)
{
	char path[PATH_MAX + 16];
	(void)snprintf(path, sizeof(path), "%s/gate.lock", run_dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		return fail(EX_OSERR, "cannot open", path);
	}
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK || i == WAIT_STEPS) {
			gate_log("another gate runs in RUN_DIR %s", run_dir);
			(void)close(fd);
			return EX_TEMPFAIL;
		}
		wait_step();
	}
	*ret_fd = fd;
	return 0;
}

static bool somebody_answers(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return true;
	}
	int rc = connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	bool dead = rc != 0 && (errno == ECONNREFUSED || errno == ENOENT);
	(void)close(fd);
	return !dead;
}

/* Removes a dead socket file, if there is one. */
static int clear_way(const struct sockaddr_un *addr)
{
	const char *path = addr->sun_path;
	struct stat st;
	if (lstat(path, &st) != 0) {
		return errno == ENOENT ? 0
				       : fail(EX_OSERR, "cannot look at", path);
	}
	if (!S_ISSOCK(st.st_mode)) {
		gate_log("%s is in the way and is no socket", path);
		return EX_CANTCREAT;
	}
	for (int i = 0; somebody_answers(addr); i++) {
		if (i == WAIT_STEPS) {
			gate_log("somebody else listens on %s", path);
			return EX_TEMPFAIL;
		}
		wait_step();
	}
	if (unlink(path) != 0 && errno != ENOENT) {
		return fail(EX_OSERR, "cannot remove the dead socket", path);
	}
	return 0;
}

static int give_to_group(const char *path, const char *configured)
{
	const char *name = *configured == '\0' ? DEFAULT_GROUP : configured;
	const struct group *group = getgrnam(name);
	if (group != NULL && lchown(path, (uid_t)-1, group->gr_gid) == 0) {
		return 0;
	}
	/* Not asked for: then the gate's own group it is. */
	if (*configured == '\0') {
		return 0;
	}
	gate_log("cannot give %s to SOCKET_GROUP %s: %s", path, name,
		group == NULL ? "no such group" : strerror(errno));
	return EX_CONFIG;
}

static int bind_closed(int fd, const struct sockaddr_un *addr)
{
	mode_t old_mask = umask(0177);
	int rc = bind(fd, (const struct sockaddr *)addr, sizeof(*addr));
	(void)umask(old_mask);
	return rc;
}

static int open_up(struct gate_socket *made, const char *group)
{
	struct stat st;
	if (lstat(made->path, &st) != 0) {
		return fail(EX_OSERR, "cannot look at", made->path);
	}
	made->made = true;
	made->dev = st.st_dev;
	made->ino = st.st_ino;
	int status = give_to_group(made->path, group);
	if (status != 0) {
		return status;
	}
	if (chmod(made->path, 0660) != 0 || listen(made->fd, BACKLOG) != 0) {
		return fail(EX_OSERR, "cannot listen on", made->path);
	}
	return 0;
}

static int make_socket(const struct stauth_config *config, const char *name,
	struct gate_socket *made)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int len = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s",
		config->run_dir, name);
	if (len < 0 || (size_t)len >= sizeof(addr.sun_path)) {
		gate_log("RUN_DIR %s is too long for a socket: %zu bytes with "
			 "the name are the limit",
			config->run_dir, sizeof(addr.sun_path) - 1);
		return EX_CONFIG;
	}
	int status = clear_way(&addr);
	if (status != 0) {
		return status;
	}
	memcpy(made->path, addr.sun_path, (size_t)len + 1);
	made->fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (made->fd < 0 || bind_closed(made->fd, &addr) != 0) {
		return fail(EX_OSERR, "cannot make", made->path);
	}
	return open_up(made, config->socket_group);
}

static int make_missing(
	const struct stauth_config *config, struct gate_sockets *sockets)
{
	int status = 0;
	if (sockets->check.fd >= 0 && sockets->pages.fd >= 0) {
		return 0;
	}
	status = make_run_dir(config->run_dir);
	if (status == 0) {
		status = lock_run_dir(config->run_dir, &sockets->lock_fd);
	}
	if (status == 0 && sockets->check.fd < 0) {
		status = make_socket(config, "check.sock", &sockets->check);
	}
	if (status == 0 && sockets->pages.fd < 0) {
		status = make_socket(config, "pages.sock", &sockets->pages);
	}
	return status;
}

int gate_sockets_open(
	const struct stauth_config *config, struct gate_sockets *ret_sockets)
{
	*ret_sockets = (struct gate_sockets){
		.check.fd = -1, .pages.fd = -1, .lock_fd = -1};
	int status = gate_sockets_inherit(ret_sockets);
	if (status == 0) {
		status = make_missing(config, ret_sockets);
	}
	if (status != 0) {
		gate_sockets_close(ret_sockets);
	}
	return status;
}

static void close_socket(struct gate_socket *sock)
{
	struct stat st;
	if (sock->made && lstat(sock->path, &st) == 0 &&
		st.st_dev == sock->dev && st.st_ino == sock->ino) {
		(void)unlink(sock->path);
	}
	if (sock->fd >= 0) {
		(void)close(sock->fd);
	}
	sock->fd = -1;
	sock->made = false;
}

void gate_sockets_close(struct gate_sockets *sockets)
{
	close_socket(&sockets->check);
	close_socket(&sockets->pages);
	if (sockets->lock_fd >= 0) {
		(void)close(sockets->lock_fd);
		sockets->lock_fd = -1;
	}
}
