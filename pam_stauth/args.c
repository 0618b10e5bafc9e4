/* SPDX-License-Identifier: MIT */
#include "args.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>

#include "base/ascii.h"
#include "text.h"

#include "base/banned.h"

enum kind {
	FLAG,
	PATH,
	NUMBER,
	GROUP,
};

struct option {
	const char *name; /* with its '=' for those that take a value */
	enum kind kind;
	size_t at; /* of its field in struct pamst_args */
};

#define AT(field) offsetof(struct pamst_args, field)

static const struct option options[] = {
	{"conf=", PATH, AT(conf)},
	{"helper=", PATH, AT(helper)},
	{"group=", GROUP, AT(group)},
	{"minimum_uid=", NUMBER, AT(minimum_uid)},
	{"try_first_pass", FLAG, AT(try_first_pass)},
	{"use_first_pass", FLAG, AT(use_first_pass)},
	{"use_authtok", FLAG, AT(use_authtok)},
	{"require_su", FLAG, AT(require_su)},
	{"any_account", FLAG, AT(any_account)},
	{"debug", FLAG, AT(debug)},
	{"quiet", FLAG, AT(quiet)},
};

static bool all_of(const char *value, const char *allowed)
{
	return value[strspn(value, allowed)] == '\0';
}

/* Is ".." one of its parts, the last one too? */
static bool climbs(const char *path)
{
	const char *at = path;
	while ((at = strstr(at, "/..")) != NULL) {
		at += 3;
		if (*at == '/' || *at == '\0') {
			return true;
		}
	}
	return false;
}

static bool value_fits(enum kind kind, const char *value)
{
	size_t len = strlen(value);
	switch (kind) {
	case PATH:
		return value[0] == '/' && len < PATH_MAX && !climbs(value);
	case NUMBER:
		return len > 0 && len <= 9 && all_of(value, STAUTH_DIGITS);
	case GROUP:
		return len > 0 && len <= 64 &&
		       all_of(value, STAUTH_ALNUM "._-");
	case FLAG:
		break;
	}
	return false;
}

/* false: the option does not fit, or was there before. */
static bool set(
	struct pamst_args *args, const struct option *option, const char *value)
{
	char *field = (char *)args + option->at;
	bool on;
	if (option->kind == FLAG) {
		memcpy(&on, field, sizeof(on));
		if (on) {
			return false;
		}
		on = true;
		memcpy(field, &on, sizeof(on));
		return true;
	}
	const char *before;
	memcpy(&before, field, sizeof(before));
	if (before != NULL || !value_fits(option->kind, value)) {
		return false;
	}
	memcpy(field, &value, sizeof(value));
	return true;
}

static bool set_arg(struct pamst_args *args, const char *arg)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		const struct option *option = &options[i];
		size_t len = strlen(option->name);
		if (option->kind == FLAG
				? strcmp(arg, option->name) == 0
				: strncmp(arg, option->name, len) == 0) {
			return set(args, option, arg + len);
		}
	}
	return false;
}

int pamst_args_parse(pam_handle_t *pamh, int argc, const char **argv,
	struct pamst_args *ret_args)
{
	struct pamst_args args = {0};
	for (int i = 0; i < argc; i++) {
		if (!set_arg(&args, argv[i])) {
			pam_syslog(
				pamh, LOG_ERR, PAMST_LOG_BAD_OPTION, argv[i]);
			return PAM_SERVICE_ERR;
		}
	}
	if (args.try_first_pass && args.use_first_pass) {
		pam_syslog(pamh, LOG_ERR, PAMST_LOG_TWO_PASSES);
		return PAM_SERVICE_ERR;
	}
	*ret_args = args;
	return PAM_SUCCESS;
}
