/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "config/keyfile.h"
#include "config/keys.h"
#include "config/resolve.h"
#include "config/value.h"

#include "base/banned.h"

#define FILE_SUFFIX     "_FILE"
#define SECRET_FILE_MAX 4000

/* While a file is being read. */
struct reading {
	struct stauth_config *config;
	enum stauth_config_reader reader;
	bool secret_inside; /* the file itself holds one */
};

static enum stauth_rc bad_value(const struct stauth_config *config, int index,
	const struct stauth_err *why, struct stauth_err *err)
{
	return stauth_fail(err, STAUTH_ECONFIG, "%.80s:%d: %s %.90s",
		config->path, config->line_of[index],
		stauth_keys_table[index].name, why->msg);
}

/* "APP_KEY_FILE" -> the index of APP_KEY, if it may come so; else -1. */
static int find_file_key(const char *name)
{
	char base[STAUTH_KEYS_MAX];
	size_t len = strlen(name);
	size_t suffix = sizeof(FILE_SUFFIX) - 1;

	if (len <= suffix || len >= sizeof(base) ||
		strcmp(name + len - suffix, FILE_SUFFIX) != 0) {
		return -1;
	}
	snprintf(base, sizeof(base), "%.*s", (int)(len - suffix), name);
	int index = stauth_key_find(base);
	return index >= 0 && stauth_keys_table[index].secret ? index : -1;
}

static enum stauth_rc set_file(struct reading *reading, int index,
	const char *value, struct stauth_err *err)
{
	struct stauth_config *config = reading->config;

	if (value[0] == '\0' || strlen(value) >= PATH_MAX) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"%.80s:%d: %s_FILE is not a path", config->path,
			config->line_of[index], stauth_keys_table[index].name);
	}
	if (config->secret_file_count == STAUTH_SECRETS_MAX) {
		return stauth_fail(
			err, STAUTH_ECONFIG, "too many secrets in files");
	}
	/* It is read when STATE_DIR is known. */
	size_t n = config->secret_file_count++;
	config->secret_files[n].key = index;
	snprintf(config->secret_files[n].path, PATH_MAX, "%s", value);
	config->by_file[index] = true;
	return STAUTH_OK;
}

static enum stauth_rc set_value(struct reading *reading, int index,
	const char *value, struct stauth_err *err)
{
	const struct stauth_key *key = &stauth_keys_table[index];
	struct stauth_err why = {0};

	if (stauth_value_set(reading->config, key, value, strlen(value),
		    &why) != STAUTH_OK) {
		return bad_value(reading->config, index, &why, err);
	}
	reading->secret_inside |= key->secret && value[0] != '\0';
	return STAUTH_OK;
}

/* A slip of one of our keys is an error; a key of another program, whose
 * .env this is too, is named in one warning. */
static enum stauth_rc unknown_key(struct stauth_config *config,
	const char *name, int line, struct stauth_err *err)
{
	const char *meant = stauth_key_meant(name);
	size_t len = strlen(config->ignored);

	if (meant != NULL) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"%.80s:%d: unknown key %.40s (did you mean %s?)",
			config->path, line, name, meant);
	}
	snprintf(config->ignored + len, sizeof(config->ignored) - len, "%s%s",
		len > 0 ? ", " : "", name);
	return STAUTH_OK;
}

static enum stauth_rc set_key(const char *name, const char *value, int line,
	void *user, struct stauth_err *err)
{
	struct reading *reading = user;
	struct stauth_config *config = reading->config;
	int index = stauth_key_find(name);
	bool by_file = index < 0;

	if (by_file) {
		index = find_file_key(name);
	}
	if (index < 0) {
		return unknown_key(config, name, line, err);
	}
	if (config->line_of[index] > 0) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"%.80s:%d: %s is already set on line %d", config->path,
			line, stauth_keys_table[index].name,
			config->line_of[index]);
	}
	/* An empty value of a computed default means the default. */
	if (!by_file && value[0] == '\0' &&
		stauth_keys_table[index].default_value == NULL) {
		return STAUTH_OK;
	}
	config->line_of[index] = line;
	return by_file ? set_file(reading, index, value, err)
		       : set_value(reading, index, value, err);
}

