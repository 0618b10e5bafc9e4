/* SPDX-License-Identifier: MIT */
#include "auth/import_seen.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/records.h"

#include "base/banned.h"

/* An entry is one string: how often it was seen, '1' or '2', and the text. */
#define ENTRY_SIZE (1 + STAUTH_NAME_SIZE)

static int order(const void *a, const void *b)
{
	const char *x = a;
	const char *y = b;

	return strcmp(x + 1, y + 1);
}

enum stauth_rc stauth_seen_add(
	struct stauth_seen *seen, const char *text, struct stauth_err *err)
{
	size_t size = strlen(text) + 2;
	char *entry = malloc(size);
	char **found;

	if (!entry) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	(void)snprintf(entry, size, "1%s", text);
	found = tsearch(entry, &seen->root, order);
	if (!found) {
		free(entry);
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	if (*found != entry) {
		(*found)[0] = '2';
		free(entry);
	}
	return STAUTH_OK;
}

bool stauth_seen_twice(const struct stauth_seen *seen, const char *text)
{
	char entry[ENTRY_SIZE];
	char **found;

	(void)snprintf(entry, sizeof(entry), "?%s", text);
	found = tfind(entry, &seen->root, order);
	return found && (*found)[0] == '2';
}

void stauth_seen_free(struct stauth_seen *seen)
{
	tdestroy(seen->root, free);
	seen->root = NULL;
}
