/* SPDX-License-Identifier: MIT */
#ifndef NGINX_DUMP_H
#define NGINX_DUMP_H

#include "base/buf.h"
#include "base/rc.h"

/* All that comes from a descriptor, at most NGINX_TEXT_MAX bytes. BADVALUE:
 * it is more. */
enum stauth_rc nginx_dump_read(
	int fd, struct stauth_buf *buf, struct stauth_err *err);
/* Runs nginx -T of the usual places, without a shell.
 * EUNREACHABLE: there is no nginx; EDENIED: it may not read what it needs;
 * ECONFIG: it refuses its configuration, with its last words in err. */
enum stauth_rc nginx_dump_run(struct stauth_buf *buf, struct stauth_err *err);

#endif
