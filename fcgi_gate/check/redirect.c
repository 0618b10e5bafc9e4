/* SPDX-License-Identifier: MIT */
/*
 * Where somebody without a session is sent.
 *
 *  1. Only GET and HEAD MUST be sent anywhere.
 *  2. With Sec-Fetch-Mode or -Dest it MUST be `navigate`, and `document` or no
 *     Dest at all (a click on a download sends `empty`).
 *  3. Without them Accept MUST contain text/html, and there MUST be no
 *     Upgrade.
 *  4. Never from the paths that Streamlit's page fetches by itself, but for
 *     a file that is opened as a document.
 */
#include "check/redirect.h"

#include <string.h>

#include "http/return_url.h"

#include "base/banned.h"

static bool is_set(const char *value)
{
	return value != NULL && *value != '\0';
}

static bool is_equal(const char *value, const char *want)
{
	return value != NULL && strcmp(value, want) == 0;
}

static bool has_segment(const char *path, size_t len, const char *segment)
{
	return memmem(path, len, segment, strlen(segment)) != NULL;
}

/* A file below media, component or static may be opened in a tab of its own,
 * and Sec-Fetch-Dest says so. */
static bool is_fetched_by_page(const struct gate_check_params *params)
{
	static const char *const files[] = {
		"/media/",
		"/component/",
		"/app/static/",
	};
	const char *path = gate_uri_path(params->uri);
	size_t len = strcspn(path, "?");
	if (has_segment(path, len, "/_stcore/")) {
		return true;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (has_segment(path, len, files[i])) {
			return !is_equal(params->fetch_dest, "document");
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
	return !is_fetched_by_page(params);
}
