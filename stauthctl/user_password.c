/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ask.h"
#include "auth/account.h"
#include "auth/login.h"
#include "auth/reset.h"
#include "base/secret.h"
#include "base/text.h"
#include "ctl.h"
#include "out.h"
#include "result.h"
#include "text.h"
#include "user.h"

#include "base/banned.h"

/* By whatever way the line says. */
static int new_password(struct ctl *ctl, enum ctl_source *ret_source,
	struct stauth_secret *ret_password)
{
	int code = ctl_ask_source(ctl, ret_source);

	if (code != EX_OK) {
		return code;
	}
	if (*ret_source != CTL_GENERATED) {
		return ctl_ask_password(*ret_source, true, ret_password);
	}
	struct stauth_err err = {0};
	if (stauth_password_generate(&ctl->ctx, ret_password, &err) !=
		STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	return EX_OK;
}

/* The user as JSON, or the bare password if it was generated. */
static int show_result(struct ctl *ctl, const struct stauth_account *account,
	const struct stauth_secret *password, enum ctl_source source)
{
	const struct stauth_secret *shown =
		source == CTL_GENERATED ? password : NULL;

	if (ctl->json) {
		return ctl_user_print(ctl, account, shown);
	}
	if (shown == NULL) {
		return EX_OK;
	}
	ctl_info(ctl, CTL_TEXT_PASSWORD_SHOWN);
	puts(shown->data);
	return ctl_out_flush();
}

/* A generated password is for one log-in and not for long, unless --lasting. */
static bool is_temporary(const struct ctl *ctl)
{
	return ctl->opt[CTL_GENERATE] != NULL && ctl->opt[CTL_LASTING] == NULL;
}

static int add_with(struct ctl *ctl, struct stauth_account_new *new_account,
	struct stauth_secret *password)
{
	enum ctl_source source = CTL_FROM_TERMINAL;
	int code = new_password(ctl, &source, password);

