/* SPDX-License-Identifier: MIT */
/*
 * The touch worker: moves last_seen_at of the sessions that the check workers
 * name to it through a pipe.
 *
 *  1. Checks MUST NOT wait for it: the pipe is the queue, and what does not
 *     fit there is reported again with the next check.
 *  2. It MUST NOT hold the store for long: small transactions, with a pause
 *     between two, in which others get their turn.
 *  3. SIGTERM MUST let what the check workers still send be written.
 */
#include <poll.h>
#include <sysexits.h>
#include <unistd.h>

#include "auth/check.h"
#include "base/clock.h"
#include "log.h"
#include "store/table.h"
#include "worker.h"

#include "base/banned.h"

#define FLUSH_EVERY_MS 10000
#define BATCH_ROWS     128
#define BATCH_PAUSE_MS 5
/* The last check workers are gone when nothing came for so long. */
#define DRAIN_MS 300

struct toucher {
	const struct gate_worker *worker;
	struct stauth_store store;
	struct stauth_ctx ctx;
	size_t count; /* of rows that are still to be written */
	struct stauth_touch rows[BATCH_ROWS];
};

/* SIGTERM comes through here and nowhere else. false: there is nothing to
 * read, because the time is over, or because all that could write are gone. */
static bool wait_ms(int fd, int64_t ms)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	const struct timespec time = {.tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000L};
	sigset_t none;
	sigemptyset(&none);
	return ppoll(&pfd, 1, &time, &none) > 0 && (pfd.revents & POLLIN) != 0;
}

/* false: the pipe is empty, or the store is busy; then the rows stay for the
 * next time. */
static bool write_batch(struct toucher *toucher)
{
	alarm(GATE_WATCHDOG_S);
	if (toucher->count == 0) {
		ssize_t got = read(toucher->worker->touch_fd, toucher->rows,
			sizeof(toucher->rows));
		toucher->count =
			got > 0 ? (size_t)got / sizeof(toucher->rows[0]) : 0;
	}
	struct stauth_err err = {.rc = STAUTH_OK};
	if (toucher->count == 0 ||
		stauth_check_touch(&toucher->ctx, toucher->rows, toucher->count,
			&err) != STAUTH_OK) {
		return false;
	}
	toucher->count = 0;
	return true;
}

static void work(struct toucher *toucher)
{
	const struct gate_worker *worker = toucher->worker;
	int64_t flush_ms = stauth_boot_ms() + FLUSH_EVERY_MS;
	while (!*worker->stop) {
		alarm(GATE_WATCHDOG_S);
		int64_t left_ms = flush_ms - stauth_boot_ms();
		if (left_ms > 0) {
			(void)wait_ms(-1, left_ms < GATE_ROUND_MS
						  ? left_ms
						  : GATE_ROUND_MS);
			continue;
		}
		while (write_batch(toucher)) {
			(void)wait_ms(-1, BATCH_PAUSE_MS);
		}
		flush_ms = stauth_boot_ms() + FLUSH_EVERY_MS;
	}
	while (write_batch(toucher) ||
		(toucher->count == 0 && wait_ms(worker->touch_fd, DRAIN_MS))) {
	}
}

int gate_touch_run(const struct gate_worker *worker)
{
	struct toucher toucher = {.worker = worker};
	struct stauth_err err = {.rc = STAUTH_OK};
	int status = EX_UNAVAILABLE;
	stauth_ctx_init(&toucher.ctx, worker->config);
	if (stauth_store_open(worker->config, STAUTH_ROLE_TOUCH, &toucher.store,
		    &err) != STAUTH_OK) {
		gate_log("touch worker: %s", err.msg);
		goto out;
	}
	toucher.ctx.state = toucher.store.state;
	work(&toucher);
	status = EX_OK;
out:
	stauth_store_close(&toucher.store);
	stauth_ctx_finish(&toucher.ctx);
	return status;
}
