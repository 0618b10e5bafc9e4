/* SPDX-License-Identifier: MIT */
#include "auth/import_old_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/import.h"
#include "base/ascii.h"
#include "base/fd.h"
#include "base/secret.h"

#include "base/banned.h"

#define SQLITE_MAGIC  "SQLite format 3" /* and its NUL */
#define TABLE_DEFAULT "USERS"

/* The keys of a .env that matter here. */
struct env {
	char storage[32];
	char db[NAME_MAX + 1];
	char db_path[PATH_MAX];
	struct stauth_old_file *source;
};

/* --- reading */

/* Neither a pipe nor a device may block us, nor be read only once. */
enum stauth_rc stauth_import_open(
	const char *path, int *ret_fd, struct stauth_err *err)
{
	int fd = stauth_open_regular(path);
	if (fd < 0 && errno == EINVAL) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"%.120s: not a regular file", path);
	}
	if (fd < 0) {
		return stauth_fail(err,
			errno == EACCES ? STAUTH_EDENIED : STAUTH_EUNREACHABLE,
			"%.120s: %s", path, strerror(errno));
	}
	*ret_fd = fd;
	return STAUTH_OK;
}

static enum stauth_rc cannot_read(
	const char *path, const char *why, struct stauth_err *err)
{
	return stauth_fail(err, STAUTH_EUNREACHABLE, "%.120s: %s", path, why);
}

/* The start of the file, at most size bytes. */
static ssize_t read_start(int fd, char *data, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, data + len, size - len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -1;
		}
		if (n == 0) {
			break;
		}
		len += (size_t)n;
	}
	return (ssize_t)len;
}

/* --- the .env */

static bool keep(char *out, size_t out_size, const char *value)
{
	return snprintf(out, out_size, "%s", value) < (int)out_size;
}

static enum stauth_rc found_pair(const char *key, const char *value, int line,
	void *user, struct stauth_err *err)
{
	struct env *env = user;
	struct stauth_old_file *source = env->source;
	const struct {
		const char *key;
		char *out;
		size_t size;
	} wanted[] = {
		{"STORAGE", env->storage, sizeof(env->storage)},
		{"SQLITE_DB", env->db, sizeof(env->db)},
		{"SQLITE_DB_PATH", env->db_path, sizeof(env->db_path)},
		{"USERS_TABLE", source->table, sizeof(source->table)},
		{"ENC_PASSWORD", source->enc_password,
			sizeof(source->enc_password)},
		{"ENC_NONCE", source->enc_nonce, sizeof(source->enc_nonce)},
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		if (strcmp(key, wanted[i].key) == 0 &&
			!keep(wanted[i].out, wanted[i].size, value)) {
			return stauth_fail(err, STAUTH_ECONFIG,
				"line %d: %s is too long", line, key);
		}
	}
	return STAUTH_OK;
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* st-auth-simple writes to the lower-case name with .db behind it, whatever
 * the .env says; a file of the very name goes first. */
static bool locate(const char *dir, const char *db, char *out, size_t out_size)
{
	size_t len = strlen(db);

	if (!keep(out, out_size, dir) ||
		snprintf(out, out_size, "%s/%s", dir, db) >= (int)out_size) {
		return false;
	}
	if (is_file(out)) {
		return true;
	}
	char lower[NAME_MAX + 1];
	for (size_t i = 0; i <= len; i++) {
		lower[i] = stauth_to_lower(db[i]);
	}
	return snprintf(out, out_size, "%s/%s%s", dir, lower,
		       len > 3 && strcmp(lower + len - 3, ".db") == 0
			       ? ""
			       : ".db") < (int)out_size;
}

/* The folder of the .env, and below it what SQLITE_DB_PATH says. */
static bool folder(
	const char *path, const char *db_path, char *out, size_t size)
{
	const char *slash = strrchr(path, '/');
	int len = slash != NULL ? (int)(slash - path) : 1;

	if (db_path[0] == '/') {
		return keep(out, size, db_path);
	}
	return snprintf(out, size, "%.*s/%s", len, slash != NULL ? path : ".",
		       db_path[0] ? db_path : ".") < (int)size;
}

static enum stauth_rc from_env(const char *path, const char *text, size_t len,
	struct stauth_old_file *source, struct stauth_err *err)
{
	struct env env = {.storage = "SQLITE", .source = source};

	const struct stauth_dotenv dotenv = {text, len, path, found_pair, &env};
	enum stauth_rc rc = stauth_dotenv_parse(&dotenv, err);
	if (rc != STAUTH_OK) {
		return rc == STAUTH_ECONFIG ? STAUTH_BADVALUE : rc;
	}
	if (strcasecmp(env.storage, "AIRTABLE") == 0) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"no AIRTABLE provider in this build");
	}
	if (strcasecmp(env.storage, "SQLITE") != 0) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"%.120s: STORAGE is not one of st-auth-simple", path);
	}
	if (!env.db[0]) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"%.120s: neither a database nor a .env that names one "
			"with SQLITE_DB",
			path);
	}
	char dir[PATH_MAX];
	if (!folder(path, env.db_path, dir, sizeof(dir)) ||
		!locate(dir, env.db, source->file, sizeof(source->file))) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"%.120s: the path of SQLITE_DB is too long", path);
	}
	return STAUTH_OK;
}

