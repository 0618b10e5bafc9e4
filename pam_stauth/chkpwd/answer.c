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

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "auth/account.h"
#include "auth/host.h"
#include "auth/name.h"
#include "auth/verify.h"
#include "base/codec.h"
#include "base/secret.h"
#include "base/text.h"

#include "base/banned.h"

#define MINIMUM_UID 1000

/* The question, taken apart. Holds passwords: wiped by chkpwd_answer. */
struct ask {
	char user[512];              /* as the host gave it */
	char name[STAUTH_NAME_SIZE]; /* canonical; "" it cannot be one */
	char service[64];
	char rhost[256];
	char tty[64];
	char handle[STAUTH_HANDLE_LEN + 1];
	char group[STAUTH_GROUP_MAX + 1];
	char channel[STAUTH_CHANNEL_SIZE];
	char address[STAUTH_ADDRESS_SIZE]; /* the source of the throttle */
	int64_t host_pid;
	unsigned char flags;
	struct stauth_secret password;
	struct stauth_secret new_password;
	struct stauth_host_rules rules;
	struct stauth_actor actor;
};

static void get_secret(const struct pamst_frame *question, enum pamst_tag tag,
	struct stauth_secret *secret)
{
	char text[STAUTH_PASSWORD_MAX + 1];

	if (pamst_frame_get(question, tag, text, sizeof(text)) && text[0]) {
		(void)stauth_secret_set(secret, text, strlen(text), NULL);
	}
	stauth_wipe_array(text);
}

static int64_t get_number(const struct pamst_frame *question,
	enum pamst_tag tag, int64_t otherwise)
{
	char text[24];
	int64_t value;

	if (pamst_frame_get(question, tag, text, sizeof(text)) &&
		stauth_parse_int(text, 0, INT64_MAX, &value)) {
		return value;
	}
	return otherwise;
}

/* Only root is believed about where the client is; a name that resolves to
 * an address never is one. */
static void find_address(const struct chkpwd_caller *caller, struct ask *ask)
{
	unsigned char raw[16];

	if (caller->uid == 0 &&
		(inet_pton(AF_INET, ask->rhost, raw) == 1 ||
			inet_pton(AF_INET6, ask->rhost, raw) == 1)) {
		(void)snprintf(ask->address, sizeof(ask->address), "%.64s",
			ask->rhost);
		return;
	}
	(void)snprintf(ask->address, sizeof(ask->address), "local:%.32s:%lu",
		ask->service, (unsigned long)caller->uid);
}

static void read_rules(const struct pamst_frame *question, struct ask *ask)
{
	char flags[2];

	if (pamst_frame_get(question, PAMST_FLAGS, flags, sizeof(flags))) {
		ask->flags = (unsigned char)flags[0];
	}
	ask->rules.require_su = ask->flags & PAMST_REQUIRE_SU;
	ask->rules.any_account = ask->flags & PAMST_ANY_ACCOUNT;
	ask->rules.minimum_uid =
		get_number(question, PAMST_MINIMUM_UID, MINIMUM_UID);
	if (pamst_frame_get(
		    question, PAMST_GROUP, ask->group, sizeof(ask->group))) {
		ask->rules.group = ask->group;
	}
}

static void ask_read(const struct pamst_frame *question,
	const struct chkpwd_caller *caller, struct ask *ask)
{
	(void)pamst_frame_get(
		question, PAMST_USER, ask->user, sizeof(ask->user));
	(void)pamst_frame_get(
		question, PAMST_SERVICE, ask->service, sizeof(ask->service));
	(void)pamst_frame_get(
		question, PAMST_RHOST, ask->rhost, sizeof(ask->rhost));
	(void)pamst_frame_get(question, PAMST_TTY, ask->tty, sizeof(ask->tty));
	(void)pamst_frame_get(
		question, PAMST_HANDLE, ask->handle, sizeof(ask->handle));
	ask->host_pid = get_number(question, PAMST_HOST_PID, 0);
	read_rules(question, ask);
	get_secret(question, PAMST_PASSWORD, &ask->password);
	get_secret(question, PAMST_NEW_PASSWORD, &ask->new_password);
	if (stauth_name_canonical(ask->user, strlen(ask->user), ask->name,
		    NULL) != STAUTH_OK) {
		ask->name[0] = '\0';
	}
	(void)snprintf(
		ask->channel, sizeof(ask->channel), "pam:%.11s", ask->service);
	find_address(caller, ask);
	ask->actor = (struct stauth_actor){
		.name = caller->uid == 0 ? "root" : caller->name,
		.channel = ask->channel,
		.address = ask->address,
	};
}

