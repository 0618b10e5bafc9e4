/* SPDX-License-Identifier: MIT */
/*
 * The master: it forks workers and waits for signals, nothing else. It opens
 * no store and reads no request, so there is little that could end it.
 *
 *  1. A worker that ends MUST be back within a second; one that ends at once,
 *     again and again, after a growing part of that second.
 *  2. SIGTERM and SIGINT: workers finish the request at hand. Who is not gone
 *     after STOP_MAX_MS is killed. Every child is reaped before the end.
 *  3. A worker MUST NOT outlive the master.
 *  4. SIGTERM stays blocked in workers but while they wait for work.
 */
#include "supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "fcgi_io.h"
#include "log.h"

#include "base/banned.h"

#define STOP_MAX_MS    10000
#define LIVED_MS       1000 /* who lived so long may be back at once */
#define DELAY_MIN_MS   25
#define DELAY_MAX_MS   800
#define SWEEP_FIRST_MS 60000
#define SWEEP_EVERY_MS 3600000
#define SWEEP_MAX_S    600
#define WAIT_MAX_MS    60000
#define PAGES_NICE     5 /* more would starve a log-in beside a busy app */

enum kind {
	KIND_CHECK,
	KIND_PAGES,
	KIND_SWEEP,
};

struct child {
	enum kind kind;
	pid_t pid; /* 0: not running */
	int64_t started_ms;
	int64_t start_at_ms;
	int64_t delay_ms;
};

struct master {
	const struct gate_supervise *job;
	struct child *children;
	size_t count;
	pid_t pid;
	sigset_t signals;   /* that the master waits for */
	int64_t stop_by_ms; /* 0: not stopping */
	bool killed;
};

static const char *kind_name(enum kind kind)
{
	static const char *const names[] = {
		[KIND_CHECK] = "check worker",
		[KIND_PAGES] = "page worker",
		[KIND_SWEEP] = "sweep",
	};
	return names[kind];
}

/* --- in the child */

static void handle(int signo, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};
	sigemptyset(&action.sa_mask);
	(void)sigaction(signo, &action, NULL);
}

static void set_signals(const struct master *master, enum kind kind)
{
	sigset_t mask;
	bool sweeps = kind == KIND_SWEEP;
	handle(SIGTERM, sweeps ? SIG_DFL : master->job->on_stop);
	/* The terminal's Ctrl-C reaches all; the master passes it on. */
	handle(SIGINT, SIG_IGN);
	handle(SIGHUP, SIG_IGN);
	handle(SIGUSR1, SIG_IGN);
	handle(SIGPIPE, SIG_IGN);
	handle(SIGCHLD, SIG_DFL);
	sigemptyset(&mask);
	if (!sweeps) {
		sigaddset(&mask, SIGTERM);
	}
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
}

/* Never returns. */
static void run_child(const struct master *master, enum kind kind)
{
	const struct gate_supervise *job = master->job;
	int status = EX_SOFTWARE;
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != master->pid) {
		_exit(EX_OK);
	}
	if (job->lock_fd >= 0) {
		(void)close(job->lock_fd);
	}
	/* libfcgi brings handlers of its own: ours come after it. */
	bool io_ok = gate_io_init();
	set_signals(master, kind);
	if (kind != KIND_CHECK) {
		(void)setpriority(PRIO_PROCESS, 0, PAGES_NICE);
	}
	if (kind == KIND_SWEEP) {
		(void)alarm(SWEEP_MAX_S);
		status = gate_sweep_run(&job->pages);
	} else if (io_ok) {
		status = kind == KIND_CHECK ? gate_check_run(&job->check)
					    : gate_pages_run(&job->pages);
	}
	exit(status);
}

/* --- in the master */

static void start(struct master *master, struct child *child)
{
	child->started_ms = stauth_boot_ms();
	pid_t pid = fork();
	if (pid == 0) {
		run_child(master, child->kind);
	}
	if (pid < 0) {
		gate_log("cannot fork a %s: %s", kind_name(child->kind),
			strerror(errno));
		child->start_at_ms = child->started_ms + DELAY_MAX_MS;
		return;
	}
	child->pid = pid;
}

static void start_due(struct master *master)
{
	int64_t now_ms = stauth_boot_ms();
	for (size_t i = 0; i < master->count; i++) {
		struct child *child = &master->children[i];
		if (child->pid == 0 && now_ms >= child->start_at_ms) {
			start(master, child);
		}
	}
}

