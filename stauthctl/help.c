/* SPDX-License-Identifier: MIT */
#include "help.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/buf.h"
#include "result.h"
#include "text.h"

#include "base/banned.h"

#define LIST_MAX 1024

static bool is_named(const struct ctl_command *command, const char *noun)
{
	return noun != NULL && strcmp(command->noun, noun) == 0;
}

static bool is_verb(const struct ctl_command *command, const char *verb)
{
	return verb == NULL || command->verb == NULL ||
	       strcmp(command->verb, verb) == 0;
}

void ctl_help(const struct ctl_command *commands, size_t count,
	const char *noun, const char *verb)
{
	bool shown = false;

	for (size_t i = 0; i < count; i++) {
		const struct ctl_command *command = &commands[i];

		if (!is_named(command, noun) || !is_verb(command, verb)) {
			continue;
		}
		printf("stauthctl %s%s%s%s%s\n        %s\n", command->noun,
			command->verb != NULL ? " " : "",
			command->verb != NULL ? command->verb : "",
			command->synopsis[0] ? " " : "", command->synopsis,
			command->help);
		shown = true;
	}
	if (!shown) {
		fputs(CTL_TEXT_OVERVIEW, stdout);
	}
}

/* The nouns, or the verbs of a noun. Commands of one noun stand together. */
static void list_words(struct stauth_buf *buf,
	const struct ctl_command *commands, size_t count, const char *noun)
{
	for (size_t i = 0; i < count; i++) {
		const char *word = NULL;

		if (noun != NULL) {
			word = is_named(&commands[i], noun) ? commands[i].verb
							    : NULL;
		} else if (i == 0 || strcmp(commands[i].noun,
					     commands[i - 1].noun) != 0) {
			word = commands[i].noun;
		}
		if (word != NULL) {
			stauth_buf_add(buf, buf->len ? ", " : "");
			stauth_buf_add(buf, word);
		}
	}
}

int ctl_unknown(const struct ctl_command *commands, size_t count,
	const char *noun, const char *verb)
{
	bool known = false;

	for (size_t i = 0; i < count; i++) {
		known = known || is_named(&commands[i], noun);
	}
	struct stauth_buf buf;
	stauth_buf_init(&buf, LIST_MAX);
	list_words(&buf, commands, count, known ? noun : NULL);
	if (known && verb != NULL) {
		ctl_usage(CTL_TEXT_VERB_UNKNOWN, noun, verb,
			stauth_buf_str(&buf));
	} else if (known) {
		ctl_usage(CTL_TEXT_VERB_MISSING, noun, stauth_buf_str(&buf));
	} else if (noun != NULL) {
		ctl_usage(CTL_TEXT_NOUN_UNKNOWN, noun, stauth_buf_str(&buf));
	} else {
		ctl_usage(CTL_TEXT_NOUN_MISSING, stauth_buf_str(&buf));
	}
	stauth_buf_finish(&buf);
	return EX_USAGE;
}
