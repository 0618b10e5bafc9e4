/* SPDX-License-Identifier: MIT */
#ifndef CTL_NGINX_SOURCE_H
#define CTL_NGINX_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

/* Text from outside, bounded. */
struct ctl_source {
	char *text; /* finish frees it */
	size_t len;
	bool too_large;
	int error; /* errno of what failed, 0 if nothing did */
};

void ctl_source_finish(struct ctl_source *source);

/* A regular file of at most max bytes; never blocks. False with error or
 * too_large set, and nothing to finish. */
bool ctl_source_file(const char *path, size_t max, struct ctl_source *source);
/* All that comes from a descriptor. The same. */
bool ctl_source_fd(int fd, size_t max, struct ctl_source *source);

#define CTL_REMARK_SIZE 1024

/* What became of `nginx -T`. */
struct ctl_nginx_run {
	bool found;                   /* is there an nginx at all? */
	bool done;                    /* it ended with 0 */
	bool denied;                  /* a permission was missing */
	char remark[CTL_REMARK_SIZE]; /* its last words, printable */
};

/* Runs nginx of the usual places, without a shell, for at most a minute.
 * False: run says why, and there is nothing to finish. */
bool ctl_source_nginx(
	size_t max, struct ctl_source *source, struct ctl_nginx_run *run);

#endif
