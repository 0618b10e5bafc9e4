/* SPDX-License-Identifier: MIT */
/* Which names or addresses stand more than once in what is imported; for
 * import*.c only. */
#ifndef STAUTH_IMPORT_SEEN_H
#define STAUTH_IMPORT_SEEN_H

#include <stdbool.h>

#include "base/rc.h"

/* Zeroed: empty. A balanced tree, so that no file can make it slow. */
struct stauth_seen {
	void *root;
};

/* text: canonical, at most 254 bytes. */
enum stauth_rc stauth_seen_add(
	struct stauth_seen *seen, const char *text, struct stauth_err *err);
bool stauth_seen_twice(const struct stauth_seen *seen, const char *text);
void stauth_seen_free(struct stauth_seen *seen);

#endif
