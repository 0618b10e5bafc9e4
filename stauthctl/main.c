/* SPDX-License-Identifier: MIT */
#include <locale.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "args.h"
#include "base/fd.h"
#include "ctl.h"
#include "help.h"
#include "mail/mailer.h"
#include "out.h"
#include "result.h"
#include "store/table.h"
#include "text.h"

#include "base/banned.h"

#define NEW_PASSWORD                                                           \
	(CTL_BIT(CTL_PASSWORD_STDIN) | CTL_BIT(CTL_GENERATE) |                 \
		CTL_BIT(CTL_LASTING) | CTL_BIT(CTL_MUST_CHANGE))

/* All commands; those of one noun stand together. */
static const struct ctl_command commands[] = {
	{"init", NULL, "",
		"Creates or migrates the store and the keys; safe to repeat.",
		0, 0, 0, CTL_NEED_CONFIG, ctl_init},
	{"user", "add",
		"NAME [--email E] [--name N] [--groups a,b] [--su]\n"
		"        [--system-login] [--password-stdin | --generate "
		"[--lasting]] [--must-change]",
		"Adds a user. --name is the full name.",
		NEW_PASSWORD | CTL_BIT(CTL_EMAIL) | CTL_BIT(CTL_NAME) |
			CTL_BIT(CTL_GROUPS) | CTL_BIT(CTL_SU) |
			CTL_BIT(CTL_SYSTEM_LOGIN),
		1, 1, CTL_NEED_STORE, ctl_user_add},
	{"user", "list", "[--search S]",
		"Lists users; S is searched in name, e-mail and full name.",
		CTL_BIT(CTL_SEARCH), 0, 0, CTL_NEED_STORE, ctl_user_list},
	{"user", "show", "NAME", "Shows one user.", 0, 1, 1, CTL_NEED_STORE,
		ctl_user_show},
	{"user", "set",
		"NAME [--email E] [--name N] [--groups a,b] [--su | --no-su]\n"
		"        [--system-login | --no-system-login]",
		"Changes a user and ends the sessions; '' removes a value.",
		CTL_BIT(CTL_EMAIL) | CTL_BIT(CTL_NAME) | CTL_BIT(CTL_GROUPS) |
			CTL_BIT(CTL_SU) | CTL_BIT(CTL_NO_SU) |
			CTL_BIT(CTL_SYSTEM_LOGIN) |
			CTL_BIT(CTL_NO_SYSTEM_LOGIN),
		1, 1, CTL_NEED_STORE, ctl_user_set},
	{"user", "passwd",
		"NAME [--password-stdin | --generate [--lasting]] "
		"[--must-change]",
		"Sets a new password and ends the sessions.", NEW_PASSWORD, 1,
		1, CTL_NEED_STORE, ctl_user_passwd},
	{"user", "verify", "NAME [--password-stdin]",
		"Checks a password: exit 0 correct, 77 wrong, 75 throttled.",
		CTL_BIT(CTL_PASSWORD_STDIN), 1, 1, CTL_NEED_STORE,
		ctl_user_verify},
	{"user", "disable", "NAME", "Disables a user and ends the sessions.", 0,
		1, 1, CTL_NEED_STORE, ctl_user_disable},
	{"user", "enable", "NAME", "Enables a disabled user.", 0, 1, 1,
		CTL_NEED_STORE, ctl_user_enable},
	{"user", "delete", "NAME", "Deletes a user; asks first, unless --yes.",
		0, 1, 1, CTL_NEED_STORE, ctl_user_delete},
	{"user", "reset-link", "NAME [--send]",
		"Prints a link to choose a new password; --send mails it.",
		CTL_BIT(CTL_SEND), 1, 1, CTL_NEED_STORE, ctl_user_reset_link},
	{"session", "list", "[NAME]", "Lists the sessions.", 0, 0, 1,
		CTL_NEED_STORE, ctl_session_list},
	{"session", "revoke", "ID | --user NAME | --all",
		"Ends sessions; --all asks first, unless --yes.",
		CTL_BIT(CTL_USER) | CTL_BIT(CTL_ALL), 0, 1, CTL_NEED_STORE,
		ctl_session_revoke},
	{"pending", "list", "",
		"Lists the sign-ups that were not verified yet.", 0, 0, 0,
		CTL_NEED_STORE, ctl_pending_list},
	{"pending", "approve", "EMAIL",
		"Makes the account of a sign-up that waits for approval.", 0, 1,
		1, CTL_NEED_STORE, ctl_pending_approve},
	{"pending", "delete", "EMAIL", "Deletes the sign-ups of an address.", 0,
		1, 1, CTL_NEED_STORE, ctl_pending_delete},
	{"invite", "add",
		"[--email E] [--groups a,b] [--uses N] [--days D] [--approve]",
		"Prints a link by which people may sign up.",
		CTL_BIT(CTL_EMAIL) | CTL_BIT(CTL_GROUPS) | CTL_BIT(CTL_USES) |
			CTL_BIT(CTL_DAYS) | CTL_BIT(CTL_APPROVE),
		0, 0, CTL_NEED_STORE, ctl_invite_add},
	{"invite", "list", "", "Lists the invitations.", 0, 0, 0,
		CTL_NEED_STORE, ctl_invite_list},
	{"invite", "revoke", "ID", "Revokes an invitation.", 0, 1, 1,
		CTL_NEED_STORE, ctl_invite_revoke},
	{"throttle", "list", "",
		"Lists the failure counters of the rate limits.", 0, 0, 0,
		CTL_NEED_STORE, ctl_throttle_list},
	{"throttle", "clear", "[NAME|ADDRESS]",
		"Clears the failures of a user or a source, or all.", 0, 0, 1,
		CTL_NEED_STORE, ctl_throttle_clear},
	{"import", "st-auth-simple",
		"FILE.db|.env [--dry-run] [--write-config FILE]",
		"Imports the users of st-auth-simple, passwords included;\n"
		"        writes the .env's keys of stauth to a new FILE.",
		CTL_BIT(CTL_DRY_RUN) | CTL_BIT(CTL_WRITE_CONFIG), 1, 1,
		CTL_NEED_STORE, ctl_import_st_auth_simple},
	{"import", "htpasswd", "FILE [--dry-run]",
		"Imports the users of a password file of Apache or nginx.",
		CTL_BIT(CTL_DRY_RUN), 1, 1, CTL_NEED_STORE,
		ctl_import_htpasswd},
	{"import", "shadow", "FILE [--dry-run]",
		"Imports the users of a shadow file who have a password.",
		CTL_BIT(CTL_DRY_RUN), 1, 1, CTL_NEED_STORE, ctl_import_shadow},
	{"import", "json", "FILE [--dry-run]",
		"Imports the users of an export of another stauth.",
		CTL_BIT(CTL_DRY_RUN), 1, 1, CTL_NEED_STORE, ctl_import_json},
	{"import", "streamlit-authenticator", "FILE [--dry-run]",
		"Imports the users of streamlit-authenticator's YAML file.",
		CTL_BIT(CTL_DRY_RUN), 1, 1, CTL_NEED_STORE,
		ctl_import_authenticator},
	{"import", "authelia", "FILE [--dry-run]",
		"Imports the users of Authelia's users_database.yml.",
		CTL_BIT(CTL_DRY_RUN), 1, 1, CTL_NEED_STORE,
		ctl_import_authelia},
	{"export", NULL, "[--with-hashes]",
		"Prints every user, a JSON object a line.",
		CTL_BIT(CTL_WITH_HASHES), 0, 0, CTL_NEED_STORE, ctl_export},
	{"backup", NULL, "FILE",
		"Copies the database into a new file, while the gate runs.", 0,
		1, 1, CTL_NEED_CONFIG, ctl_backup},
	{"restore", NULL, "FILE",
		"Replaces the database by a backup and ends every session;\n"
		"        asks first, unless --yes.",
		0, 1, 1, CTL_NEED_CONFIG, ctl_restore},
	{"config", "check", "", "Checks the configuration.", 0, 0, 0,
		CTL_NEED_CONFIG, ctl_config_check},
	{"config", "show", "",
		"Shows every key, its value and where it comes from.", 0, 0, 0,
		CTL_NEED_CONFIG, ctl_config_show},
	{"nginx", "check", "[-]",
		"Reads `nginx -T`, or its output on stdin (-), and names\n"
		"        wiring mistakes.",
		0, 0, 1, CTL_NEED_CONFIG, ctl_nginx_check},
	{"nginx", "probe", "URL",
		"Asks a running site, as a stranger, for what it must refuse.",
		0, 1, 1, CTL_NEED_NOTHING, ctl_nginx_probe},
	{"nginx", "snippets", "DIR",
		"Writes the nginx snippets for this configuration.", 0, 1, 1,
		CTL_NEED_CONFIG, ctl_nginx_snippets},
	{"streamlit-config", NULL, "[--base PATH] [--port N] [--secrets]",
		"Prints the app's .streamlit/config.toml; with --secrets the\n"
		"        [auth] section of secrets.toml that st.login() wants.",
		CTL_BIT(CTL_BASE) | CTL_BIT(CTL_PORT) | CTL_BIT(CTL_SECRETS), 0,
		0, CTL_NEED_CONFIG, ctl_streamlit_config},
	{"mail", "test", "ADDRESS", "Sends a test mail at once.", 0, 1, 1,
		CTL_NEED_MAILER, ctl_mail_test},
	{"audit", "verify", "[--head H]",
		"Finds sealed rows of the audit that were changed, deleted or\n"
		"        reordered (65). H: the head of a seal in the journal.",
		CTL_BIT(CTL_HEAD), 0, 0, CTL_NEED_STORE, ctl_audit_verify},
	{"audit", NULL, "[--user NAME] [--since T] [--follow]",
		"Shows who did what. T: 2026-11-23[T21:05], Unix seconds,\n"
		"        30m, 7d.",
		CTL_BIT(CTL_USER) | CTL_BIT(CTL_SINCE) | CTL_BIT(CTL_FOLLOW), 0,
		0, CTL_NEED_STORE, ctl_audit},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const struct ctl_command *find_command(const struct ctl_args *args)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct ctl_command *command = &commands[i];

		if (args->word_count == 0 ||
			strcmp(args->words[0], command->noun) != 0) {
			continue;
		}
		if (command->verb == NULL ||
			(args->word_count > 1 &&
				strcmp(args->words[1], command->verb) == 0)) {
			return command;
		}
	}
	return NULL;
}

