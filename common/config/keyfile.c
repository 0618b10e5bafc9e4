/* SPDX-License-Identifier: MIT */
#include "config/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "base/secret.h"

#include "base/banned.h"

#define OWNER "stauth"

struct key_file {
	const char *name;
	size_t at;
};

static const struct key_file files[] = {
	{"csrf", offsetof(struct stauth_keys, csrf)},
	{"pin", offsetof(struct stauth_keys, pin)},
	{"device", offsetof(struct stauth_keys, device)},
};

#define FILE_COUNT (sizeof(files) / sizeof(*files))

static enum stauth_rc key_path(const struct stauth_config *config,
	const char *name, char out[PATH_MAX], struct stauth_err *err)
{
	int n = snprintf(out, PATH_MAX, "%s/keys%s%s", config->state_dir,
		name[0] ? "/" : "", name);

	if (n < 0 || n >= PATH_MAX) {
		return stauth_fail(
			err, STAUTH_ECONFIG, "STATE_DIR is too long");
	}
	return STAUTH_OK;
}

static enum stauth_rc load_one(const struct stauth_config *config,
	enum stauth_config_reader reader, const char *name,
	unsigned char out[STAUTH_KEY_LEN], struct stauth_err *err)
{
	const struct stauth_file_rules rules = {
		reader, true, STAUTH_KEY_LEN * 4};
	char path[PATH_MAX];
	enum stauth_rc rc = key_path(config, name, path, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_file file;
	rc = stauth_file_read_safely(path, &rules, &file, err);
	if (rc == STAUTH_NOTFOUND) {
		return stauth_fail(err, STAUTH_EUNREACHABLE,
			"%.120s is missing; run stauthctl init", path);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (file.len == STAUTH_KEY_LEN) {
		memcpy(out, file.data, STAUTH_KEY_LEN);
	} else {
		rc = stauth_fail(err, STAUTH_EBROKEN,
			"%.110s does not hold %d bytes; remove it, then run "
			"stauthctl init",
			path, STAUTH_KEY_LEN);
	}
	stauth_file_finish(&file);
	return rc;
}

enum stauth_rc stauth_keys_load(const struct stauth_config *config,
	enum stauth_config_reader reader, struct stauth_keys *ret_keys,
	struct stauth_err *err)
{
	struct stauth_keys keys;
	enum stauth_rc rc = STAUTH_OK;

	for (size_t i = 0; rc == STAUTH_OK && i < FILE_COUNT; i++) {
		rc = load_one(config, reader, files[i].name,
			(unsigned char *)&keys + files[i].at, err);
	}
	if (rc == STAUTH_OK) {
		*ret_keys = keys;
	}
	stauth_wipe(&keys, sizeof(keys));
	return rc;
}

static enum stauth_rc failed(
	const char *what, const char *path, struct stauth_err *err)
{
	int code = errno;

	return stauth_fail(err,
		code == EACCES || code == EPERM ? STAUTH_EDENIED
						: STAUTH_EUNREACHABLE,
		"%s %.110s: %s", what, path, strerror(code));
}

/*
 * As root: the service's user and group, where they exist. By descriptor:
 * STATE_DIR is the service's, so an attacker who took that over could put a
 * link where root is about to change an owner by name.
 */
static enum stauth_rc give(int fd, const char *path, bool user_too, mode_t mode,
	struct stauth_err *err)
{
	const struct passwd *user = getpwnam(OWNER);
	const struct group *group = getgrnam(OWNER);

	if (geteuid() == 0 && group != NULL &&
		fchown(fd, user_too && user != NULL ? user->pw_uid : 0,
			group->gr_gid) != 0) {
		return failed("chown", path, err);
	}
	/* After chown, which takes the set-group-id bit away. */
	if (fchmod(fd, mode) != 0) {
		return failed("chmod", path, err);
	}
	return STAUTH_OK;
}

struct new_dir {
	const char *name; /* below the directory it is made in */
	const char *path; /* for messages */
	bool user_too;
	mode_t mode;
	int follow; /* 0, or O_NOFOLLOW where the service may write above */
};

/* Makes it if it is missing, and opens it. */
static enum stauth_rc make_dir(int above, const struct new_dir *dir,
	int *ret_fd, struct stauth_err *err)
{
	bool made = mkdirat(above, dir->name, 0700) == 0;

	if (!made && errno != EEXIST) {
		return failed("mkdir", dir->path, err);
	}
	int fd = openat(above, dir->name,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | dir->follow |
			(made ? O_NOFOLLOW : 0));
	if (fd < 0) {
		return failed("open", dir->path, err);
	}
	enum stauth_rc rc = STAUTH_OK;
	if (made) {
		rc = give(fd, dir->path, dir->user_too, dir->mode, err);
	}
	if (rc != STAUTH_OK) {
		close(fd);
		return rc;
	}
	*ret_fd = fd;
	return STAUTH_OK;
}

static enum stauth_rc write_key(
	int fd, const char *path, struct stauth_err *err)
{
	unsigned char key[STAUTH_KEY_LEN];
	enum stauth_rc rc = stauth_random(key, sizeof(key), err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	ssize_t n = write(fd, key, sizeof(key));
	stauth_wipe_array(key);
	if (n != (ssize_t)sizeof(key)) {
		return failed("write", path, err);
	}
	rc = give(fd, path, false, 0640, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	return fsync(fd) == 0 ? STAUTH_OK : failed("write", path, err);
}

/* Of two who make it at once, the first wins and the second leaves it alone.
 * link() stands in on file systems without the flag. */
static bool give_name(int dir_fd, const char *aside, const char *name)
{
	if (renameat2(dir_fd, aside, dir_fd, name, RENAME_NOREPLACE) == 0) {
		return true;
	}
	int code = errno;
	if (code == EINVAL || code == ENOSYS) {
		code = linkat(dir_fd, aside, dir_fd, name, 0) == 0 ? 0 : errno;
	}
	(void)unlinkat(dir_fd, aside, 0);
	errno = code;
	return code == 0 || code == EEXIST;
}

/* Whole or not at all: written aside, then named. */
static enum stauth_rc make_key(
	int dir_fd, const char *name, const char *path, struct stauth_err *err)
{
	char handle[STAUTH_HANDLE_LEN + 1];
	enum stauth_rc rc = stauth_random_handle(stauth_random, handle, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	char aside[STAUTH_HANDLE_LEN + 8];
	snprintf(aside, sizeof(aside), ".new-%s", handle);
	int fd = openat(dir_fd, aside,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		return failed("create", path, err);
	}
	rc = write_key(fd, path, err);
	close(fd);
	if (rc != STAUTH_OK) {
		(void)unlinkat(dir_fd, aside, 0);
		return rc;
	}
	return give_name(dir_fd, aside, name) ? STAUTH_OK
					      : failed("create", path, err);
}

static enum stauth_rc make_missing_key(const struct stauth_config *config,
	int dir_fd, const char *name, struct stauth_err *err)
{
	char path[PATH_MAX];
	enum stauth_rc rc = key_path(config, name, path, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stat st;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		return STAUTH_OK;
	}
	return errno == ENOENT ? make_key(dir_fd, name, path, err)
			       : failed("stat", path, err);
}

static enum stauth_rc make_keys(
	const struct stauth_config *config, int dir_fd, struct stauth_err *err)
{
	for (size_t i = 0; i < FILE_COUNT; i++) {
		enum stauth_rc rc =
			make_missing_key(config, dir_fd, files[i].name, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
	}
	return fsync(dir_fd) == 0 ? STAUTH_OK : failed("sync", "keys", err);
}

/* What somebody else makes in the service's directory would be theirs, not
 * root's; who finds everything made may continue. */
static enum stauth_rc check_maker(
	int state_fd, const char *path, struct stauth_err *err)
{
	struct stat st;

	if (fstat(state_fd, &st) != 0) {
		return failed("stat", path, err);
	}
	if (geteuid() == 0 || st.st_uid == geteuid() ||
		(faccessat(state_fd, "keys/csrf", F_OK, 0) == 0 &&
			faccessat(state_fd, "keys/pin", F_OK, 0) == 0 &&
			faccessat(state_fd, "keys/device", F_OK, 0) == 0)) {
		return STAUTH_OK;
	}
	return stauth_fail(err, STAUTH_EDENIED,
		"%.120s is not yours: run it as root", path);
}

static enum stauth_rc init_below(const struct stauth_config *config,
	int state_fd, struct stauth_err *err)
{
	char path[PATH_MAX];
	const struct new_dir keys = {"keys", path, false, 0750, O_NOFOLLOW};
	enum stauth_rc rc = check_maker(state_fd, config->state_dir, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = key_path(config, "", path, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	int keys_fd;
	rc = make_dir(state_fd, &keys, &keys_fd, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = make_keys(config, keys_fd, err);
	close(keys_fd);
	return rc;
}

enum stauth_rc stauth_keys_init(
	const struct stauth_config *config, struct stauth_err *err)
{
	const struct new_dir state = {
		config->state_dir, config->state_dir, true, 02770, 0};
	int state_fd;
	enum stauth_rc rc = make_dir(AT_FDCWD, &state, &state_fd, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = init_below(config, state_fd, err);
	close(state_fd);
	return rc;
}