/* --- either */

/* The database itself: the secrets are those of our configuration. */
static enum stauth_rc from_database(const struct stauth_config *config,
	const char *path, struct stauth_old_file *source,
	struct stauth_err *err)
{
	if (!keep(source->file, sizeof(source->file), path)) {
		return cannot_read(path, "the path is too long", err);
	}
	(void)keep(source->table, sizeof(source->table), config->users_table);
	(void)keep(source->enc_password, sizeof(source->enc_password),
		config->enc_password);
	(void)keep(source->enc_nonce, sizeof(source->enc_nonce),
		config->enc_nonce);
	return STAUTH_OK;
}

static enum stauth_rc complete(
	struct stauth_old_file *source, struct stauth_err *err)
{
	if (source->enc_password[0] == '\0') {
		return stauth_fail(err, STAUTH_ECONFIG,
			"ENC_PASSWORD is not set: without it the old passwords "
			"cannot be read");
	}
	if (source->table[0] == '\0') {
		(void)keep(source->table, sizeof(source->table), TABLE_DEFAULT);
	}
	return STAUTH_OK;
}

static bool is_database(const char *data, size_t len)
{
	return len >= sizeof(SQLITE_MAGIC) &&
	       memcmp(data, SQLITE_MAGIC, sizeof(SQLITE_MAGIC)) == 0;
}

enum stauth_rc stauth_old_file_find(const struct stauth_config *config,
	const char *path, struct stauth_old_file *ret_source,
	struct stauth_err *err)
{
	const size_t size = STAUTH_CONFIG_MAX + 1;
	int fd = -1;
	enum stauth_rc rc = stauth_import_open(path, &fd, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	*ret_source = (struct stauth_old_file){.file = ""};
	char *data = malloc(size + 1);
	ssize_t len = data != NULL ? read_start(fd, data, size) : -1;
	close(fd);
	if (len < 0) {
		free(data);
		return cannot_read(path, "cannot be read", err);
	}
	data[len] = '\0';
	if (is_database(data, (size_t)len)) {
		rc = from_database(config, path, ret_source, err);
	} else if (len > STAUTH_CONFIG_MAX) {
		rc = stauth_fail(err, STAUTH_BADVALUE,
			"%.120s: neither a database nor a .env", path);
	} else {
		rc = from_env(path, data, (size_t)len, ret_source, err);
	}
	stauth_wipe(data, size + 1);
	free(data);
	return rc == STAUTH_OK ? complete(ret_source, err) : rc;
}
