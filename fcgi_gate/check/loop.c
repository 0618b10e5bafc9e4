/* SPDX-License-Identifier: MIT */
/*
 * A check worker: one epoll over the listening socket and every connection,
 * libfcgi as the codec of one request at a time.
 *
 *  1. Nothing here MUST hash a password, or wait for a write or for a peer:
 *     nginx sends a request in one write, and who sends half of one is cut
 *     off after PEER_MS.
 *  2. When descriptors run out, accepting pauses; the connections that are
 *     open continue, and nothing spins.
 *  3. An answer of the store MUST reach the request it was asked for, or
 *     nobody: tags carry a generation.
 *  4. After a stop each connection is served at most once more, and none
 *     that was accepted MUST be closed before its peer had PEER_MS to ask:
 *     nginx asks again elsewhere only on a connection that it used before.
 */
#include "check/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sysexits.h>
#include <unistd.h>

#include "auth/check.h"
#include "base/clock.h"
#include "check/conns.h"
#include "check/serve.h"
#include "log.h"
#include "store/table.h"

#include "base/banned.h"

#define PEER_MS         100
#define ACCEPT_PAUSE_MS 100
#define STOP_WAIT_MS    20 /* a round's, while it stops */
#define EVENTS_MAX      64
#define TAG_LISTEN      UINT64_MAX
#define TAG_STORE       (UINT64_MAX - 1)

struct loop {
	const struct gate_worker *worker;
	struct gate_serve serve;
	struct gate_conns conns;
	size_t waiting; /* connections whose answer is still to come */
	int epoll_fd;
	int64_t accept_again_ms; /* 0: not paused */
	int64_t watchdog_ms;     /* when it is set again */
	int64_t stop_at_ms;      /* 0: not stopping */
	sigset_t wait_mask;
};

