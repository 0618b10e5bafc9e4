/* SPDX-License-Identifier: MIT */
#include "user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ask.h"
#include "auth/account.h"
#include "out.h"
#include "result.h"
#include "text.h"

#include "base/banned.h"

enum {
	FIELD_NAME,
	FIELD_EMAIL,
	FIELD_DISPLAY,
	FIELD_SU,
	FIELD_GROUPS,
	FIELD_DISABLED,
	FIELD_SYSTEM,
	FIELD_MUST_CHANGE,
	FIELD_EXPIRES,
	FIELD_STATE,
	FIELD_CREATED,
	FIELD_LOGIN,
	FIELD_PASSWORD, /* a new one, or a hash that is asked for; last */
	FIELD_COUNT
};

static const struct ctl_field fields[FIELD_COUNT] = {
	[FIELD_NAME] = {"name", "NAME", CTL_TEXT, 0},
	[FIELD_EMAIL] = {"email", "E-MAIL", CTL_TEXT, 0},
	[FIELD_DISPLAY] = {"display_name", "FULL NAME", CTL_TEXT, 0},
	[FIELD_SU] = {"su", "SU", CTL_FLAG, 0},
	[FIELD_GROUPS] = {"groups", "GROUPS", CTL_LIST, 0},
	[FIELD_DISABLED] = {"disabled", NULL, CTL_FLAG, 0},
	[FIELD_SYSTEM] = {"system_login", NULL, CTL_FLAG, 0},
	[FIELD_MUST_CHANGE] = {"must_change", NULL, CTL_FLAG, 0},
	[FIELD_EXPIRES] = {"password_expires_at", NULL, CTL_TIME, 0},
	[FIELD_STATE] = {NULL, "STATE", CTL_TEXT, 0},
	[FIELD_CREATED] = {"created_at", "CREATED", CTL_TIME, 0},
	[FIELD_LOGIN] = {"last_login_at", "LAST LOGIN", CTL_TIME, 0},
	[FIELD_PASSWORD] = {"password", NULL, CTL_TEXT, 0},
};

/* The three rare flags share one column. */
static void state_of(const struct stauth_account *account, char out[64])
{
	snprintf(out, 64, "%s%s%s", account->disabled ? "disabled " : "",
		account->must_change ? "must-change " : "",
		account->system_login ? "system-login " : "");
	if (out[0]) {
		out[strlen(out) - 1] = 0;
	}
}

void ctl_user_begin(
	struct ctl_out *out, enum ctl_form form, bool json, bool with_password)
{
	ctl_out_begin(out, form, json, fields,
		with_password ? FIELD_COUNT : FIELD_PASSWORD);
}

void ctl_user_row(struct ctl_out *out, const struct stauth_account *account,
	const char *password)
{
	char state[64];
	const struct ctl_value values[FIELD_COUNT] = {
		[FIELD_NAME] = {account->name, 0},
		[FIELD_EMAIL] = {account->email, 0},
		[FIELD_DISPLAY] = {account->display_name, 0},
		[FIELD_SU] = {NULL, account->su},
		[FIELD_GROUPS] = {account->groups, 0},
		[FIELD_DISABLED] = {NULL, account->disabled},
		[FIELD_SYSTEM] = {NULL, account->system_login},
		[FIELD_MUST_CHANGE] = {NULL, account->must_change},
		[FIELD_EXPIRES] = {NULL, account->password_expires_at},
		[FIELD_STATE] = {state, 0},
		[FIELD_CREATED] = {NULL, account->created_at},
		[FIELD_LOGIN] = {NULL, account->last_login_at},
		[FIELD_PASSWORD] = {password, 0},
	};

	state_of(account, state);
	ctl_out_row(out, values);
}

int ctl_user_print(struct ctl *ctl, const struct stauth_account *account,
	const struct stauth_secret *password)
{
	struct ctl_out out;

	ctl_user_begin(&out, CTL_ONE, ctl->json, password != NULL);
	ctl_user_row(&out, account, password != NULL ? password->data : NULL);
	if (out.buf.data != NULL) {
		stauth_wipe(out.buf.data, out.buf.cap);
	}
	return ctl_out_end(&out);
}

static void add_row(struct ctl_out *out, const void *row)
{
	ctl_user_row(out, row, NULL);
}

static enum stauth_rc read_page(struct ctl *ctl, const void *about,
	struct ctl_page *page, struct stauth_err *err)
{
	const struct stauth_account *last = page->after;
	const struct stauth_account_page wanted = {
		.search = ctl->opt[CTL_SEARCH],
		.after = last != NULL ? last->name : NULL,
		.limit = page->max,
	};

