/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "config/finish.h"
#include "config/keyfile.h"
#include "config/keys.h"
#include "config/value.h"

#include "base/banned.h"

#define FILE_SUFFIX     "_FILE"
#define SECRET_FILE_MAX 4000

/* While a file is being read. */
struct reading {
	struct stauth_config *config;
	enum stauth_config_reader reader;
	bool secret_inside; /* the file itself holds one */
	/* KEY_FILE paths wait until STATE_DIR is known. */
	char file_of[STAUTH_KEYS_MAX][PATH_MAX];
};

static enum stauth_rc bad_line(const struct stauth_config *config, int line,
	const char *key, const struct stauth_err *why, struct stauth_err *err)
{
	return stauth_fail(err, STAUTH_ECONFIG, "%.80s line %d: %s %.90s",
		config->path, line, key, why->msg);
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
	const char *value, int line, struct stauth_err *err)
{
	struct stauth_config *config = reading->config;

	if (value[0] == '\0' || strlen(value) >= PATH_MAX) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"%.100s line %d: %s_FILE is no path", config->path,
			line, stauth_keys_table[index].name);
	}
	snprintf(reading->file_of[index], PATH_MAX, "%s", value);
	config->by_file[index] = true;
	config->line_of[index] = line;
	return STAUTH_OK;
}

static enum stauth_rc found(const char *name, const char *value, int line,
	void *user, struct stauth_err *err)
{
	struct reading *reading = user;
	struct stauth_config *config = reading->config;
	int index = stauth_key_find(name);
	int file_index = index < 0 ? find_file_key(name) : -1;

	if (index < 0 && file_index < 0) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"%.80s line %d: unknown key %.40s; did you mean %s?",
			config->path, line, name, stauth_key_nearest(name));
	}
	if (config->line_of[index < 0 ? file_index : index]) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"%.80s line %d: %.40s is given as KEY and as KEY_FILE",
			config->path, line, name);
	}
	if (file_index >= 0) {
		return set_file(reading, file_index, value, line, err);
	}
	/* An empty value of a computed default means the default. */
	if (value[0] == '\0' && stauth_keys_table[index].otherwise == NULL) {
		return STAUTH_OK;
	}
	struct stauth_err why = {0};
	if (stauth_value_set(config, &stauth_keys_table[index], value,
		    strlen(value), &why) != STAUTH_OK) {
		return bad_line(config, line, name, &why, err);
	}
	config->line_of[index] = line;
	if (stauth_keys_table[index].secret && value[0]) {
		reading->secret_inside = true;
	}
	return STAUTH_OK;
}

static enum stauth_rc set_defaults(
	struct stauth_config *config, struct stauth_err *err)
{
	_Static_assert(sizeof(config->line_of) / sizeof(int) == STAUTH_KEYS_MAX,
		"one line a key");
	for (size_t i = 0; i < stauth_keys_count; i++) {
		const struct stauth_key *key = &stauth_keys_table[i];
		enum stauth_rc rc = STAUTH_OK;

		if (key->otherwise != NULL) {
			rc = stauth_value_set(config, key, key->otherwise,
				strlen(key->otherwise), err);
		}
		if (rc != STAUTH_OK) {
			return rc;
		}
	}
	return STAUTH_OK;
}

/* Who names a file means what is in it: an empty one would quietly turn off
 * what the secret is for, and a NUL would cut it short. */
static enum stauth_rc set_secret(struct stauth_config *config,
	const struct stauth_key *key, const char *data, size_t len,
	struct stauth_err *err)
{
	if (len == 0) {
		return stauth_fail(err, STAUTH_BADVALUE, "has an empty file");
	}
	if (key->kind != STAUTH_KEY_BYTES && memchr(data, '\0', len) != NULL) {
		return stauth_fail(
			err, STAUTH_BADVALUE, "has a NUL byte in its file");
	}
	return stauth_value_set(config, key, data, len, err);
}

/* The secrets that stand in files of their own. */
static enum stauth_rc read_secret_files(
	struct reading *reading, struct stauth_err *err)
{
	struct stauth_config *config = reading->config;

	for (size_t i = 0; i < stauth_keys_count; i++) {
		const struct stauth_key *key = &stauth_keys_table[i];

		if (!config->by_file[i]) {
			continue;
		}
		enum stauth_rc rc = stauth_config_below_state(
			config, reading->file_of[i], err);
		char *data = NULL;
		size_t len = 0;
		if (rc == STAUTH_OK) {
			rc = stauth_file_read_safely(reading->file_of[i],
				reading->reader, true, SECRET_FILE_MAX, &data,
				&len, err);
		}
		if (rc != STAUTH_OK) {
			return rc == STAUTH_NOTFOUND
				       ? stauth_fail(err, STAUTH_ECONFIG,
						 "%.80s line %d: %.90s does "
						 "not "
						 "exist",
						 config->path,
						 config->line_of[i],
						 reading->file_of[i])
				       : rc;
		}
		if (key->kind != STAUTH_KEY_BYTES && len > 0 &&
			data[len - 1] == '\n') {
			data[--len] = '\0';
		}
		struct stauth_err why = {0};
		rc = set_secret(config, key, data, len, &why);
		stauth_wipe(data, len);
		free(data);
		if (rc != STAUTH_OK) {
			return bad_line(config, config->line_of[i], key->name,
				&why, err);
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
	return stauth_fail(err, STAUTH_ECONFIG, "%.70s line %d: %s",
		config->path, line, why->msg);
}

static enum stauth_rc read_config(
	struct reading *reading, struct stauth_err *err)
{
	struct stauth_config *config = reading->config;
	char *text = NULL;
	size_t len = 0;
	enum stauth_rc rc = stauth_file_read_safely(config->path,
		reading->reader, false, STAUTH_CONFIG_MAX, &text, &len, err);

	if (rc == STAUTH_NOTFOUND) {
		return stauth_fail(err, rc,
			"there is no %.100s: make it, with a line "
			"PUBLIC_URL='https://YOUR.HOST' (see stauth.conf(5))",
			config->path);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = set_defaults(config, err);
	if (rc == STAUTH_OK) {
		rc = stauth_dotenv_parse(
			text, len, config->path, found, reading, err);
	}
	stauth_wipe(text, len);
	free(text);
	if (rc == STAUTH_OK && reading->secret_inside) {
		/* Now that it is known to hold one, judge its mode again. */
		rc = stauth_file_read_safely(config->path, reading->reader,
			true, STAUTH_CONFIG_MAX, &text, &len, err);
		if (rc == STAUTH_OK) {
			stauth_wipe(text, len);
			free(text);
		}
	}
	struct stauth_err why = {0};
	if (rc == STAUTH_OK && stauth_config_paths(config, &why) != STAUTH_OK) {
		rc = bad_together(config, &why, err);
	}
	if (rc == STAUTH_OK) {
		rc = read_secret_files(reading, err);
	}
	if (rc == STAUTH_OK &&
		stauth_config_finish(config, &why) != STAUTH_OK) {
		rc = bad_together(config, &why, err);
	}
	return rc;
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
	enum stauth_rc rc = STAUTH_ENOMEM;
	int n;

	if (reading != NULL && config != NULL) {
		reading->config = config;
		reading->reader = reader;
		path = find_path(path, reader);
		n = snprintf(config->path, sizeof(config->path), "%s", path);
		rc = n > 0 && (size_t)n < sizeof(config->path)
			     ? read_config(reading, err)
			     : stauth_fail(err, STAUTH_ECONFIG,
				       "the path is too long");
	} else {
		stauth_fail(err, rc, "out of memory");
	}
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