static bool watch(struct loop *loop, int fd, uint32_t events, uint64_t tag)
{
	struct epoll_event event = {.events = events, .data.u64 = tag};
	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void unwatch(struct loop *loop, int fd)
{
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

static void drop(struct loop *loop, struct gate_conn *conn)
{
	close(conn->fd);
	gate_conns_remove(&loop->conns, conn);
}

/* --- requests */

static void after_served(
	struct loop *loop, struct gate_conn *conn, enum gate_served served)
{
	switch (served) {
	case GATE_SERVED_OPEN:
		if (loop->stop_at_ms != 0) {
			drop(loop, conn);
		}
		return;
	case GATE_SERVED_CLOSED:
		gate_conns_remove(&loop->conns, conn);
		return;
	case GATE_SERVED_WAITING:
		/* A peer that hangs up then would wake us for ever. */
		unwatch(loop, conn->fd);
		conn->waiting = true;
		loop->waiting++;
		return;
	}
}

static void answer_late(struct loop *loop, const struct stauth_check_done *done)
{
	struct gate_conn *conn = gate_conns_find(&loop->conns, done->tag);
	if (conn == NULL || !conn->waiting) {
		return;
	}
	/* What a store says of this request once more finds nobody: the next
	 * request on this connection may be somebody else's. */
	conn->generation++;
	conn->waiting = false;
	loop->waiting--;
	enum gate_served served = gate_serve_late(&loop->serve, conn, done);
	if (served == GATE_SERVED_OPEN &&
		!watch(loop, conn->fd, EPOLLIN, gate_conn_tag(conn))) {
		drop(loop, conn);
		return;
	}
	after_served(loop, conn, served);
}

static void run_store(struct loop *loop)
{
	struct stauth_check *check = loop->serve.ctx.check;
	struct stauth_check_done *done = &loop->serve.done;
	check->ops->flush(check);
	int64_t now_ms = stauth_boot_ms();
	if (check->ops->next_ms(check) <= now_ms) {
		check->ops->tick(check, now_ms);
	}
	while (check->ops->reap(check, done, 1) > 0) {
		answer_late(loop, done);
	}
}

/* --- connections */

static bool listen_on(struct loop *loop)
{
	/* No EPOLLEXCLUSIVE: a connection whose one wake-up went to a worker
	 * that hangs would wait as long as that. */
	return watch(loop, loop->worker->listen_fd, EPOLLIN, TAG_LISTEN);
}

static void pause_accepting(struct loop *loop)
{
	unwatch(loop, loop->worker->listen_fd);
	loop->accept_again_ms = stauth_boot_ms() + ACCEPT_PAUSE_MS;
}

static void accept_one(struct loop *loop)
{
	if (loop->conns.open == GATE_CONNS_MAX) {
		pause_accepting(loop);
		return;
	}
	int fd = accept4(loop->worker->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR &&
			errno != ECONNABORTED) {
			pause_accepting(loop);
		}
		return;
	}
	const struct timeval wait = {.tv_usec = PEER_MS * 1000};
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	struct gate_conn *conn = gate_conns_add(&loop->conns, fd);
	if (conn == NULL) {
		close(fd);
		pause_accepting(loop);
		return;
	}
	if (!watch(loop, fd, EPOLLIN, gate_conn_tag(conn))) {
		drop(loop, conn);
	}
}

static void dispatch(struct loop *loop, uint64_t tag)
{
	if (tag == TAG_STORE) {
		return; /* run_store asks it in each round */
	}
	if (tag == TAG_LISTEN) {
		if (loop->stop_at_ms == 0) {
			accept_one(loop);
		}
		return;
	}
	struct gate_conn *conn = gate_conns_find(&loop->conns, tag);
	if (conn != NULL && !conn->waiting) {
		after_served(
			loop, conn, gate_serve_request(&loop->serve, conn));
	}
}

/* --- the round */

static void run_due(struct loop *loop)
{
	int64_t now_ms = stauth_boot_ms();
	if (loop->accept_again_ms != 0 && now_ms >= loop->accept_again_ms) {
		/* Unless descriptors ran out again. */
		loop->accept_again_ms =
			listen_on(loop) ? 0 : now_ms + ACCEPT_PAUSE_MS;
	}
	if (now_ms >= loop->watchdog_ms) {
		/* Not in each round: it is a system call. */
		loop->watchdog_ms = now_ms + 1000;
		alarm(GATE_WATCHDOG_S);
	}
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

static int wait_ms(const struct loop *loop)
{
	struct stauth_check *check = loop->serve.ctx.check;
	if (loop->stop_at_ms != 0) {
		return STOP_WAIT_MS;
	}
	int64_t now_ms = stauth_boot_ms();
	int64_t until_ms =
		earlier(now_ms + GATE_ROUND_MS, check->ops->next_ms(check));
	if (loop->accept_again_ms != 0) {
		until_ms = earlier(until_ms, loop->accept_again_ms);
	}
	return until_ms > now_ms ? (int)(until_ms - now_ms) : 0;
}

/* false: stopped, and nothing is left to answer. */
static bool run_round(struct loop *loop)
{
	if (*loop->worker->stop && loop->stop_at_ms == 0) {
		unwatch(loop, loop->worker->listen_fd);
		loop->accept_again_ms = 0;
		loop->stop_at_ms = stauth_boot_ms();
	}
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_pwait(loop->epoll_fd, events, EVENTS_MAX,
		wait_ms(loop), &loop->wait_mask);
	for (int i = 0; i < count; i++) {
		dispatch(loop, events[i].data.u64);
	}
	run_store(loop);
	run_due(loop);
	return loop->stop_at_ms == 0 || loop->waiting > 0 ||
	       stauth_boot_ms() - loop->stop_at_ms < PEER_MS;
}

/* --- set-up */

static bool open_epoll(struct loop *loop)
{
	struct stauth_check *check = loop->serve.ctx.check;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0 || !listen_on(loop)) {
		return false;
	}
	int store_fd = check->ops->pollfd(check);
	return store_fd < 0 || watch(loop, store_fd, EPOLLIN, TAG_STORE);
}

int gate_check_serve(
	const struct gate_worker *worker, struct stauth_check *check)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	if (loop == NULL) {
		return EX_OSERR;
	}
	loop->worker = worker;
	loop->epoll_fd = -1;
	/* A stop is let in only while waiting, so that none comes between the
	 * look at the flag and the wait. */
	sigset_t held;
	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	sigprocmask(SIG_BLOCK, &held, &loop->wait_mask);
	sigdelset(&loop->wait_mask, SIGTERM);
	int status = EX_OSERR;
	bool has_memory = gate_serve_init(&loop->serve, worker, check);
	if (!has_memory || !open_epoll(loop)) {
		gate_log("check: cannot start: %s",
			has_memory ? strerror(errno) : "out of memory");
		goto out;
	}
	while (run_round(loop)) {
	}
	status = EX_OK;
out:
	gate_conns_finish(&loop->conns);
	gate_serve_finish(&loop->serve);
	if (loop->epoll_fd >= 0) {
		close(loop->epoll_fd);
	}
	free(loop);
	return status;
}

int gate_check_run(const struct gate_worker *worker)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	struct stauth_store store = {0};
	if (stauth_store_open(worker->config, STAUTH_ROLE_CHECK, &store,
		    &err) != STAUTH_OK) {
		gate_log("check: %s", err.msg);
		return EX_UNAVAILABLE;
	}
	int status = gate_check_serve(worker, store.check);
	stauth_store_close(&store);
	return status;
}
