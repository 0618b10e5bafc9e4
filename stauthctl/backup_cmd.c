/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "ctl.h"
#include "out.h"
#include "result.h"

#include "base/banned.h"

static const struct ctl_field fields[] = {
	{"name", "NAME", CTL_TEXT, 0},
	{"change", "CHANGE", CTL_TEXT, 0},
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static const char *change(bool was_disabled)
{
	return was_disabled ? "enabled" : "back";
}

static void add_row(const char *name, bool was_disabled, void *user)
{
	const struct ctl_value values[FIELD_COUNT] = {
		{name, 0}, {change(was_disabled), 0}};

	ctl_out_row(user, values);
}

static void warn_of(const char *name, bool was_disabled, void *user)
{
	(void)user;
	ctl_warn("%s: %s", change(was_disabled), name);
}

int ctl_backup(struct ctl *ctl)
{
	struct stauth_err err = {0};
	const char *file = ctl->operands[0];

	if (ctl->store_backup(ctl->config, file, &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, "the backup is in %s; it holds every hash", file);
	return EX_OK;
}

static void fill_job(const struct ctl *ctl, struct stauth_restore *job)
{
	struct stauth_audit_row *row = &job->audit;

	memset(job, 0, sizeof(*job));
	job->now_s = (int64_t)time(NULL);
	row->ok = true;
	snprintf(row->event, sizeof(row->event), "restore");
	snprintf(row->actor, sizeof(row->actor), "%s", ctl->actor_name);
	snprintf(row->channel, sizeof(row->channel), "cli");
	snprintf(row->address, sizeof(row->address), "local:cli");
}

/* Who is asked sees first what would change. */
static int ask(struct ctl *ctl, struct stauth_restore *job)
{
	if (ctl->yes || !isatty(STDIN_FILENO)) {
		return EX_OK;
	}
	job->dry_run = true;
	job->found = warn_of;
	struct stauth_err err = {0};
	if (ctl->store_restore(ctl->config, ctl->operands[0], job, &err) !=
		STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	job->dry_run = false;
	return ctl_ask_confirm(ctl,
		"Replace the whole store by %s and end every session?",
		ctl->operands[0]);
}

int ctl_restore(struct ctl *ctl)
{
	struct stauth_restore job;

	fill_job(ctl, &job);
	int code = ask(ctl, &job);
	if (code != EX_OK) {
		return code;
	}
	struct ctl_out out;
	ctl_out_begin(&out, CTL_MANY, ctl->json, fields, FIELD_COUNT);
	job.found = add_row;
	job.user = &out;
	struct stauth_err err = {0};
	if (ctl->store_restore(ctl->config, ctl->operands[0], &job, &err) !=
		STAUTH_OK) {
		ctl_out_drop(&out);
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, "restored; everybody has to sign in again");
	return ctl_out_end(&out);
}