static enum stauth_rc set_defaults(
	struct stauth_config *config, struct stauth_err *err)
{
	_Static_assert(sizeof(config->line_of) / sizeof(int) == STAUTH_KEYS_MAX,
		"one line a key");
	for (size_t i = 0; i < stauth_keys_count; i++) {
		const struct stauth_key *key = &stauth_keys_table[i];
		if (key->default_value == NULL) {
			continue;
		}
		enum stauth_rc rc = stauth_value_set(config, key,
			key->default_value, strlen(key->default_value), err);
		if (rc != STAUTH_OK) {
			return rc;
		}
	}
	return STAUTH_OK;
}

/* Who names a file means what is in it: an empty one would quietly turn off
 * what the secret is for, and a NUL would cut it short. */
static enum stauth_rc set_secret(struct stauth_config *config,
	const struct stauth_key *key, const struct stauth_file *file,
	struct stauth_err *err)
{
	size_t len = file->len;

	if (key->kind != STAUTH_KEY_BYTES) {
		if (memchr(file->data, '\0', len) != NULL) {
			return stauth_fail(err, STAUTH_BADVALUE,
				"has a NUL byte in its file");
		}
		if (len > 0 && file->data[len - 1] == '\n') {
			file->data[--len] = '\0';
		}
	}
	if (len == 0) {
		return stauth_fail(err, STAUTH_BADVALUE, "has an empty file");
	}
	return stauth_value_set(config, key, file->data, len, err);
}

static enum stauth_rc read_secret_file(
	struct reading *reading, size_t n, struct stauth_err *err)
{
	struct stauth_config *config = reading->config;
	const struct stauth_file_rules rules = {
		reading->reader, true, SECRET_FILE_MAX};
	int index = config->secret_files[n].key;
	char *path = config->secret_files[n].path;
	enum stauth_rc rc = stauth_config_below_state(config, path, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_file file;
	rc = stauth_file_read_safely(path, &rules, &file, err);
	if (rc == STAUTH_NOTFOUND) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"%.80s:%d: %.90s does not exist", config->path,
			config->line_of[index], path);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_err why = {0};
	rc = set_secret(config, &stauth_keys_table[index], &file, &why);
	stauth_file_finish(&file);
	return rc == STAUTH_OK ? rc : bad_value(config, index, &why, err);
}

/* The secrets that stand in files of their own. */
static enum stauth_rc read_secret_files(
	struct reading *reading, struct stauth_err *err)
{
	for (size_t i = 0; i < reading->config->secret_file_count; i++) {
		enum stauth_rc rc = read_secret_file(reading, i, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
	}
	return STAUTH_OK;
}

/* What is wrong with several keys together has the line of the first one that
 * is named and given. */
static enum stauth_rc bad_together(const struct stauth_config *config,
	const struct stauth_err *why, struct stauth_err *err)
{
	const char *first = NULL;
	int line = 0;

	for (size_t i = 0; i < stauth_keys_count; i++) {
		const char *at = strstr(why->msg, stauth_keys_table[i].name);

		if (at != NULL && config->line_of[i] > 0 &&
			(first == NULL || at < first)) {
			first = at;
			line = config->line_of[i];
		}
	}
	if (line == 0) {
		return stauth_fail(err, STAUTH_ECONFIG, "%.70s: %s",
			config->path, why->msg);
	}
	return stauth_fail(err, STAUTH_ECONFIG, "%.70s:%d: %s", config->path,
		line, why->msg);
}

static enum stauth_rc read_keys(struct reading *reading, struct stauth_err *err)
{
	struct stauth_config *config = reading->config;
	struct stauth_file_rules rules = {
		reading->reader, false, STAUTH_CONFIG_MAX};
	struct stauth_file file;
	enum stauth_rc rc =
		stauth_file_read_safely(config->path, &rules, &file, err);