	(void)about;
	return stauth_account_list(
		&ctl->ctx, &wanted, page->rows, &page->count, err);
}

int ctl_user_list(struct ctl *ctl)
{
	static const struct ctl_list list = {fields, FIELD_PASSWORD,
		sizeof(struct stauth_account), read_page, add_row};

	return ctl_list(ctl, &list, NULL);
}

int ctl_user_show(struct ctl *ctl)
{
	struct stauth_account account;
	struct stauth_err err = {0};

	if (stauth_account_get(&ctl->ctx, ctl->operands[0], &account, &err) !=
		STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	int code = ctl_user_print(ctl, &account, NULL);
	return code;
}

/* What the change did, for people. */
static void tell_change(struct ctl *ctl, const char *what, int ended)
{
	if (ended > 0) {
		ctl_info(ctl, CTL_TEXT_USER_SESSIONS, ctl->operands[0], what,
			ended);
	} else {
		ctl_info(ctl, CTL_TEXT_USER_DONE, ctl->operands[0], what);
	}
}

static int edit_user(struct ctl *ctl, const struct stauth_account_edit *edit,
	const char *what)
{
	struct stauth_err err = {0};
	int ended = 0;

	if (stauth_account_edit(&ctl->ctx, edit, &ctl->actor, &ended, &err) !=
		STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	tell_change(ctl, what, ended);
	if (!ctl->json) {
		return EX_OK;
	}
	struct stauth_account account;
	if (stauth_account_get(&ctl->ctx, ctl->operands[0], &account, &err) !=
		STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	return ctl_user_print(ctl, &account, NULL);
}

/* --x, --no-x: 1, 0, or -1 for neither. */
static int switch_of(const struct ctl *ctl, enum ctl_opt yes, enum ctl_opt no)
{
	if (ctl->opt[yes] != NULL) {
		return 1;
	}
	return ctl->opt[no] != NULL ? 0 : -1;
}

int ctl_user_set(struct ctl *ctl)
{
	const struct stauth_account_edit edit = {
		.name = ctl->operands[0],
		.email = ctl->opt[CTL_EMAIL],
		.display_name = ctl->opt[CTL_NAME],
		.groups = ctl->opt[CTL_GROUPS],
		.su = switch_of(ctl, CTL_SU, CTL_NO_SU),
		.system_login =
			switch_of(ctl, CTL_SYSTEM_LOGIN, CTL_NO_SYSTEM_LOGIN),
		.disabled = -1,
	};

	if ((ctl->opt[CTL_SU] != NULL && ctl->opt[CTL_NO_SU] != NULL) ||
		(ctl->opt[CTL_SYSTEM_LOGIN] != NULL &&
			ctl->opt[CTL_NO_SYSTEM_LOGIN] != NULL)) {
		return ctl_usage(CTL_TEXT_OPPOSITES);
	}
	if (edit.email == NULL && edit.display_name == NULL &&
		edit.groups == NULL && edit.su < 0 && edit.system_login < 0) {
		return ctl_usage(CTL_TEXT_USER_NOTHING);
	}
	return edit_user(ctl, &edit, "changed");
}

int ctl_user_disable(struct ctl *ctl)
{
	const struct stauth_account_edit edit = {.name = ctl->operands[0],
		.su = -1,
		.system_login = -1,
		.disabled = 1};

	return edit_user(ctl, &edit, "disabled");
}

int ctl_user_enable(struct ctl *ctl)
{
	const struct stauth_account_edit edit = {.name = ctl->operands[0],
		.su = -1,
		.system_login = -1,
		.disabled = 0};

	return edit_user(ctl, &edit, "enabled");
}

/* Looked up first, so that nobody is asked about a user who is not there. */
int ctl_user_delete(struct ctl *ctl)
{
	struct stauth_account account;
	struct stauth_err err = {0};

	if (stauth_account_get(&ctl->ctx, ctl->operands[0], &account, &err) !=
		STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	int code = ctl_ask_confirm(ctl, CTL_TEXT_USER_DELETE, account.name);
	if (code != EX_OK) {
		return code;
	}
	int ended = 0;
	if (stauth_account_delete(&ctl->ctx, account.name, &ctl->actor, &ended,
		    &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	tell_change(ctl, "deleted", ended);
	return EX_OK;
}
