/* SPDX-License-Identifier: MIT */
#include "help.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/buf.h"
#include "result.h"

#include "base/banned.h"

#define LIST_MAX 1024

/* 24 lines of 80 columns: what a terminal shows at once. */
static const char overview[] =
	"usage: stauthctl [-c FILE] COMMAND ...\n"
	"  init                       make or migrate the store and the keys\n"
	"  user add NAME              [--su] [--email E] [--groups a,b] ...\n"
	"  user list | show NAME      [--search S]\n"
	"  user set NAME              [--su|--no-su] [--groups a,b] ...\n"
	"  user passwd NAME           [--password-stdin|--generate]\n"
	"  user verify NAME           is it the password? exit 0 or 77\n"
	"  user disable|enable|delete NAME           user reset-link NAME\n"
	"  session list [NAME]        session revoke ID | --user NAME | --all\n"
	"  pending list | delete EMAIL               mail test ADDRESS\n"
	"  audit                      [--user NAME] [--since T] [--follow]\n"
	"  import KIND FILE [--dry-run]   KIND: st-auth-simple json htpasswd\n"
	"                             shadow streamlit-authenticator\n"
	"  export [--with-hashes]     backup FILE | restore FILE\n"
	"  config check | show        streamlit-config\n"
	"  nginx check [-] | probe URL | snippets DIR\n"
	"anywhere on the line: -c, --config FILE; --json; --yes (ask "
	"nothing);\n"
	"  -q, --quiet; -h, --help (also of a command); --version\n"
	"a password is asked for, or comes by --password-stdin or --generate.\n"
	"exit: 0 done, 64 usage, 65 bad data, 67 not found, 69 store out of "
	"reach,\n"
	"  73 exists, 75 try again, 77 denied, 78 configuration; see "
	"stauthctl(8)\n"
	"examples:\n"
	"  stauthctl user add alice --su              asks for the password "
	"twice\n"
	"  stauthctl import st-auth-simple /srv/app/.env --dry-run\n";

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
		fputs(overview, stdout);
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
		ctl_usage("unknown command: %s %.40s; there are: %s", noun,
			verb, stauth_buf_str(&buf));
	} else if (known) {
		ctl_usage("%s what? there are: %s", noun, stauth_buf_str(&buf));
	} else if (noun != NULL) {
		ctl_usage("unknown command: %.40s; there are: %s", noun,
			stauth_buf_str(&buf));
	} else {
		ctl_usage("no command; there are: %s", stauth_buf_str(&buf));
	}
	stauth_buf_finish(&buf);
	return EX_USAGE;
}