	if (rc == STAUTH_NOTFOUND) {
		return stauth_fail(err, rc,
			"%.100s does not exist: create it, with a line "
			"PUBLIC_URL='https://YOUR.HOST' (see stauth.conf(5))",
			config->path);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	const struct stauth_dotenv dotenv = {
		file.data, file.len, config->path, set_key, reading};
	rc = stauth_dotenv_parse(&dotenv, err);
	stauth_file_finish(&file);
	if (rc != STAUTH_OK || !reading->secret_inside) {
		return rc;
	}
	/* Now that it is known to hold one, its mode is checked again. */
	rules.secret = true;
	rc = stauth_file_read_safely(config->path, &rules, &file, err);
	if (rc == STAUTH_OK) {
		stauth_file_finish(&file);
	}
	return rc;
}

static enum stauth_rc read_config(
	struct reading *reading, struct stauth_err *err)
{
	struct stauth_config *config = reading->config;
	enum stauth_rc rc = set_defaults(config, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = read_keys(reading, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_err why = {0};
	if (stauth_config_paths(config, &why) != STAUTH_OK) {
		return bad_together(config, &why, err);
	}
	rc = read_secret_files(reading, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (stauth_config_resolve(config, &why) != STAUTH_OK) {
		return bad_together(config, &why, err);
	}
	return STAUTH_OK;
}

static const char *find_path(const char *path, enum stauth_config_reader reader)
{
	if (path == NULL && reader == STAUTH_READER_SERVICE) {
		path = secure_getenv("STAUTH_CONFIG");
	}
	return path != NULL && path[0] ? path : STAUTH_CONFIG_DEFAULT;
}

enum stauth_rc stauth_config_load(const char *path,
	enum stauth_config_reader reader, struct stauth_config **ret_config,
	struct stauth_err *err)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	struct stauth_config *config = calloc(1, sizeof(*config));
	enum stauth_rc rc;

	if (reading == NULL || config == NULL) {
		rc = stauth_fail(err, STAUTH_ENOMEM, "out of memory");
		goto out;
	}
	reading->config = config;
	reading->reader = reader;
	path = find_path(path, reader);
	if (strlen(path) >= sizeof(config->path)) {
		rc = stauth_fail(err, STAUTH_ECONFIG, "the path is too long");
		goto out;
	}
	snprintf(config->path, sizeof(config->path), "%s", path);
	rc = read_config(reading, err);
out:
	free(reading);
	if (rc != STAUTH_OK) {
		stauth_config_free(config);
		return rc;
	}
	*ret_config = config;
	return STAUTH_OK;
}

void stauth_config_free(struct stauth_config *config)
{
	if (config != NULL) {
		stauth_wipe(config, sizeof(*config));
		free(config);
	}
}

bool stauth_config_line(const struct stauth_config *config, size_t i,
	struct stauth_config_line *ret_line)
{
	if (i >= stauth_keys_count) {
		return false;
	}
	const struct stauth_key *key = &stauth_keys_table[i];
	*ret_line = (struct stauth_config_line){
		.key = key->name,
		.secret = key->secret,
		.set = config->line_of[i] > 0,
		.help = key->help,
	};
	stauth_value_text(config, key, ret_line->value);
	if (key->secret) {
		bool given =
			ret_line->value[0] ||
			(key->kind == STAUTH_KEY_BYTES && config->app_key_len);

		stauth_wipe_array(ret_line->value);
		snprintf(ret_line->value, sizeof(ret_line->value), "%s",
			given ? "********" : "");
	}
	if (config->line_of[i] > 0) {
		snprintf(ret_line->origin, sizeof(ret_line->origin),
			"line %d%s", config->line_of[i],
			config->by_file[i] ? " (from a file)" : "");
	} else {
		snprintf(ret_line->origin, sizeof(ret_line->origin), "default");
	}
	return true;
}
