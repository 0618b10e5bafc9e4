/* SPDX-License-Identifier: MIT */
/*
 * `config check`: what was read without an error, and the service would refuse
 * all the same. Each refusal reads FILE:LINE: KEY: what is wrong.
 */
#include "config_check.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/codec.h"
#include "config/keys.h"
#include "result.h"
#include "store/table.h"
#include "text.h"

#include "base/banned.h"

/* No line: the default is at fault. */
static int refuse(const struct ctl *ctl, const char *key, const char *what)
{
	int index = stauth_key_find(key);
	int line = index >= 0 ? ctl->config->line_of[index] : 0;

	if (line == 0) {
		return ctl_fail_with(
			EX_CONFIG, "%s: %s: %s", ctl->config->path, key, what);
	}
	return ctl_fail_with(
		EX_CONFIG, "%s:%d: %s: %s", ctl->config->path, line, key, what);
}

static int check_storage(const struct ctl *ctl)
{
	struct stauth_store store = {0};
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_store_open(ctl->config, STAUTH_ROLE_ADMIN, &store, &err);

	stauth_store_close(&store);
	return rc == STAUTH_ECONFIG ? refuse(ctl, "STORAGE", err.msg) : EX_OK;
}

static int check_group(const struct ctl *ctl)
{
	const char *name = ctl->config->socket_group;
	int64_t number;

	if (name[0] == '\0' || getgrnam(name) != NULL ||
		stauth_parse_int(name, 0, UINT32_MAX - 1, &number)) {
		return EX_OK;
	}
	return refuse(ctl, "SOCKET_GROUP", CTL_TEXT_CONFIG_NO_GROUP);
}

/* The service runs as the owner of STATE_DIR. Root asks as that user, so that
 * every right on the way counts. */
static bool is_readable(const struct ctl *ctl, const char *path)
{
	struct stat st;
	const struct passwd *user = NULL;

	if (geteuid() == 0 && stat(ctl->config->state_dir, &st) == 0 &&
		st.st_uid != 0) {
		user = getpwuid(st.st_uid);
	}
	if (user == NULL) {
		return access(path, R_OK) == 0;
	}
	pid_t pid = fork();
	if (pid == 0) {
		bool ok = initgroups(user->pw_name, user->pw_gid) == 0 &&
			  setgid(user->pw_gid) == 0 &&
			  setuid(user->pw_uid) == 0 && access(path, R_OK) == 0;

		_exit(ok ? 0 : 1);
	}
	int status = 1;
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static int check_file(const struct ctl *ctl, const char *key, const char *path)
{
	if (path[0] == '\0' || is_readable(ctl, path)) {
		return EX_OK;
	}
	char what[256];
	snprintf(what, sizeof(what), CTL_TEXT_CONFIG_UNREADABLE, path);
	return refuse(ctl, key, what);
}

int ctl_config_refused(const struct ctl *ctl)
{
	const struct stauth_config *config = ctl->config;
	int code = check_storage(ctl);

	if (code == EX_OK) {
		code = check_group(ctl);
	}
	if (code == EX_OK) {
		code = check_file(
			ctl, "PASSWORD_BLOCKLIST", config->password_blocklist);
	}
	if (code == EX_OK) {
		code = check_file(ctl, "BRAND_LOGO", config->brand_logo);
	}
	for (size_t i = 0; code == EX_OK && i < config->secret_file_count;
		i++) {
		const char *key =
			stauth_keys_table[config->secret_files[i].key].name;

		code = check_file(ctl, key, config->secret_files[i].path);
	}
	if (code == EX_OK && !is_readable(ctl, config->path)) {
		code = ctl_fail_with(EX_CONFIG, CTL_TEXT_CONFIG_SELF,
			config->path, config->path, config->path);
	}
	return code;
}
