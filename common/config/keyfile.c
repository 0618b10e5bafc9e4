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
	enum stauth_config_reader reader, const struct key_file *file,
	unsigned char out[STAUTH_KEY_LEN], struct stauth_err *err)
{
	char path[PATH_MAX];
	char *data = NULL;
	size_t len = 0;
	enum stauth_rc rc = key_path(config, file->name, path, err);

	if (rc == STAUTH_OK) {
		rc = stauth_file_read_safely(path, reader, true,
			STAUTH_KEY_LEN * 4, &data, &len, err);
	}
	if (rc == STAUTH_NOTFOUND) {
		return stauth_fail(err, STAUTH_EUNREACHABLE,
			"%.120s is missing; run stauthctl init", path);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (len == STAUTH_KEY_LEN) {
		memcpy(out, data, STAUTH_KEY_LEN);
	} else {
		rc = stauth_fail(err, STAUTH_EBROKEN,
			"%.120s does not hold %d bytes", path, STAUTH_KEY_LEN);
	}
	stauth_wipe(data, len);
	free(data);
	return rc;
}

enum stauth_rc stauth_keys_load(const struct stauth_config *config,
	enum stauth_config_reader reader, struct stauth_keys *ret_keys,
	struct stauth_err *err)
{
	struct stauth_keys keys;
	enum stauth_rc rc = STAUTH_OK;

	for (size_t i = 0; rc == STAUTH_OK && i < FILE_COUNT; i++) {
		rc = load_one(config, reader, &files[i],
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

/* As root: the service's user and group, where they exist. */
static enum stauth_rc give(
	const char *path, bool user_too, mode_t mode, struct stauth_err *err)
{
	const struct passwd *user = getpwnam(OWNER);
	const struct group *group = getgrnam(OWNER);

	if (geteuid() == 0 && group &&
		chown(path, user_too && user ? user->pw_uid : 0,
			group->gr_gid) != 0) {
		return failed("chown", path, err);
	}
	/* After chown, which takes the set-group-id bit away. */
	if (chmod(path, mode) != 0) {
		return failed("chmod", path, err);
	}
	return STAUTH_OK;
}

static enum stauth_rc make_dir(
	const char *path, bool user_too, mode_t mode, struct stauth_err *err)
{
	if (mkdir(path, 0700) != 0) {
		return errno == EEXIST ? STAUTH_OK : failed("mkdir", path, err);
	}
	return give(path, user_too, mode, err);
}

static enum stauth_rc write_key(
	int fd, const char *path, struct stauth_err *err)
{
	unsigned char key[STAUTH_KEY_LEN];
	enum stauth_rc rc = stauth_random(key, sizeof(key), err);

	if (rc == STAUTH_OK &&
		(write(fd, key, sizeof(key)) != (ssize_t)sizeof(key) ||
			fsync(fd) != 0)) {
		rc = failed("write", path, err);
	}
	stauth_wipe_array(key);
	return rc;
}

/* Whole or not at all: written aside, then linked into place. Of two who do
 * it at once, the first wins and the second leaves it alone. */
static enum stauth_rc make_key(const char *path, struct stauth_err *err)
{
	char aside[PATH_MAX + 8];
	enum stauth_rc rc;
	int fd;

	(void)snprintf(aside, sizeof(aside), "%s.XXXXXX", path);
	fd = mkostemp(aside, O_CLOEXEC);
	if (fd < 0) {
		return failed("create", path, err);
	}
	rc = write_key(fd, path, err);
	if (rc == STAUTH_OK) {
		rc = give(aside, false, 0640, err);
	}
	if (rc == STAUTH_OK && link(aside, path) != 0 && errno != EEXIST) {
		rc = failed("link", path, err);
	}
	(void)close(fd);
	(void)unlink(aside);
	return rc;
}

enum stauth_rc stauth_keys_init(
	const struct stauth_config *config, struct stauth_err *err)
{
	char path[PATH_MAX];
	struct stat st;
	enum stauth_rc rc = make_dir(config->state_dir, true, 02770, err);

	if (rc == STAUTH_OK) {
		rc = key_path(config, "", path, err);
	}
	if (rc == STAUTH_OK) {
		rc = make_dir(path, false, 0750, err);
	}
	for (size_t i = 0; rc == STAUTH_OK && i < FILE_COUNT; i++) {
		rc = key_path(config, files[i].name, path, err);
		if (rc == STAUTH_OK && lstat(path, &st) != 0) {
			rc = errno == ENOENT ? make_key(path, err)
					     : failed("stat", path, err);
		}
	}
	return rc;
}
