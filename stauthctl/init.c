/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sysexits.h>
#include <unistd.h>

#include "config/keyfile.h"
#include "ctl.h"
#include "result.h"

#include "base/banned.h"

/* The keys come first: they make STATE_DIR, where the database goes. */
int ctl_init(struct ctl *ctl)
{
	const char *file = ctl->config->sqlite_file;
	struct stauth_err err = {0};
	bool was_there = access(file, F_OK) == 0;

	if (stauth_keys_init(ctl->config, &err) != STAUTH_OK ||
		ctl->store_init(ctl->config, &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	ctl_info(ctl, "the keys are in %s/keys", ctl->config->state_dir);
	if (ctl->config->storage == STAUTH_STORAGE_SQLITE) {
		ctl_info(ctl, "the database %s is %s", file,
			was_there ? "up to date" : "made");
	}
	return EX_OK;
}
