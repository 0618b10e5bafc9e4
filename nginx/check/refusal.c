/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

#define SNIPPET "" /* the name of one of ours */

/* What nginx means when it refuses one of our includes. The first row whose
 * parts are all in its line. */
static const struct row {
	const char *parts[3];
	const char *advice;
} rows[] = {
	{{"ermission denied"},
		"nginx -T needs root; try: sudo stauthctl nginx check"},
	{{"open() ", "No such file", SNIPPET},
		"Write the snippets there: stauthctl nginx snippets DIR"},
	{{"duplicate upstream \"stauth_"},
		"Include stauth-http.conf once, in http{}."},
	{{"upstream \"stauth_"},
		"Include stauth-http.conf in http{}, before the servers."},
	{{"unknown \"stauth_server\""},
		"Include stauth-server.conf in the server{} of every "
		"protected location."},
	{{"unknown \"stauth_"},
		"Include stauth-http.conf in http{}, and stauth-server.conf in "
		"the server{} of every protected location; if they are there, "
		"the name is not one of stauth's."},
	{{"not allowed here", "stauth-http.conf"},
		"Include stauth-http.conf in http{}, outside of every "
		"server{}."},
	{{"not allowed here", "stauth-server.conf"},
		"Include stauth-server.conf in server{}, outside of every "
		"location{}."},
	{{"not allowed here", "stauth-stream.conf"},
		"Include stauth-stream.conf in server{}, beside "
		"stauth-server.conf."},
	{{"not allowed here", SNIPPET},
		"Include it in location{}, beside its proxy_pass."},
	{{"unknown directive \"auth_request"},
		"This nginx has no auth_request module; Debian's nginx-light "
		"has it."},
	{{"duplicate location \"/auth/\""},
		"stauth-server.conf has this location; remove the other one, "
		"or the second include."},
	{{"is duplicate", SNIPPET},
		"It stands before the include, too, or the snippet is included "
		"twice: remove the other one."},
};

/* A directive that a snippet has as well. */
static bool is_ours(const char *line)
{
	const char *name = strchr(line, '"');

	if (name == NULL || strstr(line, "is duplicate") == NULL) {
		return false;
	}
	char wanted[80];
	snprintf(wanted, sizeof(wanted), "\n%.*s ",
		(int)strcspn(name + 1, "\""), name + 1);
	for (size_t i = 0; nginx_assets[i].name != NULL; i++) {
		if (strstr(nginx_assets[i].data, wanted) != NULL) {
			return true;
		}
	}
	return false;
}

static bool has_part(const char *line, const char *part)
{
	if (strcmp(part, SNIPPET) != 0) {
		return strstr(line, part) != NULL;
	}
	for (size_t i = 0; nginx_assets[i].name != NULL; i++) {
		if (strstr(line, nginx_assets[i].name) != NULL) {
			return true;
		}
	}
	return false;
}

static const char *advice_for(const char *line)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t at = 0;

		while (at < 3 && rows[i].parts[at] != NULL &&
			has_part(line, rows[i].parts[at])) {
			at++;
		}
		if (at == 3 || rows[i].parts[at] == NULL) {
			return rows[i].advice;
		}
	}
	return is_ours(line) ? "A snippet of stauth has it already, which is "
			       "included beside it: remove this one."
			     : NULL;
}

bool nginx_refused(const char *output, struct nginx_refusal *ret_refusal)
{
	const char *line = NULL;

	for (const char *at = strstr(output, "[emerg]"); at != NULL;
		at = strstr(at + 1, "[emerg]")) {
		line = at;
	}
	if (line == NULL) {
		return false;
	}
	/* Without what a terminal would act on. */
	snprintf(ret_refusal->line, sizeof(ret_refusal->line), "%.*s",
		(int)strcspn(line, "\r\n"), line);
	for (char *at = ret_refusal->line; *at != '\0'; at++) {
		*at = *at >= 0x20 && *at < 0x7f ? *at : '?';
	}
	ret_refusal->advice = advice_for(ret_refusal->line);
	ret_refusal->is_denied =
		strstr(ret_refusal->line, "ermission denied") != NULL;
	return true;
}
