/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "ask.h"
#include "auth/account.h"
#include "auth/host.h"
#include "auth/session.h"
#include "base/text.h"
#include "ctl.h"
#include "out.h"
#include "result.h"
#include "text.h"

#include "base/banned.h"

static const struct ctl_field fields[] = {
	{"id", "ID", CTL_TEXT, 0},
	{"user", "USER", CTL_TEXT, 0},
	{"channel", "CHANNEL", CTL_TEXT, 0},
	{"address", "ADDRESS", CTL_TEXT, 0},
	{"created_at", "CREATED", CTL_TIME, 0},
	{"last_seen_at", "LAST SEEN", CTL_TIME, 0},
	{"expires_at", "EXPIRES", CTL_TIME, 0},
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static void add_session(struct ctl_out *out, const void *row)
{
	const struct stauth_session *session = row;
	const struct ctl_value values[FIELD_COUNT] = {
		{session->handle, 0},
		{session->user, 0},
		{session->channel, 0},
		{session->address, 0},
		{NULL, session->created_at},
		{NULL, session->last_seen_at},
		{NULL, session->expires_at},
	};

	ctl_out_row(out, values);
}

/* 0 is everybody: only where no name was given. */
static int uid_of(struct ctl *ctl, const char *name, int64_t *ret_uid)
{
	struct stauth_account account;
	struct stauth_err err = {0};

	if (stauth_account_get(&ctl->ctx, name, &account, &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	*ret_uid = account.uid;
	return EX_OK;
}

static enum stauth_rc read_page(struct ctl *ctl, const void *about,
	struct ctl_page *page, struct stauth_err *err)
{
	const struct stauth_session *last = page->after;
	const int64_t *uid = about;

	const struct stauth_session_query query = {.uid = *uid,
		.after = last != NULL ? last->handle : "",
		.limit = page->max};

	return stauth_session_list(
		&ctl->ctx, &query, page->rows, &page->count, err);
}

int ctl_session_list(struct ctl *ctl)
{
	static const struct ctl_list list = {fields, FIELD_COUNT,
		sizeof(struct stauth_session), read_page, add_session};
	int64_t uid = 0;

	if (ctl->operand_count) {
		int code = uid_of(ctl, ctl->operands[0], &uid);

		if (code != EX_OK) {
			return code;
		}
	}
	struct stauth_err err = {0};
	int ended = 0;
	/* Rows of hosts that died are no live sessions; who may only read
	 * sees them until the gate has swept. */
	(void)stauth_host_sweep(&ctl->ctx, &ended, &err);
	return ctl_list(ctl, &list, &uid);
}

static int revoke_one(struct ctl *ctl, const char *handle)
{
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_session_revoke(&ctl->ctx, handle, 0, &ctl->actor, &err);

	if (rc == STAUTH_NOTFOUND) {
		return ctl_fail_with(
			EX_NOUSER, "%s", STAUTH_TEXT_SESSION_NOT_FOUND);
	}
	if (rc != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, "%s", STAUTH_TEXT_SESSION_ENDED);
	return EX_OK;
}

static int revoke_many(struct ctl *ctl, int64_t uid)
{
	struct stauth_err err = {0};
	int ended = 0;

	if (stauth_session_revoke_all(&ctl->ctx, uid, "", &ctl->actor, &ended,
		    &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, CTL_TEXT_SESSIONS_ENDED, ended);
	return EX_OK;
}

/* Exactly one of ID, --user and --all says whose. */
int ctl_session_revoke(struct ctl *ctl)
{
	const char *user = ctl->opt[CTL_USER];
	int ways = (ctl->operand_count > 0) + (user != NULL) +
		   (ctl->opt[CTL_ALL] != NULL);

	if (ways != 1) {
		return ctl_usage(CTL_TEXT_SESSION_WHOSE);
	}
	if (ctl->operand_count) {
		return revoke_one(ctl, ctl->operands[0]);
	}
	int64_t uid = 0;
	int code = EX_OK;
	if (user != NULL) {
		code = uid_of(ctl, user, &uid);
	} else {
		code = ctl_ask_confirm(ctl, CTL_TEXT_SESSIONS_ALL);
	}
	return code == EX_OK ? revoke_many(ctl, uid) : code;
}
