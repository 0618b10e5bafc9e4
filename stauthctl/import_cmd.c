/* SPDX-License-Identifier: MIT */
#include "auth/import.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl.h"
#include "import_sources.h"
#include "out.h"
#include "result.h"
#include "text.h"

#include "base/banned.h"

static const struct ctl_field fields[] = {
	{"added", "ADDED", CTL_NUMBER, 0},
	{"existing", "EXISTING", CTL_NUMBER, 0},
	{"skipped", "SKIPPED", CTL_NUMBER, 0},
	{"dry_run", "DRY RUN", CTL_FLAG, 0},
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static int report(const struct ctl *ctl,
	const struct stauth_import_count *count, bool dry_run)
{
	const struct ctl_value values[FIELD_COUNT] = {
		{NULL, (int64_t)count->added},
		{NULL, (int64_t)count->existing},
		{NULL, (int64_t)count->skipped},
		{NULL, dry_run},
	};

	if (!ctl->json) {
		ctl_info(ctl, CTL_TEXT_IMPORT_DONE,
			dry_run ? CTL_TEXT_IMPORT_WOULD : CTL_TEXT_IMPORT_DID,
			count->added, count->existing, count->skipped);
		return EX_OK;
	}
	struct ctl_out out;
	ctl_out_begin(&out, CTL_ONE, true, fields, FIELD_COUNT);
	ctl_out_row(&out, values);
	return ctl_out_end(&out);
}

/* A file that is not there is the caller's slip, not the store's trouble. */
static int check_file(const char *path)
{
	if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0) {
		return EX_OK;
	}
	return ctl_fail_with(errno == EACCES ? EX_NOPERM : EX_DATAERR, "%s: %s",
		path, strerror(errno));
}

/* How it ended: counts, or the fault. */
static int finish(struct ctl *ctl, enum stauth_rc rc, struct stauth_err *err,
	const struct stauth_import_count *count)
{
	if (rc != STAUTH_OK) {
		err->rc = rc;
		return ctl_fail(ctl, err);
	}
	int code = report(ctl, count, ctl->opt[CTL_DRY_RUN] != NULL);
	return code == EX_OK && count->skipped ? EX_DATAERR : code;
}

static struct stauth_import_run run_of(struct ctl *ctl)
{
	return (struct stauth_import_run){
		&ctl->actor, ctl->opt[CTL_DRY_RUN] != NULL};
}

int ctl_import_st_auth_simple(struct ctl *ctl)
{
	const char *config = ctl->opt[CTL_WRITE_CONFIG];
	int code = check_file(ctl->operands[0]);

	if (code != EX_OK) {
		return code;
	}
	if (config != NULL && access(config, F_OK) == 0) {
		return ctl_fail_with(
			EX_CANTCREAT, "%s: %s", config, strerror(EEXIST));
	}
	struct stauth_import_count count = {0};
	struct stauth_err err = {0};
	const struct stauth_import_run run = run_of(ctl);
	enum stauth_rc rc = stauth_import_st_auth_simple(
		&ctl->ctx, ctl->operands[0], &run, &count, &err);
	code = finish(ctl, rc, &err, &count);
	if (config != NULL && rc == STAUTH_OK && !run.dry_run) {
		int written = ctl_write_config(ctl, ctl->operands[0], config);

		code = written != EX_OK ? written : code;
	}
	return code;
}

/* The sources whose file this program reads by itself. */
static int import_file(struct ctl *ctl, struct stauth_import_source source)
{
	const char *path = ctl->operands[0];
	struct ctl_import_file file = {.now_s = stauth_ctx_now(&ctl->ctx)};
	int code = check_file(path);

	if (code != EX_OK) {
		return code;
	}
	struct stauth_err err = {0};
	enum stauth_rc rc = stauth_import_open(path, &file.fd, &err);
	struct stauth_import_count count = {0};
	if (rc != STAUTH_OK) {
		return finish(ctl, rc, &err, &count);
	}
	source.self = &file;
	const struct stauth_import_run run = run_of(ctl);
	rc = stauth_import(&ctl->ctx, &source, &run, &count, &err);
	close(file.fd);
	if (rc == STAUTH_BADVALUE) {
		bool has_line = isdigit((unsigned char)err.msg[0]);

		return ctl_fail_with(EX_DATAERR, has_line ? "%s:%s" : "%s: %s",
			path, err.msg);
	}
	return finish(ctl, rc, &err, &count);
}

int ctl_import_htpasswd(struct ctl *ctl)
{
	return import_file(ctl, (struct stauth_import_source){
					"htpasswd", ctl_htpasswd_read, NULL});
}

int ctl_import_shadow(struct ctl *ctl)
{
	return import_file(ctl,
		(struct stauth_import_source){"shadow", ctl_shadow_read, NULL});
}

int ctl_import_json(struct ctl *ctl)
{
	return import_file(ctl,
		(struct stauth_import_source){"json", ctl_json_read, NULL});
}

int ctl_import_authenticator(struct ctl *ctl)
{
	return import_file(
		ctl, (struct stauth_import_source){"streamlit-authenticator",
			     ctl_authenticator_read, NULL});
}

int ctl_import_authelia(struct ctl *ctl)
{
	return import_file(ctl, (struct stauth_import_source){
					"authelia", ctl_authelia_read, NULL});
}
