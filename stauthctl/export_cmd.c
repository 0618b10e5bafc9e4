/* SPDX-License-Identifier: MIT */
#include "auth/export.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/secret.h"
#include "out.h"
#include "result.h"
#include "text.h"
#include "user.h"

#include "base/banned.h"

struct lines {
	struct ctl_out out;
	bool with_hashes;
};

/* A row that did not fit or did not go out must not be missed in silence. */
static enum stauth_rc add_row(
	const struct stauth_account *account, void *arg, struct stauth_err *err)
{
	struct lines *lines = arg;

	ctl_user_row(&lines->out, account,
		lines->with_hashes ? account->password : NULL);
	if (!stauth_buf_ok(&lines->out.buf)) {
		return stauth_fail(err, STAUTH_ENOMEM, CTL_TEXT_NO_MEMORY);
	}
	return ferror(stdout) ? STAUTH_EUNKNOWN : STAUTH_OK;
}

static void warn_of_hashes(void)
{
	ctl_warn(CTL_TEXT_EXPORT_HASHES);
	struct stat st;
	if (fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode) &&
		(st.st_mode & (S_IRWXG | S_IRWXO))) {
		ctl_warn(CTL_TEXT_EXPORT_READABLE);
	}
}

int ctl_export(struct ctl *ctl)
{
	struct lines lines = {.with_hashes = ctl->opt[CTL_WITH_HASHES] != NULL};

	if (lines.with_hashes) {
		warn_of_hashes();
	}
	ctl_user_begin(&lines.out, CTL_LINES, true, lines.with_hashes);
	struct stauth_err err = {0};
	const struct stauth_export job = {lines.with_hashes, add_row, &lines};
	enum stauth_rc rc = stauth_export(&ctl->ctx, &job, &ctl->actor, &err);
	if (lines.out.buf.data != NULL) {
		stauth_wipe(lines.out.buf.data, lines.out.buf.cap);
	}
	if (rc == STAUTH_OK || ferror(stdout)) {
		return ctl_out_end(&lines.out);
	}
	ctl_out_drop(&lines.out);
	return ctl_fail(ctl, &err);
}
