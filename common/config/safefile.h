/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SAFEFILE_H
#define STAUTH_SAFEFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"

/* Who reads, which decides whose files are believed (CONTRACT 2). */
enum stauth_config_reader {
	STAUTH_READER_SERVICE, /* gate, stauthctl: root's or the own user's */
	STAUTH_READER_HOST,    /* PAM, helper: root's only */
};

struct stauth_file_rules {
	enum stauth_config_reader reader;
	bool secret; /* others may not read it */
	size_t max;  /* bytes */
};

struct stauth_file {
	char *data; /* NUL terminated */
	size_t len;
};

/*
 * Opens a small file safely and reads it whole: O_NOFOLLOW, O_NONBLOCK,
 * O_CLOEXEC; the opened descriptor must be a regular file, with an owner,
 * mode and directory as CONTRACT 2 asks. NOTFOUND, EUNSAFE, EDENIED, ECONFIG;
 * the message names the file and, where that helps, the command.
 */
enum stauth_rc stauth_file_read_safely(const char *path,
	const struct stauth_file_rules *rules, struct stauth_file *ret_file,
	struct stauth_err *err);
/* Wipes and frees. */
void stauth_file_finish(struct stauth_file *file);

#endif
