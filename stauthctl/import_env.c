/* SPDX-License-Identifier: MIT */
#include "import_sources.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "config/config.h"
#include "config/keys.h"
#include "ctl.h"
#include "result.h"
#include "text.h"

#include "base/banned.h"

/* The database of the old program is no place for the new one's accounts. */
static bool is_old_place(const char *key)
{
	return strcmp(key, "SQLITE_DB") == 0 ||
	       strcmp(key, "SQLITE_DB_PATH") == 0;
}

/* KEY='value', as python-dotenv reads it. */
static enum stauth_rc add_line(const char *key, const char *value, int line,
	void *user, struct stauth_err *err)
{
	struct stauth_buf *buf = user;
	char base[64];
	size_t len = strlen(key);
	bool is_file = len > 5 && strcmp(key + len - 5, "_FILE") == 0;

	(void)line;
	(void)err;
	snprintf(base, sizeof(base), "%.*s", (int)(is_file ? len - 5 : len),
		key);
	int i = stauth_key_find(key);
	int of = is_file ? stauth_key_find(base) : -1;
	if (is_old_place(key) ||
		(i < 0 && (of < 0 || !stauth_keys_table[of].secret))) {
		return STAUTH_OK;
	}
	stauth_buf_addf(buf, "%s='", i >= 0 ? stauth_keys_table[i].name : key);
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\') {
			stauth_buf_add(buf, "\\");
		}
		stauth_buf_add_len(buf, value, 1);
	}
	stauth_buf_add(buf, "'\n");
	return STAUTH_OK;
}

static enum stauth_rc read_env(
	const char *path, struct stauth_buf *buf, struct stauth_err *err)
{
	char *text = malloc(STAUTH_CONFIG_MAX);
	int fd = -1;
	enum stauth_rc rc = text != NULL ? stauth_import_open(path, &fd, err)
					 : STAUTH_ENOMEM;
	size_t len = 0;
	size_t more = 1;

	while (rc == STAUTH_OK && more > 0 && len < STAUTH_CONFIG_MAX) {
		rc = ctl_read_some(
			fd, text + len, STAUTH_CONFIG_MAX - len, &more, err);
		len += rc == STAUTH_OK ? more : 0;
	}
	const struct stauth_dotenv dotenv = {text, len, path, add_line, buf};
	if (rc == STAUTH_OK) {
		rc = stauth_dotenv_parse(&dotenv, err);
	}
	if (fd >= 0) {
		close(fd);
	}
	if (text != NULL) {
		stauth_wipe(text, STAUTH_CONFIG_MAX);
	}
	free(text);
	return rc;
}

/* root:stauth 0640, where this is root's to give. */
static bool give_to_service(int fd)
{
	const struct group *group = getgrnam("stauth");

	return geteuid() != 0 || group == NULL ||
	       (fchown(fd, 0, group->gr_gid) == 0 && fchmod(fd, 0640) == 0);
}

static int write_new(
	struct ctl *ctl, const char *path, const struct stauth_buf *buf)
{
	int fd = open(path,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0) {
		return ctl_fail_with(errno == EACCES ? EX_NOPERM : EX_CANTCREAT,
			"%s: %s", path, strerror(errno));
	}
	bool done = stauth_write_all(fd, buf->data, buf->len) == 0 &&
		    give_to_service(fd) && fsync(fd) == 0;
	done = close(fd) == 0 && done;
	if (!done) {
		int code = ctl_fail_with(
			EX_CANTCREAT, "%s: %s", path, strerror(errno));

		(void)unlink(path);
		return code;
	}
	ctl_info(ctl, CTL_TEXT_CONFIG_WRITTEN, path, path);
	return EX_OK;
}

int ctl_write_config(struct ctl *ctl, const char *env, const char *path)
{
	struct stauth_buf buf;

	stauth_buf_init(&buf, 2 * STAUTH_CONFIG_MAX);
	struct stauth_err err = {0};
	enum stauth_rc rc = read_env(env, &buf, &err);
	int code = rc != STAUTH_OK ? ctl_fail_with(EX_DATAERR, "%s", err.msg)
		   : buf.len == 0  ? EX_OK
				   : write_new(ctl, path, &buf);
	if (buf.data != NULL) {
		stauth_wipe(buf.data, buf.cap);
	}
	stauth_buf_finish(&buf);
	return code;
}
