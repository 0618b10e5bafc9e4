/* SPDX-License-Identifier: MIT */
/* What the commands of stauthctl share. */
#ifndef CTL_H
#define CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "auth/session.h"
#include "base/rc.h"
#include "config/config.h"

/* Every option there is. One name means one thing in all commands, so that
 * a line can be read before its command is known (stauthctl/args.c). */
enum ctl_opt {
	/* anywhere on the line */
	CTL_CONFIG,
	CTL_JSON,
	CTL_YES,
	CTL_QUIET,
	CTL_HELP,
	CTL_VERSION,
	/* of some commands */
	CTL_EMAIL,
	CTL_NAME,
	CTL_GROUPS,
	CTL_SU,
	CTL_NO_SU,
	CTL_SYSTEM_LOGIN,
	CTL_NO_SYSTEM_LOGIN,
	CTL_PASSWORD_STDIN,
	CTL_GENERATE,
	CTL_MUST_CHANGE,
	CTL_LASTING,
	CTL_SEARCH,
	CTL_USER,
	CTL_ALL,
	CTL_DRY_RUN,
	CTL_SINCE,
	CTL_HEAD,
	CTL_FOLLOW,
	CTL_SEND,
	CTL_WITH_HASHES,
	CTL_BASE,
	CTL_PORT,
	CTL_SECRETS,
	CTL_USES,
	CTL_DAYS,
	CTL_APPROVE,
	CTL_WRITE_CONFIG,
	CTL_OPT_COUNT
};

#define CTL_BIT(opt)  (UINT64_C(1) << (opt))
#define CTL_WORDS_MAX 8

/* A line, taken apart. Everything points into argv. */
struct ctl_args {
	const char *words[CTL_WORDS_MAX]; /* noun, verb, operands */
	size_t word_count;
	const char *opt[CTL_OPT_COUNT]; /* NULL: not given; "" for a switch */
};

struct ctl;

/* What has to be ready before a command runs. */
enum ctl_need {
	CTL_NEED_NOTHING, /* no configuration is read */
	CTL_NEED_CONFIG,  /* read and checked */
	CTL_NEED_STORE,   /* and the store opened */
	CTL_NEED_MAILER,  /* and the mailer too */
};

/* One command; the table is in main.c. run returns an exit code. */
struct ctl_command {
	const char *noun;
	const char *verb;     /* NULL: the noun is the whole command */
	const char *synopsis; /* what follows the command's words */
	const char *help;     /* one line */
	uint64_t options;     /* bits of enum ctl_opt, the global ones aside */
	size_t operands_min;
	size_t operands_max;
	enum ctl_need need;
	int (*run)(struct ctl *ctl);
};

/* One run of the program. */
struct ctl {
	const struct ctl_command *command;
	const char *const *operands;
	size_t operand_count;
	const char *const *opt;
	bool json;
	bool yes;
	bool quiet;

	struct stauth_config *config;
	struct stauth_ctx ctx;
	char actor_name[64]; /* of the Unix user, for the audit */
	struct stauth_actor actor;
	char last_error[sizeof(((struct stauth_err *)0)->msg)]; /* reported */
};

/* The commands, one file a noun. */
int ctl_init(struct ctl *ctl);
int ctl_user_add(struct ctl *ctl);
int ctl_user_list(struct ctl *ctl);
int ctl_user_show(struct ctl *ctl);
int ctl_user_set(struct ctl *ctl);
int ctl_user_passwd(struct ctl *ctl);
int ctl_user_verify(struct ctl *ctl);
int ctl_user_disable(struct ctl *ctl);
int ctl_user_enable(struct ctl *ctl);
int ctl_user_delete(struct ctl *ctl);
int ctl_user_reset_link(struct ctl *ctl);
int ctl_pending_list(struct ctl *ctl);
int ctl_pending_approve(struct ctl *ctl);
int ctl_pending_delete(struct ctl *ctl);
int ctl_invite_add(struct ctl *ctl);
int ctl_invite_list(struct ctl *ctl);
int ctl_invite_revoke(struct ctl *ctl);
int ctl_mail_test(struct ctl *ctl);
int ctl_session_list(struct ctl *ctl);
int ctl_session_revoke(struct ctl *ctl);
int ctl_throttle_list(struct ctl *ctl);
int ctl_throttle_clear(struct ctl *ctl);
int ctl_import_st_auth_simple(struct ctl *ctl);
int ctl_import_htpasswd(struct ctl *ctl);
int ctl_import_shadow(struct ctl *ctl);
int ctl_import_json(struct ctl *ctl);
int ctl_import_authelia(struct ctl *ctl);
int ctl_import_authenticator(struct ctl *ctl);
int ctl_export(struct ctl *ctl);
int ctl_config_check(struct ctl *ctl);
int ctl_config_show(struct ctl *ctl);
int ctl_nginx_check(struct ctl *ctl);
int ctl_nginx_probe(struct ctl *ctl);
int ctl_nginx_snippets(struct ctl *ctl);
int ctl_streamlit_config(struct ctl *ctl);
int ctl_audit(struct ctl *ctl);
int ctl_audit_verify(struct ctl *ctl);
int ctl_backup(struct ctl *ctl);
int ctl_restore(struct ctl *ctl);

#endif
