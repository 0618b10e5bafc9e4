/* SPDX-License-Identifier: MIT */
#ifndef GATE_COOKIES_H
#define GATE_COOKIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/random.h"
#include "config/config.h"

/* A token, and right behind it perhaps a mark with the time: of what did this
 * browser come back from? */
#define GATE_PRE_SIZE  (STAUTH_TOKEN_LEN + 24)
#define GATE_PRE_PLAIN '\0'
#define GATE_PRE_LOGIN '.'
#define GATE_PRE_RESET '~'

enum gate_cookie_kind {
	GATE_COOKIE_SESSION,
	GATE_COOKIE_PRE,    /* binds forms to the browser */
	GATE_COOKIE_DEVICE, /* a browser that this account used before */
	GATE_COOKIE_COUNT,
};

/* What the browser brought; "" for what is missing, malformed, or there
 * twice. */
struct gate_cookies {
	char session[STAUTH_TOKEN_LEN + 1];
	char pre[GATE_PRE_SIZE];
	char device[STAUTH_TOKEN_LEN + 1];
	bool session_sent; /* one of our name came, whatever it held */
	bool pre_twice;    /* a sibling of this host may have set the other */
};

/* The name of a cookie under this configuration. */
const char *gate_cookie_name(
	const struct stauth_config *config, enum gate_cookie_kind cookie);

/* By the rules of http/cookie.c. */
void gate_cookies_parse(const struct stauth_config *config, const char *header,
	struct gate_cookies *ret_cookies);

struct gate_set_cookie {
	enum gate_cookie_kind kind;
	const char *value;
	int64_t max_age_s; /* -1: until the browser ends; 0 removes it */
	bool https;        /* is the request's scheme that? */
};
/* The value of a Set-Cookie header. */
void gate_cookie_write(struct stauth_buf *out,
	const struct stauth_config *config,
	const struct gate_set_cookie *cookie);

/* When was this pre-cookie given that mark? 0: it has another, or none. */
int64_t gate_pre_marked_at(const char *pre, char mark);
/* Is this a pre-cookie that we may have made? */
bool gate_pre_wellformed(const char *value, size_t len);

#endif
