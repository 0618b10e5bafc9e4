/* SPDX-License-Identifier: MIT */
#include "nginx/snippets.h"

#include <ctype.h>
#include <string.h>
#include <sysexits.h>

#include "result.h"

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
	for (; *text; text++) {
		if (!isalnum((unsigned char)*text) && !strchr(more, *text)) {
			return false;
		}
	}
	return true;
}

int ctl_snippets_fit(const struct stauth_config *config)
{
	if (config->run_dir[0] != '/' || !is_made_of(config->run_dir, "/._-")) {
		return ctl_fail_with(EX_CONFIG,
			"%s: RUN_DIR: only letters, digits and / . _ - can "
			"stand in an nginx configuration",
			config->path);
	}
	if (!config->cookie_name[0] ||
		!is_made_of(config->cookie_name, "._-")) {
		return ctl_fail_with(EX_CONFIG,
			"%s: SESSION_TOKEN_NAME: only letters, digits and "
			". _ - can stand in an nginx configuration",
			config->path);
	}
	return EX_OK;
}

/* The cookie's name stands in regular expressions. */
static void add_cookie(struct stauth_buf *buf, const char *name)
{
	for (; *name; name++) {
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

void ctl_snippets_render(struct stauth_buf *buf, const char *text,
	const struct stauth_config *config)
{
	while (*text) {
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
