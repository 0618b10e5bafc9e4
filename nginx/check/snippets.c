/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <ctype.h>
#include <string.h>

#include "base/banned.h"

/*
 * The snippets as they are shipped, for another configuration. They MUST:
 *  1. be byte for byte those of nginx/ with the default RUN_DIR and cookie;
 *  2. never hold a byte of the configuration that nginx would read as
 *     anything but a letter of a path or of a cookie's name.
 */
#define SHIPPED_RUN_DIR "/run/stauth/"
#define SHIPPED_COOKIE  "__Host-stauth"

static bool is_made_of(const char *text, const char *more)
{
	for (; *text != '\0'; text++) {
		if (!isalnum((unsigned char)*text) &&
			strchr(more, *text) == NULL) {
			return false;
		}
	}
	return true;
}

enum stauth_rc nginx_snippets_fit(
	const struct stauth_config *config, struct stauth_err *err)
{
	const char *key = NULL;

	if (config->run_dir[0] != '/' || !is_made_of(config->run_dir, "/._-")) {
		key = "RUN_DIR";
	} else if (config->cookie_name[0] == '\0' ||
		   !is_made_of(config->cookie_name, "._-")) {
		key = "SESSION_TOKEN_NAME";
	}
	if (key == NULL) {
		return STAUTH_OK;
	}
	return stauth_fail(err, STAUTH_ECONFIG,
		"%s: %s: only letters, digits and / . _ - are possible in an "
		"nginx configuration",
		config->path, key);
}

/* The cookie's name stands in regular expressions. */
static void add_cookie(struct stauth_buf *buf, const char *name)
{
	for (; *name != '\0'; name++) {
		if (*name == '.') {
			stauth_buf_add(buf, "\\");
		}
		stauth_buf_add_len(buf, name, 1);
	}
}

static void add_run_dir(struct stauth_buf *buf, const char *dir)
{
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/') {
		len--;
	}
	stauth_buf_add_len(buf, dir, len);
	stauth_buf_add(buf, len > 1 ? "/" : "");
}

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

void nginx_snippet_render(struct stauth_buf *buf, const char *text,
	const struct stauth_config *config)
{
	while (*text != '\0') {
		if (starts_with(text, SHIPPED_RUN_DIR)) {
			add_run_dir(buf, config->run_dir);
			text += strlen(SHIPPED_RUN_DIR);
		} else if (starts_with(text, SHIPPED_COOKIE)) {
			add_cookie(buf, config->cookie_name);
			text += strlen(SHIPPED_COOKIE);
		} else {
			stauth_buf_add_len(buf, text++, 1);
		}
	}
}
