/* SPDX-License-Identifier: MIT */
/*
 * Where a browser may be sent after a log-in: a path of this very site.
 *
 * 1. It MUST be at most 2,048 bytes, all of them printable ASCII: no control,
 *    no blank, no backslash (browsers read it as a slash), nothing above 7E.
 * 2. It MUST begin with one slash, not two: two name another host.
 * 3. Its path, before the first `?`, read as it stands and again with its
 *    escapes decoded once, MUST hold no `//`, no `.` or `..` segment, no
 *    backslash and no control.
 * 4. Below /auth/ it MUST be the account, the administration or a fresh
 *    log-in, and it MUST not end in /auth/login or /auth/logout: nginx takes
 *    those of an app to ours, and a log-in would undo itself.
 * 5. What is refused counts as "/", never as an error.
 *
 * As `rd` a raw request URI is written with every byte but A-Za-z0-9-._~/
 * encoded. Over 2,048 encoded bytes the query is dropped, else it is "/".
 */
#include "http/return_url.h"

#include <string.h>

#include "base/ascii.h"

#include "base/banned.h"

static bool printable(const char *url, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (url[i] <= ' ' || url[i] >= 0x7f || url[i] == '\\') {
			return false;
		}
	}
	return true;
}

/* A `%` that begins no escape stays what it is: nginx refuses such a path by
 * itself, and nothing else makes another character of it. */
static size_t decode_path(const char *path, size_t len, char *out)
{
	size_t out_len = 0;
	for (size_t i = 0; i < len; i++) {
		int high = -1;
		int low = -1;
		if (path[i] == '%' && len - i > 2) {
			high = stauth_hex_value(path[i + 1]);
			low = stauth_hex_value(path[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			out[out_len++] = (char)(high * 16 + low);
			i += 2;
		} else {
			out[out_len++] = path[i];
		}
	}
	return out_len;
}

static bool dot_segment(const char *segment, size_t len)
{
	return (len == 1 && segment[0] == '.') ||
	       (len == 2 && segment[0] == '.' && segment[1] == '.');
}

static bool path_ok(const char *path, size_t len)
{
	if (len == 0 || path[0] != '/') {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)path[i];
		if (c < ' ' || c == 0x7f || c == '\\') {
			return false;
		}
	}
	size_t start = 1;
	for (size_t i = 1; i <= len; i++) {
		if (i < len && path[i] != '/') {
			continue;
		}
		/* An empty segment is a double slash, unless it is the end. */
		if ((i == start && i < len) ||
			dot_segment(path + start, i - start)) {
			return false;
		}
		start = i + 1;
	}
	return true;
}

static bool begins(const char *path, size_t len, const char *prefix)
{
	size_t prefix_len = strlen(prefix);
	return len >= prefix_len && memcmp(path, prefix, prefix_len) == 0;
}

static bool ends(const char *path, size_t len, const char *suffix)
{
	size_t suffix_len = strlen(suffix);
	return len >= suffix_len &&
	       memcmp(path + len - suffix_len, suffix, suffix_len) == 0;
}

static bool place_ok(const char *path, size_t len)
{
	if (ends(path, len, "/auth/login") || ends(path, len, "/auth/logout")) {
		return false;
	}
	return !begins(path, len, "/auth/") ||
	       begins(path, len, "/auth/account") ||
	       begins(path, len, "/auth/admin") ||
	       begins(path, len, "/auth/confirm");
}

bool gate_return_url_ok(const char *url, size_t len)
{
	if (len == 0 || len > GATE_RETURN_URL_MAX || !printable(url, len)) {
		return false;
	}
	const char *query = memchr(url, '?', len);
	size_t path_len = query != NULL ? (size_t)(query - url) : len;
	if (!path_ok(url, path_len) || !place_ok(url, path_len)) {
		return false;
	}
	char decoded[GATE_RETURN_URL_MAX];
	size_t decoded_len = decode_path(url, path_len, decoded);
	return path_ok(decoded, decoded_len) && place_ok(decoded, decoded_len);
}

const char *gate_return_url(const char *url)
{
	return gate_return_url_ok(url, strlen(url)) ? url : "/";
}

const char *gate_uri_path(const char *uri)
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

static size_t encoded_len(const char *str, size_t len)
{
	size_t total = 0;
	for (size_t i = 0; i < len; i++) {
		total += stauth_uri_plain(str[i]) ? 1 : 3;
	}
	return total;
}

void gate_return_url_add(
	struct stauth_buf *out, const char *page, const char *uri)
{
	const char *rd = gate_uri_path(uri);
	size_t len = strlen(rd);
	if (encoded_len(rd, len) > GATE_RETURN_URL_MAX) {
		len = strcspn(rd, "?");
	}
	if (encoded_len(rd, len) > GATE_RETURN_URL_MAX) {
		rd = "/";
		len = 1;
	}
	stauth_buf_add(out, page);
	stauth_buf_add(out, "?rd=");
	stauth_buf_add_uri(out, rd, len);
}
