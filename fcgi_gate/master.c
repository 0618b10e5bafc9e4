/* SPDX-License-Identifier: MIT */
/*
 * The master: it forks workers and waits for signals, nothing else. It opens
 * no store and reads no request, so there is little that could end it.
 *
 *  1. A worker that ends MUST be back within a second, but none is started
 *     more often than that.
 *  2. SIGTERM and SIGINT: workers finish the request at hand. Who is not gone
 *     after ten seconds is killed. Every child is reaped before the end.
 *  3. SIGHUP: only a configuration that was read and found good MUST replace
 *     the old one. Its workers are started before the old ones are asked to
 *     end, on the same sockets, so that somebody always answers.
 *  4. An old worker finishes the request at hand; rule 2's time is its too.
 */
#include "master.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "log.h"
#include "notify.h"
#include "worker.h"

#include "base/banned.h"

#define STOP_MAX_MS    10000
#define START_EVERY_MS 800 /* a worker, if it ends at once */
#define SWEEP_FIRST_MS 5000
#define SWEEP_EVERY_MS 60000
#define IDLE_MS        60000
/* What an unprivileged process may ask for. */
#define TOUCH_PIPE_SIZE (1 << 20)

/* Instants are on the boot clock. */
struct child {
	enum gate_kind kind;
	pid_t pid;           /* 0: not running */
	int64_t start_at_ms; /* not before */
	bool must_end;
	int64_t kill_at_ms; /* if it must end */
};

struct master {
	struct gate *gate;
	struct gate_open open;
	struct child *children;
	size_t count;
	size_t running;
	pid_t pid;
	sigset_t signals; /* that the master waits for */
	bool stopping;
	bool must_reload;
};

/* --- start */

static void start(struct master *master, struct child *child)
{
	child->start_at_ms = stauth_boot_ms() +
			     (child->kind == GATE_KIND_SWEEP ? SWEEP_EVERY_MS
							     : START_EVERY_MS);
	pid_t pid = fork();
	if (pid == 0) {
		gate_worker_run(child->kind, master->gate->config,
			&master->open, master->pid);
	}
	if (pid < 0) {
		gate_log("cannot fork a %s: %s", gate_kind_name(child->kind),
			strerror(errno));
		return;
	}
	child->pid = pid;
	master->running++;
}

static void start_due(struct master *master)
{
	int64_t now_ms = stauth_boot_ms();
	for (size_t i = 0; i < master->count; i++) {
		struct child *child = &master->children[i];
		if (child->pid == 0 && !child->must_end &&
			now_ms >= child->start_at_ms) {
			start(master, child);
		}
	}
}

static bool add_child(struct master *master, enum gate_kind kind)
{
	struct child *children = realloc(
		master->children, (master->count + 1) * sizeof(*children));
	if (children == NULL) {
		return false;
	}
	master->children = children;
	children[master->count++] = (struct child){.kind = kind};
	return true;
}

/* All that the configuration wants, but the sweep, which a reload leaves as
 * it is. */
static bool add_workers(struct master *master)
{
	for (int kind = 0; kind < GATE_KIND_SWEEP; kind++) {
		int wanted = gate_kind_wanted(
			master->gate->config, &master->open.sockets, kind);
		for (int i = 0; i < wanted; i++) {
			if (!add_child(master, kind)) {
				return false;
			}
		}
	}
	return true;
}

/* --- end */

static void log_end(const struct child *child, int status)
{
	const char *name = gate_kind_name(child->kind);
	int pid = (int)child->pid;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
		gate_log(
			"%s %d hung and was killed by its watchdog", name, pid);
	} else if (WIFSIGNALED(status)) {
		gate_log("%s %d exited on signal %d (%s)", name, pid,
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	} else if (WEXITSTATUS(status) != 0 ||
		   (!child->must_end && child->kind != GATE_KIND_SWEEP)) {
		gate_log("%s %d exited with status %d", name, pid,
			WEXITSTATUS(status));
	}
}

static void reap(struct master *master)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < master->count; i++) {
			struct child *child = &master->children[i];
			if (child->pid == pid) {
				log_end(child, status);
				child->pid = 0;
				master->running--;
			}
		}
	}
}

static void tell_to_end(struct child *child)
{
	if (child->must_end) {
		return;
	}
	child->must_end = true;
	child->kill_at_ms = stauth_boot_ms() + STOP_MAX_MS;
	if (child->pid != 0) {
		(void)kill(child->pid, SIGTERM);
	}
}

static void kill_late(struct master *master)
{
	int64_t now_ms = stauth_boot_ms();
	for (size_t i = 0; i < master->count; i++) {
		struct child *child = &master->children[i];
		if (child->pid != 0 && child->must_end &&
			now_ms >= child->kill_at_ms) {
			gate_log("%s %d did not exit in time, killing it",
				gate_kind_name(child->kind), (int)child->pid);
			child->kill_at_ms = INT64_MAX;
			(void)kill(child->pid, SIGKILL);
		}
	}
}

