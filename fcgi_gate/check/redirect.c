/* SPDX-License-Identifier: MIT */
/*
 * Where somebody without a session is sent.
 *
 *  1. Only GET and HEAD MUST be sent anywhere.
 *  2. With Sec-Fetch-Mode or -Dest it MUST be `navigate`, and `document` or no
 *     Dest at all (a click on a download sends `empty`).
 *  3. Without them Accept MUST contain text/html, and there MUST be no
 *     Upgrade.
 *  4. Never from the paths that Streamlit's page fetches by itself.
 *  5. `rd` is the raw request URI, every byte but A-Za-z0-9-._~/ encoded, at
 *     most 2,048 bytes: else without the query, else "/". Of the absolute
 *     form only the path counts; what has no path is "/".
 */
#include "check/redirect.h"

#include <string.h>

#include "base/banned.h"

static bool is_set(const char *value)
{
	return value != NULL && *value != '\0';
}

static bool is_equal(const char *value, const char *want)
{
	return value != NULL && strcmp(value, want) == 0;
}

/* From the path on; "/" where there is none. */
static const char *from_path(const char *uri)
{
	if (uri == NULL || *uri == '\0') {
		return "/";
	}
	if (*uri == '/') {
		return uri;
	}
	const char *scheme_end = strstr(uri, "://");
	if (scheme_end == NULL) {
		return "/";
	}
	const char *authority = scheme_end + 3;
	const char *path = authority + strcspn(authority, "/?#");
	return *path == '/' ? path : "/";
}

static bool has_segment(const char *path, size_t len, const char *segment)
{
	return memmem(path, len, segment, strlen(segment)) != NULL;
}

static bool is_fetched_by_page(const char *uri)
{
	static const char *const segments[] = {
		"/_stcore/",
		"/media/",
		"/component/",
		"/app/static/",
	};
	const char *path = from_path(uri);
	size_t len = strcspn(path, "?");
	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
		if (has_segment(path, len, segments[i])) {
			return true;
		}
	}
	return false;
}

bool gate_is_navigation(const struct gate_check_params *params)
{
	if (!is_equal(params->method, "GET") &&
		!is_equal(params->method, "HEAD")) {
		return false;
	}
	if (is_set(params->fetch_mode) || is_set(params->fetch_dest)) {
		if (!is_equal(params->fetch_mode, "navigate") ||
			(is_set(params->fetch_dest) &&
				!is_equal(params->fetch_dest, "document"))) {
			return false;
		}
	} else if (is_set(params->upgrade) || !is_set(params->accept) ||
		   strcasestr(params->accept, "text/html") == NULL) {
		return false;
	}
	return !is_fetched_by_page(params->uri);
}

static size_t encoded_len(const char *str, size_t len)
{
	size_t total = 0;
	for (size_t i = 0; i < len; i++) {
		total += stauth_uri_plain(str[i]) ? 1 : 3;
	}
	return total;
}

void gate_add_login_url(const char *uri, struct stauth_buf *out)
{
	const char *rd = from_path(uri);
	size_t len = strlen(rd);
	if (encoded_len(rd, len) > GATE_RD_MAX) {
		len = strcspn(rd, "?");
	}
	if (encoded_len(rd, len) > GATE_RD_MAX) {
		rd = "/";
		len = 1;
	}
	stauth_buf_add(out, "/auth/login?rd=");
	stauth_buf_add_uri(out, rd, len);
}
