/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "auth/account.h"
#include "config/keyfile.h"
#include "ctl.h"
#include "out.h"
#include "result.h"
#include "store/table.h"
#include "text.h"

#include "base/banned.h"

/* --- init */

/* A file from before names and addresses were one namespace may have both. */
static void warn_of_clashes(struct ctl *ctl)
{
	struct stauth_store store = {0};

	if (stauth_store_open(ctl->config, STAUTH_ROLE_ADMIN, &store, NULL) !=
		STAUTH_OK) {
		return;
	}
	struct stauth_ctx ctx;
	stauth_ctx_init(&ctx, ctl->config);
	ctx.accounts = store.accounts;
	struct stauth_clash clash = {.name = ""};
	char after[sizeof(clash.name)] = "";
	while (stauth_account_clash(&ctx, after, &clash, NULL) == STAUTH_OK) {
		ctl_warn(CTL_TEXT_INIT_CLASH, clash.name, clash.name);
		memcpy(after, clash.name, sizeof(after));
	}
	stauth_ctx_finish(&ctx);
	stauth_store_close(&store);
}

/* The keys come first: they make STATE_DIR, where the database goes. */
int ctl_init(struct ctl *ctl)
{
	const char *file = ctl->config->sqlite_file;
	struct stauth_err err = {0};
	bool was_there = access(file, F_OK) == 0;

	if (stauth_keys_init(ctl->config, &err) != STAUTH_OK ||
		stauth_store_init(ctl->config, &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, CTL_TEXT_INIT_KEYS, ctl->config->state_dir);
	if (ctl->config->storage == STAUTH_STORAGE_SQLITE) {
		ctl_info(ctl, CTL_TEXT_INIT_DATABASE, file,
			was_there ? CTL_TEXT_INIT_CURRENT
				  : CTL_TEXT_INIT_CREATED);
	}
	warn_of_clashes(ctl);
	return EX_OK;
}

/* --- backup and restore */

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

	if (stauth_store_backup(ctl->config, file, &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, CTL_TEXT_BACKUP_DONE, file);
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
	if (stauth_store_restore(ctl->config, ctl->operands[0], job, &err) !=
		STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	job->dry_run = false;
	return ctl_ask_confirm(ctl, CTL_TEXT_RESTORE_ASK, ctl->operands[0]);
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
	if (stauth_store_restore(ctl->config, ctl->operands[0], &job, &err) !=
		STAUTH_OK) {
		ctl_out_drop(&out);
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, CTL_TEXT_RESTORE_DONE);
	return ctl_out_end(&out);
}
