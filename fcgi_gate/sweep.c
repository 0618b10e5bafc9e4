/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sysexits.h>

#include "auth/host.h"
#include "auth/session.h"
#include "log.h"
#include "supervise.h"

#include "base/banned.h"

int gate_sweep_run(const struct gate_worker *worker)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	struct stauth_store store;
	memset(&store, 0, sizeof(store));
	if (worker->open_store(worker->config, STAUTH_ROLE_PAGE, &store, &err) <
		STAUTH_OK) {
		gate_log("sweep: %s", err.msg);
		return EX_UNAVAILABLE;
	}
	struct stauth_ctx ctx;
	stauth_ctx_init(&ctx, worker->config);
	ctx.accounts = store.accounts;
	ctx.state = store.state;
	int ended = 0;
	enum stauth_rc rc = stauth_sweep(&ctx, &err);
	if (rc >= STAUTH_OK) {
		rc = stauth_host_sweep(&ctx, &ended, &err);
	}
	if (rc < STAUTH_OK) {
		gate_log("sweep: %s", err.msg);
	}
	stauth_ctx_finish(&ctx);
	stauth_store_close(&store);
	return rc < STAUTH_OK ? EX_UNAVAILABLE : EX_OK;
}
