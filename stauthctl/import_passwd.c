/* SPDX-License-Identifier: MIT */
/*
 * The password files of Apache and nginx: NAME:HASH, perhaps a comment behind
 * one more colon; lines that are empty or begin with # are none.
 *
 * Nothing of a line but the name is ever shown: people put passwords in
 * plain text there.
 *
 * shadow(5), in the order of the code:
 *
 *  1. A password that is locked (! or * before or in place of the hash) or
 *     empty lets nobody in there by password, so its entry MUST be reported and
 *     skipped.
 *  2. root's MUST be skipped: the password of the host is not one for the web.
 *  3. "Must change" (last change 0) is kept. An account that has expired MUST
 *     come disabled; an expiry to come is reported, for there is none here. How
 *     old a password may get is not taken over.
 */
#include <stdlib.h>
#include <string.h>

#include "import_sources.h"
#include "text.h"

#include "base/banned.h"

#define DAY_S (24 * 60 * 60)

struct walk {
	stauth_import_fn *take;
	void *arg;
	int64_t today; /* days since 1970 */
};

/* --- htpasswd */

static enum stauth_rc take_htpasswd(char *line, size_t len, size_t number,
	void *arg, struct stauth_err *err)
{
	struct stauth_import_record record = {.line = number};

	if (line[strspn(line, " \t")] == '\0' ||
		line[strspn(line, " \t")] == '#') {
		return STAUTH_OK;
	}
	char *colon = memchr(line, ':', len);
	const struct walk *walk = arg;
	if (colon == NULL) {
		record.refused = CTL_TEXT_IMPORT_NO_COLON;
		return walk->take(&record, walk->arg, err);
	}
	*colon = '\0';
	char *hash = colon + 1;
	hash[strcspn(hash, ": \t")] = '\0';
	record.name = line;
	record.name_len = (size_t)(colon - line);
	record.hash = hash;
	return walk->take(&record, walk->arg, err);
}

enum stauth_rc ctl_htpasswd_read(
	void *self, stauth_import_fn *take, void *arg, struct stauth_err *err)
{
	const struct ctl_import_file *file = self;
	struct walk walk = {.take = take, .arg = arg};

	return ctl_lines_read(file->fd, take_htpasswd, &walk, err);
}

/* --- shadow */

enum {
	NAME,
	HASH,
	CHANGED,
	MIN_AGE,
	MAX_AGE,
	WARN,
	INACTIVE,
	EXPIRES,
	FIELDS
};

/* Rules 1 and 2. */
static const char *refused(const char *name, const char *hash)
{
	if (strcmp(name, "root") == 0) {
		return CTL_TEXT_IMPORT_ROOT;
	}
	if (hash[0] == '!' || hash[0] == '*') {
		return CTL_TEXT_IMPORT_LOCKED;
	}
	if (hash[0] == '\0') {
		return CTL_TEXT_IMPORT_EMPTY;
	}
	return strcmp(hash, "x") == 0 ? CTL_TEXT_IMPORT_PASSWD : NULL;
}

/* Rule 3. */
/* Days; -1 for none, and for what is no number. */
static int64_t days(const char *field)
{
	char *end = NULL;
	long long value = strtoll(field, &end, 10);

	return field[0] && *end == '\0' && value >= 0 ? value : -1;
}

static void take_ages(const struct walk *walk, char *const field[FIELDS],
	struct stauth_import_record *record)
{
	int64_t expires = days(field[EXPIRES]);

	record->must_change = days(field[CHANGED]) == 0;
	record->disabled = expires >= 0 && expires <= walk->today;
	if (expires >= 0) {
		record->notes[0] = record->disabled ? CTL_TEXT_IMPORT_EXPIRED
						    : CTL_TEXT_IMPORT_EXPIRES;
	}
}

static enum stauth_rc take_shadow(char *line, size_t len, size_t number,
	void *arg, struct stauth_err *err)
{
	static char none[] = "";
	struct stauth_import_record record = {.line = number};

	if (len == 0) {
		return STAUTH_OK;
	}
	char *field[FIELDS];
	for (size_t i = 0; i < FIELDS; i++) {
		field[i] = line != NULL ? line : none;
		line = line != NULL ? strchr(line, ':') : NULL;
		if (line != NULL) {
			*line++ = '\0';
		}
	}
	const struct walk *walk = arg;
	if (field[HASH] == none) {
		record.refused = CTL_TEXT_IMPORT_NO_COLON;
		return walk->take(&record, walk->arg, err);
	}
	record.name = field[NAME];
	record.name_len = strlen(field[NAME]);
	record.hash = field[HASH];
	record.refused = refused(field[NAME], field[HASH]);
	take_ages(walk, field, &record);
	return walk->take(&record, walk->arg, err);
}

enum stauth_rc ctl_shadow_read(
	void *self, stauth_import_fn *take, void *arg, struct stauth_err *err)
{
	const struct ctl_import_file *file = self;
	struct walk walk = {take, arg, file->now_s / DAY_S};

	return ctl_lines_read(file->fd, take_shadow, &walk, err);
}
