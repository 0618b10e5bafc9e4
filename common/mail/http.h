/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_HTTP_H
#define STAUTH_HTTP_H

#include <stdint.h>

#include "base/buf.h"
#include "base/rc.h"

#define STAUTH_HTTP_REPLY_MAX (64 * 1024)

struct stauth_http_reply {
	int status;
	int64_t retry_after_s; /* 0: the server names no time */
	/* "" if it was too long or cut: the status holds all the same. */
	struct stauth_buf body;
};

/*
 * POSTs JSON once, with a bearer token. OK: there is a status, whatever it
 * is; finish the reply. EUNREACHABLE: the request did not arrive whole.
 * EUNKNOWN: it may have, without an answer. ECONFIG: certificates, the URL.
 */
enum stauth_rc stauth_http_post(const char *url, const char *bearer,
	const char *json, struct stauth_http_reply *ret_reply,
	struct stauth_err *err);
void stauth_http_reply_finish(struct stauth_http_reply *reply);

#endif