static void say(struct pamst_frame *answer, int kind, const char *text)
{
	pamst_frame_init(answer, kind);
	if (text) {
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

	(void)snprintf(
		text, sizeof(text), STAUTH_TEXT_THROTTLED, (long long)wait_s);
	say(answer, PAMST_THROTTLED, text);
}

/* One try with the password: rc says whether it could be judged. */
static enum stauth_rc try_password(struct stauth_ctx *ctx,
	const struct ask *ask, struct stauth_login *login,
	struct stauth_err *err)
{
	const struct stauth_login_who who = {
		.username = ask->user,
		.username_len = strlen(ask->user),
		.address = ask->address,
		.channel = ask->channel,
		.source_is_device = true,
	};
	enum stauth_rc rc = stauth_login_start(ctx, &who, login, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	return stauth_login_password(
		ctx, login, ask->password.len > 0 ? &ask->password : NULL, err);
}

/* What a verdict that is no ALLOW becomes. */
static void refuse(struct pamst_frame *answer, const struct stauth_login *login,
	struct stauth_ctx *ctx, const struct ask *ask)
{
	struct stauth_account account;
	struct stauth_err err;
	enum stauth_rc rc;

	if (login->verdict == STAUTH_DENY_THROTTLED) {
		throttled(answer, login->wait_s);
		return;
	}
	if (login->disabled_right) {
		say(answer, PAMST_DISABLED, NULL);
		return;
	}
	rc = stauth_account_get(ctx, ask->user, &account, &err);
	stauth_wipe_array(account.password);
	say(answer, rc == STAUTH_NOTFOUND ? PAMST_UNKNOWN_USER : PAMST_WRONG,
		NULL);
}

static void answer_auth(struct stauth_ctx *ctx, const struct ask *ask,
	struct pamst_frame *answer)
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

static void answer_account(struct stauth_ctx *ctx, const struct ask *ask,
	struct pamst_frame *answer)
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
	const struct ask *ask, bool really, struct pamst_frame *answer,
	struct stauth_err *err)
{
	struct stauth_account account;
	enum stauth_rc rc = stauth_account_get(ctx, ask->user, &account, err);
	int ended;

	stauth_wipe_array(account.password);
	if (rc == STAUTH_OK && really) {
		rc = stauth_account_passwd(ctx, ask->user, &ask->new_password,
			false, &ask->actor, &ended, err);
	}
	if (rc == STAUTH_OK) {
		say(answer, PAMST_ALLOW, NULL);
	}
	return rc;
}

/* The owner changes it with the current one. */
static enum stauth_rc change_as_owner(struct stauth_ctx *ctx,
	const struct ask *ask, bool really, struct pamst_frame *answer,
	struct stauth_err *err)
{
	struct stauth_login login = {0};
	enum stauth_rc rc = try_password(ctx, ask, &login, err);
	int ended;

	if (rc == STAUTH_OK && login.verdict == STAUTH_ALLOW) {
		rc = really ? stauth_account_change_own(ctx, &login, NULL, NULL,
				      &ask->new_password, &ask->actor, &ended,
				      err)
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
	const struct chkpwd_caller *caller, const struct ask *ask, bool really,
	struct pamst_frame *answer)
{
	struct stauth_err err = {0};
	enum stauth_rc rc;

	if (really && ask->new_password.len == 0) {
		say(answer, PAMST_WEAK,
			ask->flags & PAMST_TOO_LONG
				? STAUTH_TEXT_PASSWORD_LONG
				: STAUTH_TEXT_PASSWORD_EMPTY);
		return;
	}
	rc = (ask->flags & PAMST_AS_ROOT) && caller->uid == 0
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

static void answer_open(struct stauth_ctx *ctx, const struct ask *ask,
	struct pamst_frame *answer)
{
	const struct stauth_host_session host = {
		.service = ask->service,
		.rhost = ask->rhost,
		.tty = ask->tty,
		.pid = ask->host_pid,
	};
	char handle[STAUTH_HANDLE_LEN + 1];
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_host_session_open(ctx, ask->user, &host, handle, &err);

	if (rc == STAUTH_OK) {
		say(answer, PAMST_ALLOW, NULL);
		pamst_frame_add(answer, PAMST_HANDLE, handle);
	} else if (rc > 0) {
		/* Not one of ours, or disabled since: no row to keep. */
		say(answer, PAMST_UNKNOWN_USER, NULL);
	} else {
		fault(answer, &err);
	}
}

static void answer_close(struct stauth_ctx *ctx, const struct ask *ask,
	struct pamst_frame *answer)
{
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_session_revoke(ctx, ask->handle, 0, &ask->actor, &err);

	if (rc < 0) {
		fault(answer, &err);
	} else {
		say(answer, PAMST_ALLOW, NULL);
	}
}

static void dispatch(struct stauth_ctx *ctx, const struct chkpwd_caller *caller,
	int kind, const struct ask *ask, struct pamst_frame *answer)
{
	switch ((enum pamst_question)kind) {
	case PAMST_ASK_AUTH:
		answer_auth(ctx, ask, answer);
		return;
	case PAMST_ASK_ACCOUNT:
		answer_account(ctx, ask, answer);
		return;
	case PAMST_ASK_CHANGE_CHECK:
		answer_change(ctx, caller, ask, false, answer);
		return;
	case PAMST_ASK_CHANGE:
		answer_change(ctx, caller, ask, true, answer);
		return;
	case PAMST_ASK_OPEN:
		answer_open(ctx, ask, answer);
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
	struct ask ask = {0};

	ask_read(question, caller, &ask);
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
