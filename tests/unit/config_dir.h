/* SPDX-License-Identifier: MIT */
/* A directory of its own for each test of the configuration. */
#ifndef STAUTH_TEST_CONFIG_DIR_H
#define STAUTH_TEST_CONFIG_DIR_H

#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

static char dir[64];
static char file[96];

static int make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/stauth-config-XXXXXX");
	if (!mkdtemp(dir)) {
		return -1;
	}
	(void)snprintf(file, sizeof(file), "%s/stauth.conf", dir);
	return 0;
}

static void remove_in(const char *name)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (unlink(path) != 0) {
		(void)rmdir(path);
	}
}

static int remove_dir(void **state)
{
	static const char *const made[] = {"stauth.conf", "link", "secret",
		"other/csrf", "other", "state/keys/csrf", "state/keys/pin",
		"state/keys/device", "state/keys", "state"};

	(void)state;
	for (size_t i = 0; i < sizeof(made) / sizeof(*made); i++) {
		remove_in(made[i]);
	}
	return rmdir(dir);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static enum stauth_rc load(const char *text, mode_t mode,
	struct stauth_config **ret_config, struct stauth_err *err)
{
	write_file(file, text, mode);
	return stauth_config_load(file, STAUTH_READER_SERVICE, ret_config, err);
}

#endif