static void plan_next(struct child *child, int64_t now_ms)
{
	if (child->kind == KIND_SWEEP) {
		child->start_at_ms = now_ms + SWEEP_EVERY_MS;
		return;
	}
	if (now_ms - child->started_ms >= LIVED_MS) {
		child->delay_ms = 0;
	} else if (child->delay_ms < DELAY_MIN_MS) {
		child->delay_ms = DELAY_MIN_MS;
	} else if (child->delay_ms * 2 < DELAY_MAX_MS) {
		child->delay_ms *= 2;
	} else {
		child->delay_ms = DELAY_MAX_MS;
	}
	child->start_at_ms = now_ms + child->delay_ms;
}

static void log_end(
	const struct master *master, const struct child *child, int status)
{
	const char *name = kind_name(child->kind);
	if (WIFSIGNALED(status)) {
		gate_log("%s %d died of signal %d (%s)", name, (int)child->pid,
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	} else if (WEXITSTATUS(status) != 0 ||
		   (master->stop_by_ms == 0 && child->kind != KIND_SWEEP)) {
		gate_log("%s %d ended with status %d", name, (int)child->pid,
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
				log_end(master, child, status);
				child->pid = 0;
				plan_next(child, stauth_boot_ms());
			}
		}
	}
}

static bool any_left(const struct master *master)
{
	for (size_t i = 0; i < master->count; i++) {
		if (master->children[i].pid != 0) {
			return true;
		}
	}
	return false;
}

static void signal_all(const struct master *master, int signo)
{
	for (size_t i = 0; i < master->count; i++) {
		if (master->children[i].pid != 0) {
			(void)kill(master->children[i].pid, signo);
		}
	}
}

static void begin_stop(struct master *master)
{
	if (master->stop_by_ms == 0) {
		master->stop_by_ms = stauth_boot_ms() + STOP_MAX_MS;
		signal_all(master, SIGTERM);
	}
}

static void kill_late(struct master *master)
{
	if (master->stop_by_ms != 0 && !master->killed &&
		stauth_boot_ms() >= master->stop_by_ms) {
		gate_log("workers did not end in time and are killed");
		master->killed = true;
		signal_all(master, SIGKILL);
	}
}

static int64_t next_event_ms(const struct master *master)
{
	int64_t next_ms = stauth_boot_ms() + WAIT_MAX_MS;
	if (master->stop_by_ms != 0) {
		return master->killed ? next_ms : master->stop_by_ms;
	}
	for (size_t i = 0; i < master->count; i++) {
		const struct child *child = &master->children[i];
		if (child->pid == 0 && child->start_at_ms < next_ms) {
			next_ms = child->start_at_ms;
		}
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
		gate_log("SIGHUP changes nothing: the configuration is read "
			 "at the start");
		break;
	default:
		break; /* SIGCHLD, or the time is over */
	}
}

static bool set_up(struct master *master, const struct gate_supervise *job)
{
	size_t check_count = (size_t)job->check.config->check_workers;
	size_t pages_count = (size_t)job->check.config->page_workers;
	master->count = check_count + pages_count + 1;
	master->children = calloc(master->count, sizeof(*master->children));
	if (master->children == NULL) {
		return false;
	}
	for (size_t i = 0; i < check_count + pages_count; i++) {
		master->children[i].kind =
			i < check_count ? KIND_CHECK : KIND_PAGES;
	}
	struct child *sweep = &master->children[master->count - 1];
	sweep->kind = KIND_SWEEP;
	sweep->start_at_ms = stauth_boot_ms() + SWEEP_FIRST_MS;
	return true;
}

static void block_signals(sigset_t *ret_signals)
{
	sigemptyset(ret_signals);
	sigaddset(ret_signals, SIGTERM);
	sigaddset(ret_signals, SIGINT);
	sigaddset(ret_signals, SIGHUP);
	sigaddset(ret_signals, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, ret_signals, NULL);
	/* Who started us may have it ignored; then nobody could be reaped. */
	handle(SIGCHLD, SIG_DFL);
	handle(SIGPIPE, SIG_IGN);
}

int gate_supervise_run(const struct gate_supervise *job)
{
	struct master master = {.job = job, .pid = getpid()};
	if (!set_up(&master, job)) {
		gate_log("out of memory");
		return EX_OSERR;
	}
	block_signals(&master.signals);
	start_due(&master);
	job->ready(job->user);
	while (master.stop_by_ms == 0 || any_left(&master)) {
		wait_for_signal(&master);
		reap(&master);
		kill_late(&master);
		if (master.stop_by_ms == 0) {
			start_due(&master);
		}
	}
	free(master.children);
	return EX_OK;
}
