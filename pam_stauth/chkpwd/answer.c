/* SPDX-License-Identifier: MIT */
/*
 * PAM's questions, answered by the domain.
 *
 *  1. PAMST_ALLOW MUST follow from a verdict of the core for this very user,
 *     and for auth from the right password and the rules of the line.
 *  2. A fault MUST become PAMST_UNAVAILABLE, never a no or a yes.
 *  3. Nobody MUST learn about an account without its password but root, group
 *     stauth and its owner.
 */
#include "answer.h"

#include <stdio.h>
#include <string.h>

#include "auth/account.h"
#include "auth/host.h"
#include "auth/login.h"
#include "auth/name.h"
#include "base/codec.h"
#include "base/secret.h"
#include "base/text.h"
#include "question.h"

#include "base/banned.h"

/* Sessions of hosts that one user may hold open without root. */
#define UNPRIVILEGED_ROWS_MAX 16

static void say(struct pamst_frame *answer, int kind, const char *text)
{
	pamst_frame_init(answer, kind);
	if (text != NULL) {
		pamst_frame_add(answer, PAMST_TEXT, text);
	}
}

static void fault(struct pamst_frame *answer, const struct stauth_err *err)
{
	bool busy = err->rc == STAUTH_EBUSY;

	say(answer, PAMST_UNAVAILABLE,
		busy ? STAUTH_TEXT_BUSY : STAUTH_TEXT_UNAVAILABLE);
	pamst_frame_add(answer, PAMST_LOG, err->msg);
}

static void throttled(struct pamst_frame *answer, int64_t wait_s)
{
	char text[160];

	snprintf(text, sizeof(text), STAUTH_TEXT_THROTTLED, (long long)wait_s,
		STAUTH_PLURAL(wait_s));
	say(answer, PAMST_THROTTLED, text);
}

/* One try with the password: rc says whether it could be judged. */
static enum stauth_rc try_password(struct stauth_ctx *ctx,
	const struct chkpwd_question *ask, struct stauth_login *login,
	struct stauth_err *err)
{
	const struct stauth_login_request who = {
		.username = ask->user,
		.username_len = strlen(ask->user),
		.address = ask->address,
		.channel = ask->channel,
		.pam = true,
		.by_email = ask->rules.any_account,
		.caller = ask->caller[0] ? ask->caller : NULL,
	};
	enum stauth_rc rc = stauth_login_start(ctx, &who, login, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	bool too_long =
		ask->password.len == 0 && (ask->flags & PAMST_TOO_LONG) != 0;
	return stauth_login_password(
		ctx, login, too_long ? NULL : &ask->password, err);
}

/* What a verdict that is no ALLOW becomes. */
static void refuse(struct pamst_frame *answer, const struct stauth_login *login,
	struct stauth_ctx *ctx, const struct chkpwd_question *ask)
{
	if (login->verdict == STAUTH_DENY_THROTTLED) {
		throttled(answer, login->wait_s);
		return;
	}
	if (login->right_but_disabled) {
		say(answer, PAMST_DISABLED, NULL);
		return;
	}
	struct stauth_account account;
	struct stauth_err err;
	enum stauth_rc rc = stauth_account_get(ctx, ask->user, &account, &err);
	stauth_wipe_array(account.password);
	say(answer, rc == STAUTH_NOTFOUND ? PAMST_UNKNOWN_USER : PAMST_WRONG,
		NULL);
}

static void answer_auth(struct stauth_ctx *ctx,
	const struct chkpwd_question *ask, struct pamst_frame *answer)
{
	struct stauth_login login = {0};
	struct stauth_err err = {0};
	enum stauth_rc rc = try_password(ctx, ask, &login, &err);

	if (rc == STAUTH_OK && login.verdict == STAUTH_ALLOW) {
		bool may = stauth_host_permits(&login.account, &ask->rules);

		rc = may ? stauth_login_done(ctx, &login, "login", &err)
			 : stauth_login_refused(ctx, &login,
				   "the password is right, the service's "
				   "rules say no",
				   &err);
		if (rc == STAUTH_OK) {
			say(answer, may ? PAMST_ALLOW : PAMST_NOT_PERMITTED,
				NULL);
			pamst_frame_add(answer, PAMST_USER, login.account.name);
		}
	} else if (rc == STAUTH_OK) {
		refuse(answer, &login, ctx, ask);
	}
	if (rc != STAUTH_OK) {
		fault(answer, &err);
	}
	stauth_login_finish(&login);
}

static void answer_account(struct stauth_ctx *ctx,
	const struct chkpwd_question *ask, struct pamst_frame *answer)
{
	static const int kind[] = {
		[STAUTH_HOST_NO] = PAMST_NOT_PERMITTED,
		[STAUTH_HOST_UNKNOWN] = PAMST_UNKNOWN_USER,
		[STAUTH_HOST_DISABLED] = PAMST_DISABLED,
		[STAUTH_HOST_MUST_CHANGE] = PAMST_MUST_CHANGE,
		[STAUTH_HOST_YES] = PAMST_ALLOW,
	};
	enum stauth_host_verdict verdict = STAUTH_HOST_NO;
	struct stauth_account account;
	struct stauth_err err = {0};

	if (stauth_host_account(ctx, ask->user, &ask->rules, &verdict, &account,
		    &err) != STAUTH_OK) {
		fault(answer, &err);
		return;
	}
	say(answer, kind[verdict],
		verdict == STAUTH_HOST_MUST_CHANGE ? STAUTH_TEXT_MUST_CHANGE
						   : NULL);
}

/* Root sets it, as `stauthctl user passwd` does. */
static enum stauth_rc change_as_root(struct stauth_ctx *ctx,
	const struct chkpwd_question *ask, bool really,
	struct pamst_frame *answer, struct stauth_err *err)
{
	struct stauth_account account;
	enum stauth_rc rc = stauth_account_get(ctx, ask->user, &account, err);

