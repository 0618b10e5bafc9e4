/* SPDX-License-Identifier: MIT */
/*
 * What `stauthctl export` writes, in the order of the code:
 *
 *  1. An entry is one object with the keys of an export. An unknown or
 *     repeated key, and a value of another type, MUST be reported and the entry
 *     skipped: what is not understood could have been a lock.
 *  2. su and system_login are taken as they stand there: who may run this
 *     may set them. Each system_login is reported.
 *  3. The file is one object a line, or one array. A line that is no object
 *     is skipped; an array that is not whole is refused as a whole.
 */
#include "import_sources.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/buf.h"
#include "text.h"

#include "base/banned.h"

#define CHUNK 4096

struct walk {
	stauth_import_fn *take;
	void *arg;
};

struct entry {
	struct stauth_import_record record;
	struct stauth_buf groups;
	char why[160];
};

/* jansson keeps the hashes for a while: no copy is left of them. */
static void free_wiped(void *data)
{
	if (data != NULL) {
		stauth_wipe(data, malloc_usable_size(data));
	}
	free(data);
}

/* --- 1. an entry */

static bool take_text(const char **out, const json_t *value)
{
	*out = json_string_value(value);
	return *out != NULL;
}

static bool take_name(struct entry *entry, json_t *value)
{
	entry->record.name = json_string_value(value);
	entry->record.name_len = json_string_length(value);
	return entry->record.name != NULL;
}

static bool take_flag(bool *out, const json_t *value)
{
	*out = json_is_true(value);
	return json_is_boolean(value);
}

/* Names of the list's form only: a comma in one would make it two. */
static bool take_groups(struct entry *entry, json_t *value)
{
	if (!json_is_array(value)) {
		return false;
	}
	json_t *group = NULL;
	size_t i = 0;
	json_array_foreach(value, i, group)
	{
		const char *name = json_string_value(group);

		if (name == NULL || !name[0] || strchr(name, ',') != NULL) {
			return false;
		}
		stauth_buf_add(&entry->groups, i > 0 ? "," : "");
		stauth_buf_add(&entry->groups, name);
	}
	entry->record.groups = stauth_buf_str(&entry->groups);
	return stauth_buf_ok(&entry->groups);
}

/* "" is an account that nobody can log in to. */
static bool take_password(struct entry *entry, const json_t *value)
{
	const char *hash = json_string_value(value);

	if (hash != NULL && hash[0]) {
		entry->record.hash = hash;
	}
	return hash != NULL;
}

/* Instants of the other store say nothing here. */
static bool is_instant(const json_t *value)
{
	return json_is_integer(value) || json_is_null(value);
}

enum took {
	TOOK,
	WRONG_TYPE,
	UNKNOWN
};

static enum took take_value(struct entry *entry, const char *key, json_t *value)
{
	struct stauth_import_record *record = &entry->record;
	const struct {
		const char *key;
		bool *flag;
		const char **text;
	} plain[] = {
		{"email", NULL, &record->email},
		{"display_name", NULL, &record->display_name},
		{"su", &record->su, NULL},
		{"disabled", &record->disabled, NULL},
		{"system_login", &record->system_login, NULL},
		{"must_change", &record->must_change, NULL},
	};
	bool ok = false;

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		if (strcmp(key, plain[i].key) == 0) {
			ok = plain[i].flag != NULL
				     ? take_flag(plain[i].flag, value)
				     : take_text(plain[i].text, value);
			return ok ? TOOK : WRONG_TYPE;
		}
	}
	if (strcmp(key, "name") == 0) {
		ok = take_name(entry, value);
	} else if (strcmp(key, "groups") == 0) {
		ok = take_groups(entry, value);
	} else if (strcmp(key, "password") == 0) {
		ok = take_password(entry, value);
	} else if (strcmp(key, "password_expires_at") == 0) {
		ok = is_instant(value) && json_integer_value(value) >= 0;
		record->password_expires_at = json_integer_value(value);
	} else if (strcmp(key, "created_at") == 0 ||
		   strcmp(key, "last_login_at") == 0) {
		ok = is_instant(value);
	} else {
		return UNKNOWN;
	}
	return ok ? TOOK : WRONG_TYPE;
}

/* Keys of others may hold anything, so they are shown in ASCII. */
static void refuse_key(struct entry *entry, const char *key, const char *what)
{
	char shown[40];
	size_t len = 0;

	for (; key[len] && len < sizeof(shown) - 1; len++) {
		shown[len] = key[len] < ' ' || key[len] > '~' ? '?' : key[len];
	}
	shown[len] = '\0';
	snprintf(entry->why, sizeof(entry->why), "%s: \"%s\"", what, shown);
	entry->record.refused = entry->why;
}

static void fill(struct entry *entry, json_t *object)
{
	struct stauth_import_record *record = &entry->record;
	const char *key = NULL;
	json_t *value = NULL;

	json_object_foreach(object, key, value)
	{
		enum took took = take_value(entry, key, value);

		if (took != TOOK && record->refused == NULL) {
			refuse_key(entry, key,
				took == UNKNOWN ? CTL_TEXT_IMPORT_KEY
						: CTL_TEXT_IMPORT_TYPE);
		}
	}
	if (record->name == NULL && record->refused == NULL) {
		record->refused = CTL_TEXT_IMPORT_NAMELESS;
	}
}

/* --- 2. what is reported */

static void note(struct stauth_import_record *record)
{
	size_t count = 0;

	if (record->system_login) {
		record->notes[count++] = CTL_TEXT_IMPORT_SYSTEM_LOGIN;
	}
	if (record->hash == NULL) {
		record->notes[count++] = CTL_TEXT_IMPORT_NO_PASSWORD;
	}
}

