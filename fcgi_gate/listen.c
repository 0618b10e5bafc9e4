/* SPDX-License-Identifier: MIT */
/*
 * The sockets that the gate makes.
 *
 *  1. Two gates MUST NOT take each other's sockets: RUN_DIR is locked while a
 *     gate lives (rundir.h), and a socket that somebody answers on stays.
 *  2. A socket file that nobody answers on is replaced; any other file MUST
 *     stay as it is.
 *  3. A socket MUST have its group and its mode before it listens.
 *  4. A file that is gone is made anew, one whose mode is wrong gets it back;
 *     what somebody else put in its place stays. Those that were handed in
 *     are whose they are: only told.
 */
#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "log.h"
#include "rights.h"
#include "rundir.h"

#include "base/banned.h"

#define BACKLOG       1024
#define SOCKET_MODE   0660
#define MEND_AGAIN_MS 60000

static bool somebody_answers(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return true;
	}
	int rc = connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	bool dead = rc != 0 && (errno == ECONNREFUSED || errno == ENOENT);
	close(fd);
	return !dead;
}

/* Removes a dead socket file, if there is one. */
static int clear_way(const struct sockaddr_un *addr)
{
	const char *path = addr->sun_path;
	struct stat st;
	if (lstat(path, &st) != 0) {
		return errno == ENOENT
			       ? 0
			       : gate_fail(EX_OSERR, "cannot look at", path);
	}
	if (!S_ISSOCK(st.st_mode)) {
		gate_log("%s is in the way and is no socket", path);
		return EX_CANTCREAT;
	}
	for (int i = 0; somebody_answers(addr); i++) {
		if (i == GATE_WAIT_STEPS) {
			gate_log("somebody else listens on %s", path);
			return EX_TEMPFAIL;
		}
		gate_wait_step();
	}
	if (unlink(path) != 0 && errno != ENOENT) {
		return gate_fail(
			EX_OSERR, "cannot remove the dead socket", path);
	}
	return 0;
}

static int bind_closed(int fd, const struct sockaddr_un *addr)
{
	mode_t old_mask = umask(0177);
	int rc = bind(fd, (const struct sockaddr *)addr, sizeof(*addr));
	umask(old_mask);
	return rc;
}

static int open_up(struct gate_socket *made, const char *group)
{
	struct stat st;
	if (lstat(made->path, &st) != 0) {
		return gate_fail(EX_OSERR, "cannot look at", made->path);
	}
	made->made = true;
	made->dev = st.st_dev;
	made->ino = st.st_ino;
	int status = gate_give_to_group(made->path, group);
	if (status != 0) {
		return status;
	}
	if (chmod(made->path, SOCKET_MODE) != 0 ||
		listen(made->fd, BACKLOG) != 0) {
		return gate_fail(EX_OSERR, "cannot listen on", made->path);
	}
	return 0;
}

/* The number stays, and with it what was copied of it. */
static int move_fd(int fd, int to)
{
	int moved = dup3(fd, to, O_CLOEXEC);
	int status =
		moved < 0 ? gate_fail(EX_OSERR, "cannot keep", "a descriptor")
			  : 0;
	close(fd);
	return status;
}

static bool is_our_file(const struct gate_socket *sock, struct stat *ret_st)
{
	return lstat(sock->path, ret_st) == 0 && S_ISSOCK(ret_st->st_mode) &&
	       ret_st->st_dev == sock->dev && ret_st->st_ino == sock->ino;
}

static void close_socket(struct gate_socket *sock)
{
	struct stat st;
	if (sock->made && is_our_file(sock, &st)) {
		(void)unlink(sock->path);
	}
	if (sock->fd >= 0) {
		close(sock->fd);
	}
	sock->fd = -1;
	sock->made = false;
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
		return gate_fail(EX_OSERR, "cannot make", made->path);
	}
	return open_up(made, config->socket_group);
}

static int make_missing(
	const struct stauth_config *config, struct gate_sockets *sockets)
{
	if (sockets->check.fd >= 0 && sockets->pages.fd >= 0) {
		return 0;
	}
	int status = gate_run_dir_make(config->run_dir);
	if (status == 0) {
		status = gate_run_dir_lock(config->run_dir, &sockets->lock_fd);
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

/* --- what becomes of them */

/* 0, or an exit status after a line in the log. */
static int make_anew(const struct stauth_config *config,
	const struct gate_sockets *sockets, const char *name,
	struct gate_socket *sock)
{
	struct gate_socket fresh = {.fd = -1};
	int status = gate_run_dir_make(config->run_dir);
	if (status == 0) {
		status = gate_run_dir_hold(config->run_dir, sockets->lock_fd);
	}
	if (status == 0) {
		status = make_socket(config, name, &fresh);
	}
	if (status != 0) {
		close_socket(&fresh);
		return status;
	}
	gate_log("%s was gone and is made anew", sock->path);
	status = move_fd(fresh.fd, sock->fd);
	fresh.fd = sock->fd;
	*sock = fresh;
	return status;
}

static int give_back_mode(
	const struct stauth_config *config, const struct gate_socket *sock)
{
	int status = gate_give_to_group(sock->path, config->socket_group);
	if (status == 0 && chmod(sock->path, SOCKET_MODE) != 0) {
		status = gate_fail(
			EX_OSERR, "cannot set the mode of", sock->path);
	}
	if (status == 0) {
		gate_log("the mode of %s was wrong and is set again",
			sock->path);
	}
	return status;
}

static void tell_of_handed_in(struct gate_socket *sock)
{
	if (sock->told || sock->path[0] != '/') {
		return;
	}
	sock->told = true;
	gate_log("%s is gone, or another file; mend it: systemctl restart "
		 "stauth-check.socket stauth-pages.socket",
		sock->path);
}

/* true: made anew. */
static bool mend(const struct stauth_config *config,
	const struct gate_sockets *sockets, const char *name,
	struct gate_socket *sock, int *status)
{
	struct stat st;
	if (is_our_file(sock, &st)) {
		sock->told = false;
		if (sock->made && (st.st_mode & 07777) != SOCKET_MODE) {
			*status = give_back_mode(config, sock);
		}
		return false;
	}
	if (!sock->made) {
		tell_of_handed_in(sock);
		return false;
	}
	*status = make_anew(config, sockets, name, sock);
	return *status == 0;
}

bool gate_sockets_mend(
	const struct stauth_config *config, struct gate_sockets *sockets)
{
	int64_t now_ms = stauth_boot_ms();
	if (now_ms < sockets->mend_again_ms) {
		return false;
	}
	int check_status = 0;
	bool check = mend(
		config, sockets, "check.sock", &sockets->check, &check_status);
	int pages_status = 0;
	bool pages = mend(
		config, sockets, "pages.sock", &sockets->pages, &pages_status);
	if (check_status != 0 || pages_status != 0) {
		sockets->mend_again_ms = now_ms + MEND_AGAIN_MS;
	}
	return check || pages;
}

/* --- the end */

void gate_sockets_close(struct gate_sockets *sockets)
{
	close_socket(&sockets->check);
	close_socket(&sockets->pages);
	if (sockets->lock_fd >= 0) {
		close(sockets->lock_fd);
		sockets->lock_fd = -1;
	}
}