	stauth_wipe_array(account.password);
	int ended;
	if (rc == STAUTH_OK && really) {
		const struct stauth_password_set set = {
			ask->user, &ask->new_password, false};
		rc = stauth_password_set(ctx, &set, &ask->actor, &ended, err);
	}
	if (rc == STAUTH_OK) {
		say(answer, PAMST_ALLOW, NULL);
	}
	return rc;
}

/* The owner changes it with the current one. */
static enum stauth_rc change_as_owner(struct stauth_ctx *ctx,
	const struct chkpwd_question *ask, bool really,
	struct pamst_frame *answer, struct stauth_err *err)
{
	struct stauth_login login = {0};
	enum stauth_rc rc = try_password(ctx, ask, &login, err);
	int ended;

	if (rc == STAUTH_OK && login.verdict == STAUTH_ALLOW) {
		const struct stauth_password_change change = {
			.login = &login, .password = &ask->new_password};
		rc = really ? stauth_password_change(
				      ctx, &change, &ask->actor, &ended, err)
			    : stauth_login_done(ctx, &login, "verify", err);
		if (rc == STAUTH_OK) {
			say(answer, PAMST_ALLOW, NULL);
		}
	} else if (rc == STAUTH_OK) {
		refuse(answer, &login, ctx, ask);
	}
	stauth_login_finish(&login);
	return rc;
}

static void answer_change(struct stauth_ctx *ctx,
	const struct chkpwd_question *ask, bool really,
	struct pamst_frame *answer)
{
	if (really && ask->new_password.len == 0) {
		say(answer, PAMST_WEAK,
			ask->flags & PAMST_TOO_LONG
				? STAUTH_TEXT_PASSWORD_LONG
				: STAUTH_TEXT_PASSWORD_EMPTY);
		return;
	}
	struct stauth_err err = {0};
	enum stauth_rc rc =
		(ask->flags & PAMST_AS_ROOT) && ask->host_uid == 0
			? change_as_root(ctx, ask, really, answer, &err)
			: change_as_owner(ctx, ask, really, answer, &err);
	if (rc == STAUTH_NOTFOUND) {
		say(answer, PAMST_UNKNOWN_USER, NULL);
	} else if (rc == STAUTH_BADVALUE) {
		say(answer, PAMST_WEAK, err.msg);
	} else if (rc != STAUTH_OK) {
		fault(answer, &err);
	}
}

/* A row in the list of sessions. Root's hosts open as many as they like; a
 * user with a helper of his own does not fill the store. */
static void answer_open(struct stauth_ctx *ctx,
	const struct chkpwd_caller *caller, const struct chkpwd_question *ask,
	struct pamst_frame *answer)
{
	const struct stauth_host_session host = {
		.service = ask->service,
		.rhost = ask->host_uid == 0 ? ask->rhost : "",
		.tty = ask->tty,
		.pid = ask->host_pid,
		.rows_max = caller->privileged ? 0 : UNPRIVILEGED_ROWS_MAX,
	};
	char handle[STAUTH_HANDLE_LEN + 1];
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_host_session_open(ctx, ask->user, &host, handle, &err);

	if (rc == STAUTH_OK) {
		say(answer, PAMST_ALLOW, NULL);
		pamst_frame_add(answer, PAMST_HANDLE, handle);
	} else if (rc > 0) {
		/* Not one of ours, disabled since, or one row too many. */
		say(answer, PAMST_UNKNOWN_USER, NULL);
	} else {
		fault(answer, &err);
	}
}

static void answer_close(struct stauth_ctx *ctx,
	const struct chkpwd_question *ask, struct pamst_frame *answer)
{
	struct stauth_err err = {0};
	enum stauth_rc rc = stauth_host_session_close(
		ctx, ask->name, ask->handle, &ask->actor, &err);

	if (rc < 0) {
		fault(answer, &err);
	} else {
		say(answer, PAMST_ALLOW, NULL);
	}
}

static void dispatch(struct stauth_ctx *ctx, const struct chkpwd_caller *caller,
	int kind, const struct chkpwd_question *ask, struct pamst_frame *answer)
{
	switch ((enum pamst_question)kind) {
	case PAMST_ASK_AUTH:
		answer_auth(ctx, ask, answer);
		return;
	case PAMST_ASK_ACCOUNT:
		answer_account(ctx, ask, answer);
		return;
	case PAMST_ASK_CHANGE_CHECK:
		answer_change(ctx, ask, false, answer);
		return;
	case PAMST_ASK_CHANGE:
		answer_change(ctx, ask, true, answer);
		return;
	case PAMST_ASK_OPEN:
		answer_open(ctx, caller, ask, answer);
		return;
	case PAMST_ASK_CLOSE:
		answer_close(ctx, ask, answer);
		return;
	}
	say(answer, PAMST_UNAVAILABLE, NULL);
}

void chkpwd_answer(struct stauth_ctx *ctx, const struct chkpwd_caller *caller,
	const struct pamst_frame *question, struct pamst_frame *answer)
{
	struct chkpwd_question ask = {0};

	chkpwd_question_read(question, caller, &ask);
	if (!chkpwd_caller_may(caller, ask.name)) {
		say(answer, PAMST_NOT_PERMITTED, NULL);
		pamst_frame_add(answer, PAMST_LOG,
			"the caller may ask about the own name only");
	} else {
		dispatch(ctx, caller, question->kind, &ask, answer);
	}
	if (answer->kind == PAMST_NONE) {
		say(answer, PAMST_UNAVAILABLE, NULL);
	}
	stauth_wipe(&ask, sizeof(ask));
}
