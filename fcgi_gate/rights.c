/* SPDX-License-Identifier: MIT */
/* Who may make the sockets and who may use them, and the command that mends
 * it where that is not so. */
#include "rights.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/codec.h"
#include "log.h"

#include "base/banned.h"

#define DEFAULT_GROUP "www-data"
#define NAME_SIZE     64

/* Who runs the gate, as useradd and chown write it. */
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

int gate_give_to_group(const char *path, const char *configured)
{
	gid_t gid;
	if (*configured == '\0') {
		if (find_group(DEFAULT_GROUP, &gid)) {
			/* Who may not is told by gate_warn_of_group(). */
			int refused = lchown(path, (uid_t)-1, gid);
			(void)refused;
		}
		return 0;
	}
	if (!find_group(configured, &gid)) {
		gate_log("SOCKET_GROUP %s: no such group; name that of "
			 "nginx's workers, or make it: groupadd --system %s",
			configured, configured);
		return EX_CONFIG;
	}
	if (lchown(path, (uid_t)-1, gid) == 0) {
		return 0;
	}
	int saved = errno;
	char user[NAME_SIZE];
	if (saved == EPERM) {
		gate_log("cannot give %s to SOCKET_GROUP %s: %s is not in it; "
			 "mend it: usermod -aG %s %s",
			path, configured, own_name(user), configured, user);
		return EX_CONFIG;
	}
	gate_log("cannot give %s to SOCKET_GROUP %s: %s", path, configured,
		strerror(saved));
	return EX_OSERR;
}

void gate_warn_of_group(
	const struct stauth_config *config, const struct gate_sockets *sockets)
{
	char user[NAME_SIZE];
	struct stat st;
	gid_t gid;
	if (config->socket_group[0] == '\0' && sockets->check.made &&
		find_group(DEFAULT_GROUP, &gid) &&
		lstat(sockets->check.path, &st) == 0 && st.st_gid != gid) {
		gate_log("warning: the sockets are not " DEFAULT_GROUP "'s, so "
			 "nginx may not open them; mend it: usermod "
			 "-aG " DEFAULT_GROUP " %s, then start it anew "
			 "(or set SOCKET_GROUP)",
			own_name(user));
	}
}

int gate_fail_run_dir(const char *what, const char *path, const char *run_dir)
{
	char user[NAME_SIZE];
	int saved = errno;
	if (saved == EACCES || saved == EPERM) {
		gate_log("%s %s: %s; mend it as root: install -d -o %s %s && "
			 "rm -f %s/gate.lock",
			what, path, strerror(saved), own_name(user), run_dir,
			run_dir);
		return EX_NOPERM;
	}
	if (saved == ENOENT) {
		gate_log("%s %s: %s; mend it: install -d -o %s %s", what, path,
			strerror(saved), own_name(user), run_dir);
		return EX_CONFIG;
	}
	gate_log("%s %s: %s", what, path, strerror(saved));
	return saved == EROFS ? EX_NOPERM : EX_OSERR;
}