/* Operands are not quoted in the message: one too many may be a password. */
static int take_command(struct ctl *ctl, const struct ctl_args *args)
{
	const struct ctl_command *command = ctl->command;
	size_t own = command->verb != NULL ? 2 : 1;
	int code = ctl_args_fit(args, command);

	if (code != EX_OK) {
		return code;
	}
	ctl->operands = args->words + own;
	ctl->operand_count = args->word_count - own;
	ctl->opt = args->opt;
	ctl->json = args->opt[CTL_JSON] != NULL;
	ctl->yes = args->opt[CTL_YES] != NULL;
	ctl->quiet = args->opt[CTL_QUIET] != NULL;
	if (ctl->operand_count < command->operands_min) {
		return ctl_usage(CTL_TEXT_FEW_OPERANDS, command->noun,
			command->verb != NULL ? " " : "",
			command->verb != NULL ? command->verb : "",
			command->synopsis);
	}
	if (ctl->operand_count > command->operands_max) {
		return ctl_usage(CTL_TEXT_MANY_OPERANDS, command->noun,
			command->verb != NULL ? " " : "",
			command->verb != NULL ? command->verb : "",
			command->synopsis);
	}
	return EX_OK;
}

static int load_config(struct ctl *ctl)
{
	struct stauth_err err = {0};

	if (stauth_config_load(ctl->opt[CTL_CONFIG], STAUTH_READER_SERVICE,
		    &ctl->config, &err) == STAUTH_OK) {
		return EX_OK;
	}
	int code = ctl_fail(ctl, &err);
	/* What is not found is the configuration, and no user. */
	return code == EX_NOUSER ? EX_CONFIG : code;
}

