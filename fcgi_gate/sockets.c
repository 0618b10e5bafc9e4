/* SPDX-License-Identifier: MIT */
/*
 * The sockets that the gate makes, and who may use them.
 *
 *  1. Two gates MUST NOT take each other's sockets: RUN_DIR/gate.lock is held
 *     while a gate lives, and a socket that somebody answers on stays.
 *  2. A socket file that nobody answers on is replaced; any other file MUST
 *     stay as it is.
 *  3. A socket MUST have its group and its mode before it listens.
 *  4. At the end only the files that were made here are removed. What becomes
 *     of them before is not watched: a restart makes them again.
 */
#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/codec.h"
#include "log.h"

#include "base/banned.h"

#define BACKLOG       1024
#define SOCKET_MODE   0660
#define DEFAULT_GROUP "www-data"
#define NAME_SIZE     64
/* A gate that was killed leaves workers that end by themselves, and hold what
 * it held until then. */
#define WAIT_STEPS   20
#define WAIT_STEP_MS 50

const char *gate_socket_name(enum gate_socket_role role)
{
	static const char *const names[GATE_SOCKET_COUNT] = {
		[GATE_SOCKET_CHECK] = "check",
		[GATE_SOCKET_PAGES] = "pages",
		[GATE_SOCKET_STREAM] = "stream",
	};
	return names[role];
}

bool gate_socket_wanted(
	const struct stauth_config *config, enum gate_socket_role role)
{
	return role != GATE_SOCKET_STREAM || config->app_upstream[0] != '\0';
}

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
		*fd = -1;
	}
}

static void wait_step(void)
{
	struct timespec step = {.tv_nsec = WAIT_STEP_MS * 1000000L};
	nanosleep(&step, NULL);
}

/* The gate's own user, as useradd and chown write it. */
static const char *own_name(char out[NAME_SIZE])
{
	const struct passwd *user = getpwuid(geteuid());
	if (user != NULL) {
		snprintf(out, NAME_SIZE, "%s", user->pw_name);
	} else {
		snprintf(out, NAME_SIZE, "%lu", (unsigned long)geteuid());
	}
	return out;
}

/* --- RUN_DIR */

/* What failed on path (errno says how), and the command that fixes it. */
static int fail_run_dir(const char *what, const char *path, const char *run_dir)
{
	char user[NAME_SIZE];
	int saved = errno;
	if (saved == EACCES || saved == EPERM) {
		gate_log("%s %s: %s; run as root: install -d -o %s %s && "
			 "rm -f %s/gate.lock",
			what, path, strerror(saved), own_name(user), run_dir,
			run_dir);
		return EX_NOPERM;
	}
	if (saved == ENOENT) {
		gate_log("%s %s: %s; run: install -d -o %s %s", what, path,
			strerror(saved), own_name(user), run_dir);
		return EX_CONFIG;
	}
	return gate_fail(EX_OSERR, what, path);
}

/* Its last part, if it is missing. */
static int make_run_dir(const char *path)
{
	/* nginx must get in. */
	mode_t old_mask = umask(0022);
	int rc = mkdir(path, 0755);
	umask(old_mask);
	if (rc == 0) {
		return 0;
	}
	if (errno != EEXIST) {
		return fail_run_dir("cannot create RUN_DIR", path, path);
	}
	struct stat st;
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		gate_log("RUN_DIR %s is not a directory", path);
		return EX_CONFIG;
	}
	return 0;
}

static int lock_run_dir(const char *run_dir, int *ret_fd)
{
	int status = make_run_dir(run_dir);
	if (status != 0) {
		return status;
	}
	char path[PATH_MAX + 16];
	snprintf(path, sizeof(path), "%s/gate.lock", run_dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		return fail_run_dir("cannot open", path, run_dir);
	}
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK || i == WAIT_STEPS) {
			gate_log("another fcgi_gate is running in RUN_DIR %s",
				run_dir);
			close(fd);
			return EX_TEMPFAIL;
		}
		wait_step();
	}
	*ret_fd = fd;
	return 0;
}

/* --- group */

/* As chown(1) reads it: a name first, then a number. */
static bool find_group(const char *name, gid_t *ret_gid)
{
	const struct group *group = getgrnam(name);
	if (group != NULL) {
		*ret_gid = group->gr_gid;
		return true;
	}
	int64_t number;
	if (stauth_parse_int(name, 0, (int64_t)UINT32_MAX - 1, &number)) {
		*ret_gid = (gid_t)number;
		return true;
	}
	return false;
}

/* "": www-data if the gate may give it, else it stays the gate's own. A number
 * is for a group that has no name here: nginx in another container. */
static int give_to_group(int at, const char *path, const char *configured)
{
	gid_t gid;
	if (configured[0] == '\0') {
		if (find_group(DEFAULT_GROUP, &gid)) {
			/* Where that is refused, warn_of_group() says so. */
			int refused =
				fchownat(at, "", (uid_t)-1, gid, AT_EMPTY_PATH);
			(void)refused;
		}
		return 0;
	}
	if (!find_group(configured, &gid)) {
		gate_log("SOCKET_GROUP %s: no such group; name the group of "
			 "nginx's workers, or create it: groupadd --system %s",
			configured, configured);
		return EX_CONFIG;
	}
	if (fchownat(at, "", (uid_t)-1, gid, AT_EMPTY_PATH) == 0) {
		return 0;
	}
	char user[NAME_SIZE];
	if (errno == EPERM) {
		gate_log("cannot give %s to SOCKET_GROUP %s: %s is not a "
			 "member; run: usermod -aG %s %s",
			path, configured, own_name(user), configured, user);
		return EX_CONFIG;
	}
	return gate_fail(EX_OSERR, "cannot change the group of", path);
}

