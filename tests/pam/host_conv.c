/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static size_t unhex(const char *text, char *out, size_t max)
{
	size_t len = 0;
	unsigned int byte;

	while (len < max && sscanf(text, "%2x", &byte) == 1) {
		out[len++] = (char)byte;
		text += 2;
	}
	return len;
}

void script_add(struct script *script, const char *text, bool plain)
{
	if (script->count == REPLIES_MAX) {
		abort();
	}
	char *to = script->replies[script->count];
	size_t len;
	if (plain) {
		for (len = 0; text[len] && len < sizeof(*script->replies);
			len++) {
			to[len] = (char)(text[len] ^ MASK);
		}
	} else {
		len = unhex(text, to, sizeof(*script->replies));
	}
	script->lens[script->count++] = len;
}

void script_plant(struct script *script)
{
	for (size_t i = 0; i < script->lens[0]; i++) {
		script->planted[i] = (char)(script->replies[0][i] ^ MASK);
	}
}

/* The next answer, malloc'ed: libpam's to free. The last one is repeated. */
static char *reply(struct script *script)
{
	size_t at = script->asked < script->count ? script->asked
						  : script->count - 1;

	script->asked++;
	char *text;
	if (strcmp(script->mode, "long") == 0) {
		text = malloc(70001);
		memset(text, 'x', 70000);
		text[70000] = '\0';
		return text;
	}
	text = calloc(1, sizeof(*script->replies) + 16);
	for (size_t i = 0; script->count && i < script->lens[at]; i++) {
		text[i] = (char)(script->replies[at][i] ^ MASK);
	}
	if (strcmp(script->mode, "nul") == 0) {
		/* Ends at the NUL; what follows is not part of it. */
		memcpy(text + strlen(text) + 1, "and more", 9);
	}
	return text;
}

static int fail(const char *mode, struct pam_response **resp)
{
	int code;

	if (sscanf(mode, "code:%d", &code) == 1) {
		*resp = NULL;
		return code;
	}
	if (strcmp(mode, "interrupt") == 0) {
		(void)raise(SIGINT);
		*resp = NULL;
		return PAM_CONV_ERR;
	}
	if (strcmp(mode, "noresp") == 0) {
		*resp = NULL;
		return PAM_SUCCESS;
	}
	return -1;
}

static int converse(int count, const struct pam_message **messages,
	struct pam_response **resp, void *data)
{
	struct script *script = data;
	int code = fail(script->mode, resp);
	bool filled = strcmp(script->mode, "noreply") != 0;

	if (code >= 0) {
		script->asked++;
		return code;
	}
	*resp = calloc((size_t)count, sizeof(**resp));
	for (int i = 0; i < count; i++) {
		int style = messages[i]->msg_style;

		if (!script->silent) {
			printf("say %d %s\n", style, messages[i]->msg);
		}
		if (filled && (style == PAM_PROMPT_ECHO_OFF ||
				      style == PAM_PROMPT_ECHO_ON)) {
			(*resp)[i].resp = reply(script);
		}
		if (strcmp(script->mode, "junk") == 0) {
			(*resp)[i].resp_retcode = -559038737;
		}
	}
	return PAM_SUCCESS;
}

struct pam_conv script_conv(struct script *script)
{
	struct pam_conv conv = {converse, script};

	if (strcmp(script->mode, "nullconv") == 0) {
		conv.conv = NULL;
	}
	return conv;
}