static void begin_stop(struct master *master)
{
	master->stopping = true;
	for (size_t i = 0; i < master->count; i++) {
		tell_to_end(&master->children[i]);
	}
}

/* --- reload */

/* Forgets those that were asked to end and are gone. */
static void compact(struct master *master)
{
	size_t kept = 0;
	for (size_t i = 0; i < master->count; i++) {
		const struct child *child = &master->children[i];
		if (child->pid != 0 || !child->must_end) {
			master->children[kept++] = *child;
		}
	}
	master->count = kept;
}

/* Starts workers with the new configuration, and only then ends the old
 * ones. A sweep that runs may finish: it is soon over. */
static void reload(struct master *master)
{
	if (!gate_reload(master->gate)) {
		return;
	}
	compact(master);
	atomic_flag_clear(master->open.host_logged);
	size_t old_count = master->count;
	if (!add_workers(master)) {
		gate_log("reload: out of memory; the old workers stay");
		master->count = old_count;
		return;
	}
	start_due(master);
	for (size_t i = 0; i < old_count; i++) {
		if (master->children[i].kind != GATE_KIND_SWEEP) {
			tell_to_end(&master->children[i]);
		}
	}
	gate_log("reload: done");
}

/* --- the loop */

static int64_t next_event_ms(const struct master *master)
{
	int64_t next_ms = stauth_boot_ms() + IDLE_MS;
	for (size_t i = 0; i < master->count; i++) {
		const struct child *child = &master->children[i];
		int64_t due_ms = INT64_MAX;
		if (child->pid != 0 && child->must_end) {
			due_ms = child->kill_at_ms;
		} else if (child->pid == 0 && !child->must_end) {
			due_ms = child->start_at_ms;
		}
		next_ms = due_ms < next_ms ? due_ms : next_ms;
	}
	return next_ms;
}

static void wait_for_signal(struct master *master)
{
	int64_t wait_ms = next_event_ms(master) - stauth_boot_ms();
	struct timespec wait = {0};
	if (wait_ms > 0) {
		wait.tv_sec = (time_t)(wait_ms / 1000);
		wait.tv_nsec = (long)(wait_ms % 1000) * 1000000L;
	}
	switch (sigtimedwait(&master->signals, NULL, &wait)) {
	case SIGTERM:
	case SIGINT:
		begin_stop(master);
		break;
	case SIGHUP:
		master->must_reload = true;
		break;
	default:
		break; /* SIGCHLD, or the time is over */
	}
}

static void waited_for(sigset_t *ret_signals)
{
	sigemptyset(ret_signals);
	sigaddset(ret_signals, SIGTERM);
	sigaddset(ret_signals, SIGINT);
	sigaddset(ret_signals, SIGHUP);
	sigaddset(ret_signals, SIGCHLD);
}

void gate_master_hold_signals(void)
{
	sigset_t signals;
	waited_for(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* Our parent may have it ignored; then nobody could be
	 * reaped. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
}

int gate_master_run(struct gate *gate)
{
	struct master master = {
		.gate = gate, .open.sockets = gate->sockets, .pid = getpid()};
	if (pipe2(master.open.touch_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
		gate_log("pipe: %s", strerror(errno));
		return EX_OSERR;
	}
	master.open.host_logged = mmap(NULL, sizeof(*master.open.host_logged),
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (master.open.host_logged == MAP_FAILED) {
		gate_log("mmap: %s", strerror(errno));
		return EX_OSERR;
	}
	/* Of more sessions than fit, some move with a later check. */
	(void)fcntl(master.open.touch_pipe[1], F_SETPIPE_SZ, TOUCH_PIPE_SIZE);
	int status = EX_OSERR;
	if (!add_child(&master, GATE_KIND_SWEEP) || !add_workers(&master)) {
		gate_log("out of memory");
		goto out;
	}
	master.children[0].start_at_ms = stauth_boot_ms() + SWEEP_FIRST_MS;
	waited_for(&master.signals);
	start_due(&master);
	const char *stream = gate->sockets.of[GATE_SOCKET_STREAM].path;
	gate_log("ready, check=%s pages=%s%s%s",
		gate->sockets.of[GATE_SOCKET_CHECK].path,
		gate->sockets.of[GATE_SOCKET_PAGES].path,
		stream[0] != '\0' ? " stream=" : "", stream);
	gate_notify("STATUS=serving");
	gate_notify("READY=1");
	do {
		wait_for_signal(&master);
		reap(&master);
		kill_late(&master);
		if (master.must_reload && !master.stopping) {
			master.must_reload = false;
			reload(&master);
		}
		start_due(&master);
	} while (!master.stopping || master.running > 0);
	status = EX_OK;
out:
	free(master.children);
	close(master.open.touch_pipe[0]);
	close(master.open.touch_pipe[1]);
	return status;
}
