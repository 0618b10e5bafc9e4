/* SPDX-License-Identifier: MIT */
/*
 * The stream worker: one epoll over the listening socket and both sides of
 * every connection.
 *
 *  1. The store MUST be asked about every open session each ROUND_MS.
 *  2. When descriptors run out, accepting pauses; the connections that are
 *     open go on, and nothing spins.
 *  3. After a stop every WebSocket is closed, so that the browsers come back
 *     to the next worker, and what is left after STOP_MS with it.
 */
#include "stream/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "auth/check.h"
#include "auth/live.h"
#include "base/clock.h"
#include "log.h"
#include "store/table.h"
#include "stream/list.h"
#include "stream/relay.h"

#include "base/banned.h"

#define ROUND_MS        500
#define ACCEPT_PAUSE_MS 100
#define STOP_MS         2000
#define EVENTS_MAX      128
#define TAG_LISTEN      UINT64_MAX
#define TAG_STORE       (UINT64_MAX - 1)

struct loop {
	const struct gate_worker *worker;
	struct gate_relay relay;
	struct gate_list list;
	bool is_paused;     /* accepting */
	int64_t round_ms;   /* when the next one is due */
	int64_t accept_ms;  /* when accepting goes on */
	int64_t second_ms;  /* when the list is written, the watchdog set */
	int64_t stop_at_ms; /* 0: not stopping */
	sigset_t wait_mask;
};

static bool watch(struct loop *loop, int fd, uint64_t tag)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag};
	return epoll_ctl(loop->relay.epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void pause_accepting(struct loop *loop)
{
	(void)epoll_ctl(loop->relay.epoll_fd, EPOLL_CTL_DEL,
		loop->worker->listen_fd, NULL);
	loop->is_paused = true;
	loop->accept_ms = stauth_boot_ms() + ACCEPT_PAUSE_MS;
}

static void accept_one(struct loop *loop)
{
	struct gate_relay *relay = &loop->relay;
	if (relay->streams->count >= relay->streams->max) {
		pause_accepting(loop);
		return;
	}
	int fd = accept4(loop->worker->listen_fd, NULL, NULL,
		SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR &&
			errno != ECONNABORTED) {
			pause_accepting(loop);
		}
		return;
	}
	if (!gate_relay_accept(relay, fd)) {
		close(fd);
		pause_accepting(loop);
	}
}

static void dispatch(struct loop *loop, uint64_t tag)
{
	if (tag == TAG_LISTEN) {
		if (loop->stop_at_ms == 0) {
			accept_one(loop);
		}
	} else if (tag != TAG_STORE) {
		gate_relay_event(&loop->relay, tag);
	}
}

static void run_store(struct loop *loop)
{
	struct stauth_check *check = loop->relay.ctx.check;
	struct stauth_check_done *done = &loop->relay.done;
	check->ops->flush(check);
	int64_t now_ms = stauth_boot_ms();
	if (check->ops->next_ms(check) <= now_ms) {
		check->ops->tick(check, now_ms);
	}
	while (check->ops->reap(check, done, 1) > 0) {
		gate_relay_judge(&loop->relay, done);
	}
}

static void run_due(struct loop *loop)
{
	struct gate_relay *relay = &loop->relay;
	int64_t now_ms = stauth_boot_ms();
	if (now_ms >= loop->round_ms) {
		loop->round_ms = now_ms + ROUND_MS;
		gate_relay_round(relay);
	}
	if (loop->is_paused && now_ms >= loop->accept_ms &&
		loop->stop_at_ms == 0) {
		/* Unless descriptors ran out again. */
		loop->is_paused =
			!watch(loop, loop->worker->listen_fd, TAG_LISTEN);
		loop->accept_ms = now_ms + ACCEPT_PAUSE_MS;
	}
	if (now_ms >= loop->second_ms) {
		loop->second_ms = now_ms + 1000;
		alarm(GATE_WATCHDOG_S);
		if (loop->stop_at_ms == 0) {
			gate_list_write(&loop->list, relay, now_ms);
		}
	}
}