/* One warning if nginx's usual group does not own the sockets and nobody asked
 * for another. */
static void warn_of_group(
	const struct stauth_config *config, const struct gate_socket *sock)
{
	char user[NAME_SIZE];
	struct stat st;
	gid_t gid;
	if (config->socket_group[0] == '\0' && sock->made &&
		find_group(DEFAULT_GROUP, &gid) &&
		lstat(sock->path, &st) == 0 && st.st_gid != gid) {
		gate_log("warning: the sockets do not belong to "
			 "group " DEFAULT_GROUP
			 ", so nginx may not open them; run: "
			 "usermod -aG " DEFAULT_GROUP " %s, then restart (or "
			 "set SOCKET_GROUP)",
			own_name(user));
	}
}

/* --- one socket */

static bool is_answered(const struct sockaddr_un *addr)
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
static int remove_dead(const struct sockaddr_un *addr)
{
	const char *path = addr->sun_path;
	struct stat st;
	if (lstat(path, &st) != 0) {
		return errno == ENOENT
			       ? 0
			       : gate_fail(EX_OSERR, "cannot stat", path);
	}
	if (!S_ISSOCK(st.st_mode)) {
		gate_log("%s exists and is not a socket", path);
		return EX_CANTCREAT;
	}
	for (int i = 0; is_answered(addr); i++) {
		if (i == WAIT_STEPS) {
			gate_log("%s: another process listens on it", path);
			return EX_TEMPFAIL;
		}
		wait_step();
	}
	if (unlink(path) != 0 && errno != ENOENT) {
		return gate_fail(EX_OSERR, "cannot remove", path);
	}
	return 0;
}

/* By descriptor: whose RUN_DIR is could put a link there at any moment. */
static int open_up(struct gate_socket *made, const char *group)
{
	int at = open(made->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	if (at < 0 || fstat(at, &st) != 0 || !S_ISSOCK(st.st_mode)) {
		int status = gate_fail(EX_OSERR, "cannot stat", made->path);
		close_fd(&at);
		return status;
	}
	made->made = true;
	made->dev = st.st_dev;
	made->ino = st.st_ino;
	int status = give_to_group(at, made->path, group);
	close(at);
	if (status != 0) {
		return status;
	}
	return listen(made->fd, BACKLOG) == 0
		       ? 0
		       : gate_fail(EX_OSERR, "cannot listen on", made->path);
}

static int make_socket(const struct stauth_config *config, const char *name,
	struct gate_socket *made)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int len = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s.sock",
		config->run_dir, name);
	if (len < 0 || (size_t)len >= sizeof(addr.sun_path)) {
		gate_log("RUN_DIR %s is too long for a socket: a path has at "
			 "most %zu bytes",
			config->run_dir, sizeof(addr.sun_path) - 1);
		return EX_CONFIG;
	}
	int status = remove_dead(&addr);
	if (status != 0) {
		return status;
	}
	memcpy(made->path, addr.sun_path, (size_t)len + 1);
	made->fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Nobody connects before it listens, and by then it has its group. */
	mode_t old_mask = umask(0777 & ~SOCKET_MODE);
	int rc = made->fd < 0 ? -1
			      : bind(made->fd, (const struct sockaddr *)&addr,
					sizeof(addr));
	umask(old_mask);
	if (rc != 0) {
		return gate_fail(EX_OSERR, "cannot create", made->path);
	}
	return open_up(made, config->socket_group);
}

/* --- all of them */

static int make_missing(
	const struct stauth_config *config, struct gate_sockets *sockets)
{
	for (int role = 0; role < GATE_SOCKET_COUNT; role++) {
		if (sockets->of[role].fd >= 0 ||
			!gate_socket_wanted(config, role)) {
			continue;
		}
		int status = 0;
		if (sockets->lock_fd < 0) {
			status = lock_run_dir(
				config->run_dir, &sockets->lock_fd);
		}
		if (status == 0) {
			status = make_socket(config, gate_socket_name(role),
				&sockets->of[role]);
		}
		if (status != 0) {
			return status;
		}
	}
	return 0;
}

int gate_sockets_open(
	const struct stauth_config *config, struct gate_sockets *ret_sockets)
{
	*ret_sockets = (struct gate_sockets){.lock_fd = -1};
	for (int role = 0; role < GATE_SOCKET_COUNT; role++) {
		ret_sockets->of[role].fd = -1;
	}
	int status = gate_sockets_inherit(config, ret_sockets);
	if (status == 0) {
		status = make_missing(config, ret_sockets);
	}
	if (status != 0) {
		gate_sockets_close(ret_sockets);
		return status;
	}
	warn_of_group(config, &ret_sockets->of[GATE_SOCKET_CHECK]);
	return 0;
}

void gate_sockets_close(struct gate_sockets *sockets)
{
	for (int role = 0; role < GATE_SOCKET_COUNT; role++) {
		struct gate_socket *sock = &sockets->of[role];
		struct stat st;
		if (sock->made && lstat(sock->path, &st) == 0 &&
			st.st_dev == sock->dev && st.st_ino == sock->ino) {
			(void)unlink(sock->path);
		}
		close_fd(&sock->fd);
	}
	close_fd(&sockets->lock_fd);
}

int gate_sockets_keep(struct gate_sockets *sockets, enum gate_socket_role role)
{
	for (int other = 0; other < GATE_SOCKET_COUNT; other++) {
		if (other != (int)role) {
			close_fd(&sockets->of[other].fd);
		}
	}
	close_fd(&sockets->lock_fd);
	return role == GATE_SOCKET_COUNT ? -1 : sockets->of[role].fd;
}
