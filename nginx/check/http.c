/* SPDX-License-Identifier: MIT */
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/banned.h"

#define TIMEOUT_S 10L

/* A header's value, if line is one of this name; NULL if not. */
static const char *value_of(const char *line, const char *name)
{
	size_t len = strlen(name);

	if (strncasecmp(line, name, len) != 0 || line[len] != ':') {
		return NULL;
	}
	line += len + 1;
	return line + strspn(line, " \t");
}

static void add_value(char out[NGINX_VALUE_SIZE], const char *value)
{
	size_t len = strlen(out);

	if (value != NULL) {
		snprintf(out + len, NGINX_VALUE_SIZE - len, "%s%s",
			len > 0 ? ", " : "", value);
	}
}

/* Stops at 101: nobody wants to talk over what was opened. */
static size_t take_header(char *data, size_t size, size_t count, void *user)
{
	size_t len = size * count;
	char line[NGINX_VALUE_SIZE];

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(data, "\r\n"), data);
	struct nginx_answer *answer = user;
	if (strncmp(line, "HTTP/", 5) == 0) {
		const char *status = strchr(line, ' ');

		answer->status = status != NULL ? strtol(status, NULL, 10) : 0;
	}
	add_value(answer->location, value_of(line, "Location"));
	add_value(answer->cache_control, value_of(line, "Cache-Control"));
	add_value(answer->policy, value_of(line, "Content-Security-Policy"));
	if (value_of(line, "X-Auth-User") != NULL ||
		value_of(line, "X-Auth-Assertion") != NULL) {
		answer->has_identity = true;
	}
	const char *cookie = value_of(line, "Set-Cookie");
	if (cookie != NULL && (strcasestr(cookie, "; HttpOnly") == NULL ||
				      strcasestr(cookie, "; Secure") == NULL)) {
		answer->has_open_cookie = true;
	}
	return answer->status == 101 ? 0 : len;
}

static size_t drop_body(char *data, size_t size, size_t count, void *user)
{
	(void)data;
	(void)user;
	return size * count;
}

static CURLcode set_request(CURL *curl, const struct nginx_request *request,
	struct curl_slist *headers, bool any_certificate)
{
	bool is_head = strcmp(request->method, "HEAD") == 0;
	long verify = any_certificate ? 0L : 1L;
	CURLcode bad = CURLE_OK;

	bad |= curl_easy_setopt(
		curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	bad |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	bad |= curl_easy_setopt(curl, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
	bad |= curl_easy_setopt(curl, CURLOPT_NOBODY, is_head ? 1L : 0L);
	bad |= curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	bad |= curl_easy_setopt(curl, CURLOPT_REQUEST_TARGET, request->target);
	bad |= curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	bad |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, verify);
	bad |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, verify * 2);
	bad |= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	bad |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop_body);
	return bad;
}

static bool add_headers(
	struct curl_slist **list, const char *const headers[NGINX_HEADERS_MAX])
{
	for (size_t i = 0; i < NGINX_HEADERS_MAX && headers[i] != NULL; i++) {
		struct curl_slist *more = curl_slist_append(*list, headers[i]);

		if (more == NULL) {
			return false;
		}
		*list = more;
	}
	return true;
}

struct nginx_answer nginx_ask(const char *origin,
	const struct nginx_request *request, bool any_certificate)
{
	struct nginx_answer answer = {0};
	struct curl_slist *headers = NULL;
	CURL *curl = curl_easy_init();
	CURLcode code = CURLE_OUT_OF_MEMORY;

	if (curl != NULL && add_headers(&headers, request->headers) &&
		set_request(curl, request, headers, any_certificate) ==
			CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_URL, origin) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer) ==
			CURLE_OK) {
		code = curl_easy_perform(curl);
	}
	curl_off_t connected_us = 0;
	(void)curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME_T, &connected_us);
	answer.has_connected = connected_us > 0;
	answer.is_untrusted = code == CURLE_PEER_FAILED_VERIFICATION;
	answer.fault = curl_easy_strerror(code);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return answer;
}