static int wait_ms(const struct loop *loop)
{
	struct stauth_check *check = loop->relay.ctx.check;
	int64_t now_ms = stauth_boot_ms();
	int64_t until_ms = now_ms + GATE_ROUND_MS;
	int64_t store_ms = check->ops->next_ms(check);
	if (loop->relay.streams->count > 0 || loop->relay.has_changed) {
		until_ms = loop->round_ms;
	}
	if (loop->is_paused && loop->accept_ms < until_ms) {
		until_ms = loop->accept_ms;
	}
	until_ms = store_ms < until_ms ? store_ms : until_ms;
	return until_ms > now_ms ? (int)(until_ms - now_ms) : 0;
}

static void begin_stop(struct loop *loop)
{
	if (!loop->is_paused) {
		pause_accepting(loop);
	}
	loop->stop_at_ms = stauth_boot_ms();
	gate_list_remove(&loop->list, &loop->relay);
	gate_relay_stop(&loop->relay);
}

/* false: stopped, and nothing is left to end. */
static bool run_round(struct loop *loop)
{
	if (*loop->worker->stop && loop->stop_at_ms == 0) {
		begin_stop(loop);
	}
	if (loop->stop_at_ms != 0 &&
		(loop->relay.streams->count == 0 ||
			stauth_boot_ms() - loop->stop_at_ms >= STOP_MS)) {
		return false;
	}
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_pwait(loop->relay.epoll_fd, events, EVENTS_MAX,
		wait_ms(loop), &loop->wait_mask);
	for (int i = 0; i < count; i++) {
		dispatch(loop, events[i].data.u64);
	}
	run_due(loop);
	run_store(loop);
	return true;
}

/* --- set-up */

static bool set_up(struct loop *loop)
{
	const struct gate_worker *worker = loop->worker;
	const struct stauth_config *config = worker->config;
	struct gate_relay *relay = &loop->relay;
	struct stauth_check *check = relay->ctx.check;
	relay->streams = gate_streams_new();
	gate_touch_init(&relay->touch, worker->touch_fd,
		(int64_t)config->session_idle_minutes * 60);
	if (relay->streams == NULL ||
		!gate_upstreams_init(&relay->upstreams, config->app_upstream)) {
		errno = ENOMEM;
		return false;
	}
	relay->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (relay->epoll_fd < 0 ||
		!watch(loop, worker->listen_fd, TAG_LISTEN)) {
		return false;
	}
	int store_fd = check->ops->pollfd(check);
	return store_fd < 0 || watch(loop, store_fd, TAG_STORE);
}

static void finish(struct loop *loop)
{
	struct gate_relay *relay = &loop->relay;
	gate_streams_free(relay->streams);
	gate_upstreams_finish(&relay->upstreams);
	gate_list_finish(&loop->list);
	stauth_ctx_finish(&relay->ctx);
	if (relay->epoll_fd >= 0) {
		close(relay->epoll_fd);
	}
	free(loop);
}

int gate_stream_serve(
	const struct gate_worker *worker, struct stauth_check *check)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	if (loop == NULL) {
		return EX_OSERR;
	}
	loop->worker = worker;
	loop->relay.epoll_fd = -1;
	loop->relay.has_changed = true;
	stauth_ctx_init(&loop->relay.ctx, worker->config);
	loop->relay.ctx.check = check;
	/* A stop is let in only while waiting, so that none comes between the
	 * look at the flag and the wait. */
	sigset_t held;
	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	sigprocmask(SIG_BLOCK, &held, &loop->wait_mask);
	sigdelset(&loop->wait_mask, SIGTERM);
	int status = EX_OSERR;
	if (!set_up(loop)) {
		gate_log("relay: cannot start: %s", strerror(errno));
		goto out;
	}
	while (run_round(loop)) {
	}
	status = EX_OK;
out:
	finish(loop);
	return status;
}

int gate_stream_run(const struct gate_worker *worker)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	struct stauth_store store = {0};
	if (stauth_store_open(worker->config, STAUTH_ROLE_CHECK, &store,
		    &err) != STAUTH_OK) {
		gate_log("relay: %s", err.msg);
		return EX_UNAVAILABLE;
	}
	int status = gate_stream_serve(worker, store.check);
	stauth_store_close(&store);
	return status;
}
