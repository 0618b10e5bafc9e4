/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ask.h"
#include "auth/account.h"
#include "auth/host.h"
#include "auth/live.h"
#include "auth/session.h"
#include "base/clock.h"
#include "base/text.h"
#include "ctl.h"
#include "out.h"
#include "result.h"
#include "text.h"

#include "base/banned.h"

/* The relay closes what is open within 2 s. */
#define CLOSE_MAX_MS  3000
#define CLOSE_STEP_MS 50

/* The last two where there is a relay. */
static const struct ctl_field fields[] = {
	{"id", "ID", CTL_TEXT, 0},
	{"user", "USER", CTL_TEXT, 0},
	{"channel", "CHANNEL", CTL_TEXT, 0},
	{"address", "ADDRESS", CTL_TEXT, 0},
	{"created_at", "CREATED", CTL_TIME, 0},
	{"last_seen_at", "LAST SEEN", CTL_TIME, 0},
	{"expires_at", "EXPIRES", CTL_TIME, 0},
	{"open_websockets", "OPEN", CTL_NUMBER, 0},
	{"apps", "APPS", CTL_LIST, 0},
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))
#define RELAY_ONLY  2

/* A row of the list. */
struct listed {
	struct stauth_session session;
	int open;
	char apps[STAUTH_VALUE_SIZE];
};

/* What is open, from the relay. */
struct live {
	struct stauth_live *list;
	size_t count;
};

/* What the list is asked for. */
struct listing {
	int64_t uid; /* 0: of everybody */
	struct live live;
};

static void add_session(struct ctl_out *out, const void *row)
{
	const struct listed *listed = row;
	const struct stauth_session *session = &listed->session;
	const struct ctl_value values[FIELD_COUNT] = {
		{session->handle, 0},
		{session->user, 0},
		{session->channel, 0},
		{session->address, 0},
		{NULL, session->created_at},
		{NULL, session->last_seen_at},
		{NULL, session->expires_at},
		{NULL, listed->open},
		{listed->apps, 0},
	};

	ctl_out_row(out, values);
}

/* None, and a warning, if the list cannot be read. */
static struct live read_live(const struct ctl *ctl)
{
	struct live live = {NULL, 0};
	struct stauth_err err = {0};

	if (stauth_live_load(ctl->ctx.config, &live.list, &live.count, &err) !=
		STAUTH_OK) {
		ctl_warn("%s", err.msg);
	}
	return live;
}

static void set_open(struct listed *row, const struct live *live)
{
	row->open = 0;
	row->apps[0] = '\0';
	size_t len = 0;
	for (size_t i = 0; i < live->count; i++) {
		const struct stauth_live *one = &live->list[i];
		if (strcmp(one->handle, row->session.handle) == 0) {
			row->open += one->count;
			len += (size_t)snprintf(row->apps + len,
				sizeof(row->apps) - len, "%s%s",
				len > 0 ? "," : "", one->app);
		}
		if (len >= sizeof(row->apps)) {
			return;
		}
	}
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
	const struct listing *listing = about;
	const struct listed *last = page->after;
	struct listed *rows = page->rows;
	struct stauth_session *sessions = calloc(page->max, sizeof(*sessions));

	if (sessions == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, CTL_TEXT_NO_MEMORY);
	}
	const struct stauth_session_query query = {.uid = listing->uid,
		.after = last != NULL ? last->session.handle : "",
		.limit = page->max};
	enum stauth_rc rc = stauth_session_list(
		&ctl->ctx, &query, sessions, &page->count, err);
	for (size_t i = 0; rc == STAUTH_OK && i < page->count; i++) {
		rows[i].session = sessions[i];
		set_open(&rows[i], &listing->live);
	}
	free(sessions);
	return rc;
}