	if (code != EX_OK) {
		return code;
	}
	new_account->password = password;
	struct stauth_account account;
	struct stauth_err err = {0};
	if (stauth_account_add(&ctl->ctx, new_account, &ctl->actor, &account,
		    &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, CTL_TEXT_USER_ADDED, account.name);
	return show_result(ctl, &account, password, source);
}

/* Judged first, so that nobody types a password for a name that is taken. */
int ctl_user_add(struct ctl *ctl)
{
	struct stauth_account_new new_account = {
		.name = ctl->operands[0],
		.email = ctl->opt[CTL_EMAIL],
		.display_name = ctl->opt[CTL_NAME],
		.groups = ctl->opt[CTL_GROUPS],
		.su = ctl->opt[CTL_SU] != NULL,
		.system_login = ctl->opt[CTL_SYSTEM_LOGIN] != NULL,
		.must_change = ctl->opt[CTL_MUST_CHANGE] != NULL,
		.generated = is_temporary(ctl),
	};

	if (ctl->opt[CTL_LASTING] != NULL && ctl->opt[CTL_GENERATE] == NULL) {
		return ctl_usage(CTL_TEXT_LASTING);
	}
	struct stauth_err err = {0};
	if (stauth_account_check_new(
		    &ctl->ctx, &new_account, &ctl->actor, &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	struct stauth_secret password = {0};
	int code = add_with(ctl, &new_account, &password);
	stauth_secret_wipe(&password);
	return code;
}

static int passwd_with(struct ctl *ctl, struct stauth_account *account,
	const struct stauth_secret *password, enum ctl_source source)
{
	const struct stauth_password_set set = {
		.name = account->name,
		.password = password,
		.must_change = ctl->opt[CTL_MUST_CHANGE] != NULL,
		.generated = is_temporary(ctl),
	};
	struct stauth_err err = {0};
	int ended = 0;

	if (stauth_password_set(&ctl->ctx, &set, &ctl->actor, &ended, &err) !=
		STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, CTL_TEXT_PASSWORD_SET, account->name, ended);
	if (ctl->json && stauth_account_get(&ctl->ctx, set.name, account,
				 &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	return show_result(ctl, account, password, source);
}

/* Looked up first, so that nobody types a password for nobody. */
int ctl_user_passwd(struct ctl *ctl)
{
	if (ctl->opt[CTL_LASTING] != NULL && ctl->opt[CTL_GENERATE] == NULL) {
		return ctl_usage(CTL_TEXT_LASTING);
	}
	struct stauth_account account;
	struct stauth_err err = {0};
	if (stauth_account_get(&ctl->ctx, ctl->operands[0], &account, &err) !=
		STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	struct stauth_secret password = {0};
	enum ctl_source source = CTL_FROM_TERMINAL;
	int code = new_password(ctl, &source, &password);
	if (code == EX_OK) {
		code = passwd_with(ctl, &account, &password, source);
	}
	stauth_secret_wipe(&password);
	return code;
}

/* The verdict as an exit code; only here does a verify become a 0. */
static int judge(struct ctl *ctl, struct stauth_login *login)
{
	if (login->verdict == STAUTH_DENY_THROTTLED) {
		return ctl_fail_with(EX_TEMPFAIL, STAUTH_TEXT_THROTTLED,
			(long long)login->wait_s, STAUTH_PLURAL(login->wait_s));
	}
	if (login->verdict != STAUTH_ALLOW) {
		return ctl_fail_with(EX_NOPERM, "%s", STAUTH_TEXT_BAD_LOGIN);
	}
	struct stauth_err err = {0};
	if (stauth_login_done(&ctl->ctx, login, "verify", &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, CTL_TEXT_PASSWORD_RIGHT,
		login->account.must_change ? CTL_TEXT_PASSWORD_EXPIRED : "");
	return EX_OK;
}

/* password NULL: one that cannot be one, which is wrong and counted. */
static int verify_with(struct ctl *ctl, const struct stauth_secret *password)
{
	const struct stauth_login_request who = {
		.username = ctl->operands[0],
		.username_len = strlen(ctl->operands[0]),
		.address = ctl->actor.address,
		.channel = ctl->actor.channel,
		.never_refuse = geteuid() == 0,
	};
	struct stauth_login login = {0};
	struct stauth_err err = {0};
	int code = EX_NOPERM;

	if (stauth_login_start(&ctl->ctx, &who, &login, &err) < STAUTH_OK ||
		stauth_login_password(&ctl->ctx, &login, password, &err) <
			STAUTH_OK) {
		code = ctl_fail(ctl, &err);
	} else {
		code = judge(ctl, &login);
	}
	stauth_login_finish(&login);
	return code;
}

int ctl_user_verify(struct ctl *ctl)
{
	enum ctl_source source = CTL_FROM_TERMINAL;
	int code = ctl_ask_source(ctl, &source);

	if (code != EX_OK) {
		return code;
	}
	struct stauth_secret password = {0};
	code = ctl_ask_password(source, false, &password);
	if (code == EX_OK || code == EX_DATAERR) {
		code = verify_with(ctl, code == EX_OK ? &password : NULL);
	}
	stauth_secret_wipe(&password);
	return code;
}

/* --- reset-link */

/* A link that was mailed is not shown as well: one place is enough. */
int ctl_user_reset_link(struct ctl *ctl)
{
	bool send = ctl->opt[CTL_SEND] != NULL;
	struct stauth_err err = {0};
	char link[STAUTH_RESET_LINK_SIZE] = "";

	const struct stauth_reset_link want = {ctl->operands[0], send};
	if (stauth_reset_link(&ctl->ctx, &want, &ctl->actor, link, &err) !=
		STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	int code = EX_OK;
	if (send) {
		ctl_info(ctl, CTL_TEXT_LINK_MAILED, STAUTH_RESET_MINUTES);
	} else {
		puts(link);
		code = ctl_out_flush();
		ctl_info(ctl, CTL_TEXT_LINK_SHOWN, STAUTH_RESET_MINUTES);
	}
	stauth_wipe_array(link);
	return code;
}