/* Who is at the keyboard, for the audit. */
static void take_actor(struct ctl *ctl)
{
	const struct passwd *user = getpwuid(getuid());

	if (user != NULL) {
		snprintf(ctl->actor_name, sizeof(ctl->actor_name), "%s",
			user->pw_name);
	} else {
		snprintf(ctl->actor_name, sizeof(ctl->actor_name), "uid %lu",
			(unsigned long)getuid());
	}
	ctl->actor = (struct stauth_actor){ctl->actor_name, "cli", "local:cli"};
}

static int run_with_mailer(struct ctl *ctl)
{
	if (ctl->command->need != CTL_NEED_MAILER) {
		return ctl->command->run(ctl);
	}
	struct stauth_err err = {0};
	int code = EX_OK;
	if (stauth_mailer_open(ctl->config, &ctl->ctx.mailer, &err) !=
		STAUTH_OK) {
		code = ctl_fail(ctl, &err);
		/* What is not found is a mailer in the configuration. */
		return code == EX_NOUSER ? EX_CONFIG : code;
	}
	code = ctl->command->run(ctl);
	stauth_mailer_close(ctl->ctx.mailer);
	return code;
}

static int run_with_store(struct ctl *ctl)
{
	struct stauth_store store = {0};
	struct stauth_err err = {0};

	if (stauth_store_open(ctl->config, STAUTH_ROLE_ADMIN, &store, &err) !=
		STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	stauth_ctx_init(&ctl->ctx, ctl->config);
	ctl->ctx.accounts = store.accounts;
	ctl->ctx.state = store.state;
	ctl->ctx.slots = STAUTH_SLOTS_CLI;
	ctl->ctx.messages.say = ctl_message;
	ctl->ctx.messages.user = ctl;
	int code = run_with_mailer(ctl);
	stauth_ctx_finish(&ctl->ctx);
	stauth_store_close(&store);
	return code;
}

static int run(struct ctl *ctl)
{
	if (ctl->command->need == CTL_NEED_NOTHING) {
		return ctl->command->run(ctl);
	}
	int code = load_config(ctl);
	if (code != EX_OK) {
		return code;
	}
	take_actor(ctl);
	code = ctl->command->need == CTL_NEED_CONFIG ? ctl->command->run(ctl)
						     : run_with_store(ctl);
	stauth_config_free(ctl->config);
	return code;
}

/* No descriptor of ours becomes 0, 1 or 2, where messages go; and what is in
 * memory does not go to disk when we crash. */
static bool guard_process(void)
{
	if (!stauth_stdio_guard()) {
		return false;
	}
#ifndef __SANITIZE_ADDRESS__
	if (prctl(PR_SET_DUMPABLE, 0)) {
		return false;
	}
#endif
	return true;
}

int main(int argc, char **argv)
{
	if (!guard_process()) {
		return EX_UNAVAILABLE;
	}
	setlocale(LC_CTYPE, "");
	struct ctl_args args;
	int code = ctl_args_parse(argc, argv, &args);
	if (code != EX_OK) {
		return code;
	}
	if (args.opt[CTL_VERSION] != NULL) {
		puts("stauthctl " STAUTH_VERSION);
		return ctl_out_flush();
	}
	if (args.opt[CTL_HELP] != NULL) {
		ctl_help(commands, COMMAND_COUNT,
			args.word_count > 0 ? args.words[0] : NULL,
			args.word_count > 1 ? args.words[1] : NULL);
		return ctl_out_flush();
	}
	struct ctl ctl = {0};
	ctl.command = find_command(&args);
	if (ctl.command == NULL) {
		return ctl_unknown(commands, COMMAND_COUNT,
			args.word_count > 0 ? args.words[0] : NULL,
			args.word_count > 1 ? args.words[1] : NULL);
	}
	code = take_command(&ctl, &args);
	return code == EX_OK ? run(&ctl) : code;
}
