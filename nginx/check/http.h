/* SPDX-License-Identifier: MIT */
/* One request of `nginx probe`, byte for byte. */
#ifndef NGINX_HTTP_H
#define NGINX_HTTP_H

#include <stdbool.h>

#define NGINX_VALUE_SIZE  512
#define NGINX_HEADERS_MAX 8

struct nginx_request {
	const char *method;
	const char *target;
	const char *headers[NGINX_HEADERS_MAX]; /* up to the first NULL */
};

struct nginx_answer {
	long status; /* 0: none came */
	char location[NGINX_VALUE_SIZE];
	char cache_control[NGINX_VALUE_SIZE]; /* all of them */
	char policy[NGINX_VALUE_SIZE];
	bool has_identity;    /* an X-Auth-User or X-Auth-Assertion */
	bool has_open_cookie; /* one without HttpOnly or Secure */
	bool has_connected;   /* somebody listens there */
	bool is_untrusted;    /* the certificate is no good */
	const char *fault;    /* why none came */
};

/* Asks over a fresh connection, follows nothing, reads no body. origin:
 * "https://app.example.com". */
struct nginx_answer nginx_ask(const char *origin,
	const struct nginx_request *request, bool any_certificate);

#endif
