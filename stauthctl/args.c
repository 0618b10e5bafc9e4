/* SPDX-License-Identifier: MIT */
#include "args.h"

#include <string.h>
#include <sysexits.h>

#include "result.h"
#include "text.h"

#include "base/banned.h"

static const struct option_row {
	const char *name;
	char short_name; /* 0: none */
	bool takes_value;
	bool global;
} options[CTL_OPT_COUNT] = {
	[CTL_CONFIG] = {"config", 'c', true, true},
	[CTL_JSON] = {"json", 0, false, true},
	[CTL_YES] = {"yes", 0, false, true},
	[CTL_QUIET] = {"quiet", 'q', false, true},
	[CTL_HELP] = {"help", 'h', false, true},
	[CTL_VERSION] = {"version", 0, false, true},
	[CTL_EMAIL] = {"email", 0, true, false},
	[CTL_NAME] = {"name", 0, true, false},
	[CTL_GROUPS] = {"groups", 0, true, false},
	[CTL_SU] = {"su", 0, false, false},
	[CTL_NO_SU] = {"no-su", 0, false, false},
	[CTL_SYSTEM_LOGIN] = {"system-login", 0, false, false},
	[CTL_NO_SYSTEM_LOGIN] = {"no-system-login", 0, false, false},
	[CTL_PASSWORD_STDIN] = {"password-stdin", 0, false, false},
	[CTL_GENERATE] = {"generate", 0, false, false},
	[CTL_LASTING] = {"lasting", 0, false, false},
	[CTL_MUST_CHANGE] = {"must-change", 0, false, false},
	[CTL_SEARCH] = {"search", 0, true, false},
	[CTL_USER] = {"user", 0, true, false},
	[CTL_ALL] = {"all", 0, false, false},
	[CTL_DRY_RUN] = {"dry-run", 0, false, false},
	[CTL_SINCE] = {"since", 0, true, false},
	[CTL_HEAD] = {"head", 0, true, false},
	[CTL_FOLLOW] = {"follow", 0, false, false},
	[CTL_SEND] = {"send", 0, false, false},
	[CTL_WITH_HASHES] = {"with-hashes", 0, false, false},
	[CTL_BASE] = {"base", 0, true, false},
	[CTL_PORT] = {"port", 0, true, false},
	[CTL_SECRETS] = {"secrets", 0, false, false},
	[CTL_USES] = {"uses", 0, true, false},
	[CTL_DAYS] = {"days", 0, true, false},
	[CTL_APPROVE] = {"approve", 0, false, false},
	[CTL_WRITE_CONFIG] = {"write-config", 0, true, false},
};

/* Where the reading stands. */
struct reader {
	int argc;
	char **argv;
	int at; /* the next word */
	struct ctl_args *args;
};

const char *ctl_opt_name(enum ctl_opt opt)
{
	return options[opt].name;
}

static int find_long(const char *name, size_t len)
{
	for (int i = 0; i < CTL_OPT_COUNT; i++) {
		if (strlen(options[i].name) == len &&
			memcmp(options[i].name, name, len) == 0) {
			return i;
		}
	}
	return -1;
}

static int find_short(char short_name)
{
	for (int i = 0; i < CTL_OPT_COUNT; i++) {
		if (options[i].short_name == short_name) {
			return i;
		}
	}
	return -1;
}

/* attached: the value behind '=' or "-c", NULL if there is none */
static int take(struct reader *reader, int opt, const char *attached)
{
	const char *value = "";

	if (reader->args->opt[opt] != NULL) {
		return ctl_usage(CTL_TEXT_OPTION_TWICE, options[opt].name);
	}
	if (!options[opt].takes_value && attached != NULL) {
		return ctl_usage(CTL_TEXT_OPTION_NO_VALUE, options[opt].name);
	}
	if (options[opt].takes_value) {
		value = attached;
		if (value == NULL && reader->at < reader->argc) {
			value = reader->argv[reader->at++];
		}
		if (value == NULL) {
			return ctl_usage(
				CTL_TEXT_OPTION_NEEDS_VALUE, options[opt].name);
		}
	}
	reader->args->opt[opt] = value;
	return EX_OK;
}

static int unknown_long(const char *name, size_t len)
{
	if (len >= 4 && memcmp(name, "pass", 4) == 0) {
		return ctl_usage(CTL_TEXT_PASSWORD_ARGUMENT);
	}
	return ctl_usage(
		CTL_TEXT_OPTION_UNKNOWN, len < 40 ? (int)len : 40, name);
}

static int take_long(struct reader *reader, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);
	int opt = find_long(word, len);

	if (opt < 0) {
		return unknown_long(word, len);
	}
	return take(reader, opt, equals != NULL ? equals + 1 : NULL);
}

static int take_short(struct reader *reader, const char *flags)
{
	for (; *flags; flags++) {
		int opt = find_short(*flags);

		if (opt < 0) {
			return ctl_usage(CTL_TEXT_SHORT_UNKNOWN, *flags);
		}
		if (options[opt].takes_value) {
			return take(reader, opt, flags[1] ? flags + 1 : NULL);
		}
		int code = take(reader, opt, NULL);
		if (code != EX_OK) {
			return code;
		}
	}
	return EX_OK;
}

static int take_word(struct reader *reader, const char *word)
{
	if (reader->args->word_count == CTL_WORDS_MAX) {
		return ctl_usage(CTL_TEXT_TOO_MANY);
	}
	reader->args->words[reader->args->word_count++] = word;
	return EX_OK;
}

int ctl_args_parse(int argc, char **argv, struct ctl_args *args)
{
	struct reader reader = {argc, argv, 1, args};

	*args = (struct ctl_args){0};
	bool words_only = false;
	while (reader.at < argc) {
		const char *word = argv[reader.at++];
		int code = EX_OK;

		if (!words_only && strcmp(word, "--") == 0) {
			words_only = true;
		} else if (!words_only && strncmp(word, "--", 2) == 0) {
			code = take_long(&reader, word + 2);
		} else if (!words_only && word[0] == '-' && word[1]) {
			code = take_short(&reader, word + 1);
		} else {
			code = take_word(&reader, word);
		}
		if (code != EX_OK) {
			return code;
		}
	}
	return EX_OK;
}

int ctl_args_fit(const struct ctl_args *args, const struct ctl_command *command)
{
	for (int i = 0; i < CTL_OPT_COUNT; i++) {
		if (args->opt[i] == NULL || options[i].global ||
			(command->options & CTL_BIT(i))) {
			continue;
		}
		return ctl_usage(CTL_TEXT_OPTION_FOREIGN, command->noun,
			command->verb != NULL ? " " : "",
			command->verb != NULL ? command->verb : "",
			options[i].name);
	}
	return EX_OK;
}
