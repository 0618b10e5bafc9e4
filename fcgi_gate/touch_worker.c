/* SPDX-License-Identifier: MIT */
/*
 * The touch worker: moves last_seen_at of the sessions that the check workers
 * name to it through a pipe.
 *
 *  1. Checks MUST NOT wait for it: what does not fit into the pipe stays
 *     with them, and what is lost is noted again with the next check.
 *  2. It MUST NOT hold the store for long: small transactions, with a pause
 *     between two, in which others get their turn.
 *  3. SIGTERM MUST let what the check workers still send be written.
 */
#include <poll.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "auth/check.h"
#include "base/clock.h"
#include "check/touch.h"
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
	struct gate_touch_table *table;
	int64_t flush_ms;
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

/* What could not be written stays noted, and the next flush takes it along. */
static void flush(struct toucher *toucher)
{
	size_t count = gate_touch_count(toucher->table);
	const struct stauth_touch *rows = gate_touch_rows(toucher->table);
	toucher->flush_ms = stauth_boot_ms() + FLUSH_EVERY_MS;
	for (size_t done = 0; done < count; done += BATCH_ROWS) {
		size_t left = count - done;
		struct stauth_err err = {.rc = STAUTH_OK};
		if (stauth_check_touch(&toucher->ctx, rows + done,
			    left < BATCH_ROWS ? left : BATCH_ROWS,
			    &err) != STAUTH_OK) {
			return;
		}
		alarm(GATE_WATCHDOG_S);
		(void)wait_ms(-1, BATCH_PAUSE_MS);
	}
	gate_touch_clear(toucher->table);
}

static void work(struct toucher *toucher)
{
	int fd = toucher->worker->touch_fd;
	while (!*toucher->worker->stop) {
		int64_t left_ms = toucher->flush_ms - stauth_boot_ms();
		alarm(GATE_WATCHDOG_S);
		if (left_ms <= 0) {
			flush(toucher);
			continue;
		}
		if (wait_ms(fd, left_ms < GATE_ROUND_MS ? left_ms
							: GATE_ROUND_MS)) {
			gate_touch_receive(toucher->table, fd);
		}
		if (gate_touch_is_full(toucher->table)) {
			flush(toucher);
		}
	}
	while (wait_ms(fd, DRAIN_MS) && !gate_touch_is_full(toucher->table)) {
		gate_touch_receive(toucher->table, fd);
	}
	flush(toucher);
}

int gate_touch_run(const struct gate_worker *worker)
{
	struct toucher toucher = {.worker = worker};
	struct stauth_err err = {.rc = STAUTH_OK};
	toucher.table = gate_touch_new(
		(int64_t)worker->config->session_idle_minutes * 60);
	if (toucher.table == NULL) {
		return EX_OSERR;
	}
	int status = EX_UNAVAILABLE;
	stauth_ctx_init(&toucher.ctx, worker->config);
	if (stauth_store_open(worker->config, STAUTH_ROLE_TOUCH, &toucher.store,
		    &err) != STAUTH_OK) {
		gate_log("touch worker: %s", err.msg);
		goto out;
	}
	toucher.ctx.state = toucher.store.state;
	toucher.flush_ms = stauth_boot_ms() + FLUSH_EVERY_MS;
	work(&toucher);
	status = EX_OK;
out:
	stauth_store_close(&toucher.store);
	stauth_ctx_finish(&toucher.ctx);
	gate_touch_free(toucher.table);
	return status;
}
