/* SPDX-License-Identifier: MIT */
/*
 * The password files of Apache and nginx: NAME:HASH, perhaps a comment behind
 * one more colon; lines that are empty or begin with # are none.
 *
 * Nothing of a line but the name is ever shown: people put passwords in
 * plain text there.
 */
#include "import_sources.h"

#include <string.h>

#include "text.h"

#include "base/banned.h"

struct walk {
	stauth_import_fn *take;
	void *arg;
};

static enum stauth_rc take_line(char *line, size_t len, size_t number,
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
	struct walk walk = {take, arg};

	return ctl_lines_read(file->fd, take_line, &walk, err);
}