int ctl_session_list(struct ctl *ctl)
{
	bool has_relay = ctl->ctx.config->app_upstream[0] != '\0';
	const struct ctl_list list = {fields,
		FIELD_COUNT - (has_relay ? 0 : RELAY_ONLY),
		sizeof(struct listed), read_page, add_session};
	struct listing listing = {.uid = 0};

	if (ctl->operand_count) {
		int code = uid_of(ctl, ctl->operands[0], &listing.uid);

		if (code != EX_OK) {
			return code;
		}
	}
	struct stauth_err err = {0};
	int ended = 0;
	/* Rows of hosts that died are no live sessions; who may only read
	 * sees them until the gate has swept. */
	(void)stauth_host_sweep(&ctl->ctx, &ended, &err);
	if (has_relay) {
		listing.live = read_live(ctl);
	}
	int code = ctl_list(ctl, &list, &listing);
	free(listing.live.list);
	return code;
}

/* --- revoke */

/* Keeps what is open of this session (NULL: of any), and of this user. */
static void keep_of(struct live *live, const char *handle)
{
	size_t kept = 0;

	for (size_t i = 0; i < live->count; i++) {
		const char *own = live->list[i].handle;
		if (own[0] != '\0' &&
			(handle == NULL || strcmp(handle, own) == 0)) {
			live->list[kept++] = live->list[i];
		}
	}
	live->count = kept;
}

/* Those whose session is not this user's leave the list. */
static enum stauth_rc keep_of_user(
	struct ctl *ctl, struct live *live, int64_t uid, struct stauth_err *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < live->count; i++) {
		struct stauth_session session;
		enum stauth_rc rc = stauth_session_by_handle(
			&ctl->ctx, live->list[i].handle, &session, err);
		if (rc < STAUTH_OK) {
			return rc;
		}
		if (rc == STAUTH_OK && session.uid == uid) {
			live->list[kept++] = live->list[i];
		}
	}
	live->count = kept;
	return STAUTH_OK;
}

static int count_open(const struct live *wanted, const struct live *now)
{
	int open = 0;

	for (size_t i = 0; i < wanted->count; i++) {
		const struct stauth_live *one = &wanted->list[i];
		if (i == 0 || strcmp(one->handle, one[-1].handle) != 0) {
			open += stauth_live_count(
				now->list, now->count, one->handle);
		}
	}
	return open;
}

/* Waits until the relay has closed what was open, and says how many it
 * were. */
static void report_closed(const struct ctl *ctl, struct live *before)
{
	int open = count_open(before, before);
	int left = open;

	for (int ms = 0; left > 0 && ms < CLOSE_MAX_MS; ms += CLOSE_STEP_MS) {
		stauth_sleep_ms(CLOSE_STEP_MS);
		struct live now = read_live(ctl);
		left = count_open(before, &now);
		free(now.list);
	}
	if (left > 0) {
		ctl_info(ctl, CTL_TEXT_SOCKETS_OPEN, open - left, open);
	} else if (open > 0) {
		ctl_info(ctl, CTL_TEXT_SOCKETS_CLOSED, open);
	}
	free(before->list);
}

static int revoke_one(struct ctl *ctl, const char *handle)
{
	struct live live = read_live(ctl);
	keep_of(&live, handle);
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_session_revoke(&ctl->ctx, handle, 0, &ctl->actor, &err);

	if (rc != STAUTH_OK) {
		free(live.list);
	}
	if (rc == STAUTH_NOTFOUND) {
		return ctl_fail_with(
			EX_NOUSER, "%s", STAUTH_TEXT_SESSION_NOT_FOUND);
	}
	if (rc != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, "%s", STAUTH_TEXT_SESSION_ENDED);
	report_closed(ctl, &live);
	return EX_OK;
}

static int revoke_many(struct ctl *ctl, int64_t uid)
{
	struct live live = read_live(ctl);
	keep_of(&live, NULL);
	struct stauth_err err = {0};
	enum stauth_rc rc = STAUTH_OK;
	if (uid != 0) {
		rc = keep_of_user(ctl, &live, uid, &err);
	}
	int ended = 0;
	if (rc == STAUTH_OK) {
		rc = stauth_session_revoke_all(&ctl->ctx,
			&(const struct stauth_session_end){.uid = uid},
			&ctl->actor, &ended, &err);
	}
	if (rc != STAUTH_OK) {
		free(live.list);
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, CTL_TEXT_SESSIONS_ENDED, ended);
	report_closed(ctl, &live);
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