static enum stauth_rc take_object(const char *text, size_t len, size_t line,
	const struct walk *walk, struct stauth_err *err)
{
	struct entry entry = {.record = {.line = line}};
	json_error_t why;
	json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);

	stauth_buf_init(&entry.groups, CTL_LINE_MAX);
	if (json_is_object(object)) {
		fill(&entry, object);
		note(&entry.record);
	} else {
		entry.record.refused = CTL_TEXT_IMPORT_NO_OBJECT;
	}
	enum stauth_rc rc = walk->take(&entry.record, walk->arg, err);
	stauth_buf_finish(&entry.groups);
	json_decref(object);
	return rc;
}

/* --- 3. lines */

static enum stauth_rc take_line(char *line, size_t len, size_t number,
	void *arg, struct stauth_err *err)
{
	if (line[strspn(line, " \t")] == '\0') {
		return STAUTH_OK;
	}
	return take_object(line, len, number, arg, err);
}

/* --- 3. an array */

struct array {
	const struct walk *walk;
	int fd;
	size_t line;
	size_t at;
	size_t len;
	char chunk[CHUNK];
	size_t entry_len;
	char entry[CTL_LINE_MAX];
};

/* The next byte, -1 at the end, -2 after a fault. */
static int next(struct array *array, struct stauth_err *err)
{
	if (array->at == array->len) {
		array->at = 0;
		if (ctl_read_some(array->fd, array->chunk, CHUNK, &array->len,
			    err) != STAUTH_OK) {
			array->len = 0;
			return -2;
		}
		if (array->len == 0) {
			return -1;
		}
	}
	array->line += array->chunk[array->at] == '\n';
	return (unsigned char)array->chunk[array->at++];
}

static int next_sign(struct array *array, struct stauth_err *err)
{
	int c;

	do {
		c = next(array, err);
	} while (c == ' ' || c == '\t' || c == '\r' || c == '\n');
	return c;
}

static enum stauth_rc broken(const struct array *array, int c, const char *what,
	struct stauth_err *err)
{
	return c == -2 ? STAUTH_EUNREACHABLE
		       : stauth_fail(err, STAUTH_BADVALUE, "%zu: %s",
				 array->line, what);
}

/* From its brace, which was read, to the one that closes it. jansson judges
 * what is between them. */
static enum stauth_rc read_entry(struct array *array, struct stauth_err *err)
{
	int c = '{';

	array->entry_len = 0;
	int depth = 0;
	bool quoted = false;
	bool escaped = false;
	for (;;) {
		if (c <= 0) {
			return broken(array, c, "an entry is not closed", err);
		}
		if (array->entry_len == sizeof(array->entry)) {
			return broken(array, c, "an entry is too long", err);
		}
		array->entry[array->entry_len++] = (char)c;
		if (!quoted) {
			depth +=
				(c == '{' || c == '[') - (c == '}' || c == ']');
			quoted = c == '"';
		} else if (escaped) {
			escaped = false;
		} else {
			escaped = c == '\\';
			quoted = c != '"';
		}
		if (depth == 0) {
			return STAUTH_OK;
		}
		c = next(array, err);
	}
}

static enum stauth_rc read_entries(struct array *array, struct stauth_err *err)
{
	int c = next_sign(array, err);

	while (c == '{') {
		size_t line = array->line;
		enum stauth_rc rc = read_entry(array, err);

		if (rc == STAUTH_OK) {
			rc = take_object(array->entry, array->entry_len, line,
				array->walk, err);
		}
		if (rc != STAUTH_OK) {
			return rc;
		}
		c = next_sign(array, err);
		if (c == ',') {
			c = next_sign(array, err);
			if (c == ']') {
				return broken(
					array, c, "unexpected comma", err);
			}
		} else if (c == '{') {
			return broken(array, c, "missing comma", err);
		}
	}
	if (c != ']') {
		return broken(array, c, "the array is not closed", err);
	}
	c = next_sign(array, err);
	return c == -1 ? STAUTH_OK
		       : broken(array, c, "unexpected text after the array",
				 err);
}

static enum stauth_rc read_array(
	int fd, off_t start, struct walk *walk, struct stauth_err *err)
{
	struct array *array = calloc(1, sizeof(*array));

	if (array == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	array->walk = walk;
	array->fd = fd;
	array->line = 1;
	enum stauth_rc rc = STAUTH_OK;
	if (lseek(fd, start, SEEK_SET) != start) {
		rc = stauth_fail(
			err, STAUTH_EUNREACHABLE, "%s", strerror(errno));
	}
	if (rc == STAUTH_OK) {
		(void)next_sign(array, err); /* the bracket */
		rc = read_entries(array, err);
	}
	stauth_wipe(array, sizeof(*array));
	free(array);
	return rc;
}

enum stauth_rc ctl_json_read(
	void *self, stauth_import_fn *take, void *arg, struct stauth_err *err)
{
	const struct ctl_import_file *file = self;
	struct walk walk = {take, arg};
	char start[CHUNK + 1] = "";
	ssize_t n = pread(file->fd, start, CHUNK, 0);
	off_t skip = strncmp(start, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	if (n < 0) {
		return stauth_fail(
			err, STAUTH_EUNREACHABLE, "%s", strerror(errno));
	}
	json_set_alloc_funcs(malloc, free_wiped);
	if (start[skip + (off_t)strspn(start + skip, " \t\r\n")] == '[') {
		return read_array(file->fd, skip, &walk, err);
	}
	return ctl_lines_read(file->fd, take_line, &walk, err);
}
