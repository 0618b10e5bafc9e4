/* SPDX-License-Identifier: MIT */
/*
 * The master: it forks workers and waits for signals, nothing else. It opens
 * no store and reads no request, so there is little that could end it.
 *
 *  1. A worker that ends MUST be back within a second; one that ends at once,
 *     again and again, after a growing part of that second.
 *  2. SIGTERM and SIGINT: workers finish the request at hand. Who is not gone
 *     after STOP_MAX_MS is killed. Every child is reaped before the end.
 *  3. SIGHUP: only a configuration that was read and found good MUST replace
 *     the old one. Its workers are started before the old ones are told to
 *     end, on the same sockets, so that somebody always answers.
 *  4. An old worker finishes the request at hand; rule 2's time is its too.
 */
#include "supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "child.h"
#include "log.h"

#include "base/banned.h"

#define STOP_MAX_MS    10000
#define LIVED_MS       1000 /* who lived so long may be back at once */
#define DELAY_MIN_MS   25
#define DELAY_MAX_MS   800
#define SWEEP_FIRST_MS 60000
#define SWEEP_EVERY_MS 3600000
#define WAIT_MAX_MS    60000

struct child {
	enum gate_kind kind;
	pid_t pid;         /* 0: not running */
	int64_t end_by_ms; /* 0: wanted; else of an older configuration */
	int64_t started_ms;
	int64_t start_at_ms;
	int64_t delay_ms;
};

struct master {
	struct gate_supervise job;
	struct child *children;
	size_t count;
	pid_t pid;
	sigset_t signals; /* that the master waits for */
	bool stopping;
	bool hangup; /* a SIGHUP is to be answered */
};

static const char *kind_name(enum gate_kind kind)
{
	static const char *const names[] = {
		[GATE_KIND_CHECK] = "check worker",
		[GATE_KIND_PAGES] = "page worker",
		[GATE_KIND_SWEEP] = "sweep",
		[GATE_KIND_MAIL] = "mail worker",
	};
	return names[kind];
}

static void start(struct master *master, struct child *child)
{
	child->started_ms = stauth_boot_ms();
	pid_t pid = fork();
	if (pid == 0) {
		gate_child_run(&master->job, master->pid, child->kind);
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
		if (child->pid == 0 && child->end_by_ms == 0 &&
			now_ms >= child->start_at_ms) {
			start(master, child);
		}
	}
}

static void plan_next(struct child *child, int64_t now_ms)
{
	if (child->kind == GATE_KIND_SWEEP) {
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

static void log_end(const struct child *child, int status)
{
	const char *name = kind_name(child->kind);
	if (WIFSIGNALED(status)) {
		gate_log("%s %d died of signal %d (%s)", name, (int)child->pid,
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	} else if (WEXITSTATUS(status) != 0 ||
		   (child->end_by_ms == 0 && child->kind != GATE_KIND_SWEEP)) {
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
				log_end(child, status);
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

static void end_child(struct child *child, int64_t end_by_ms)
{
	if (child->end_by_ms != 0) {
		return;
	}
	child->end_by_ms = end_by_ms;
	if (child->pid != 0) {
		(void)kill(child->pid, SIGTERM);
	}
}

static void begin_stop(struct master *master)
{
	int64_t end_by_ms = stauth_boot_ms() + STOP_MAX_MS;
	master->stopping = true;
	for (size_t i = 0; i < master->count; i++) {
		end_child(&master->children[i], end_by_ms);
	}
}

static void kill_late(struct master *master)
{
	int64_t now_ms = stauth_boot_ms();
	for (size_t i = 0; i < master->count; i++) {
		struct child *child = &master->children[i];
		if (child->pid != 0 && now_ms >= child->end_by_ms &&
			child->end_by_ms != 0) {
			gate_log("%s %d did not end in time and is killed",
				kind_name(child->kind), (int)child->pid);
			child->end_by_ms = INT64_MAX;
			(void)kill(child->pid, SIGKILL);
		}
	}
}

static int64_t next_event_ms(const struct master *master)
{
	int64_t next_ms = stauth_boot_ms() + WAIT_MAX_MS;
	for (size_t i = 0; i < master->count; i++) {
		const struct child *child = &master->children[i];
		int64_t due_ms = child->end_by_ms;
		if (due_ms == 0) {
			due_ms = child->pid == 0 ? child->start_at_ms
						 : INT64_MAX;
		} else if (child->pid == 0) {
			due_ms = INT64_MAX;
		}
		if (due_ms < next_ms) {
			next_ms = due_ms;
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
		master->hangup = true;
		break;
	default:
		break; /* SIGCHLD, or the time is over */
	}
}

/* Adds the workers that the configuration wants; none is started yet. */
static bool add_children(struct master *master)
{
	const struct stauth_config *config = master->job.check.config;
	size_t check_count = (size_t)config->check_workers;
	size_t page_count = (size_t)config->page_workers;
	bool mails = config->mail_transport != STAUTH_MAIL_NONE;
	size_t added = check_count + page_count + (mails ? 1 : 0);
	struct child *children = realloc(
		master->children, (master->count + added) * sizeof(*children));
	if (children == NULL) {
		return false;
	}
	master->children = children;
	for (size_t i = 0; i < added; i++) {
		enum gate_kind kind = GATE_KIND_MAIL;
		if (i < check_count) {
			kind = GATE_KIND_CHECK;
		} else if (i < check_count + page_count) {
			kind = GATE_KIND_PAGES;
		}
		children[master->count++] = (struct child){.kind = kind};
	}
	return true;
}

static bool set_up(struct master *master)
{
	master->children = calloc(1, sizeof(*master->children));
	if (master->children == NULL) {
		return false;
	}
	master->count = 1;
	master->children[0] = (struct child){.kind = GATE_KIND_SWEEP,
		.start_at_ms = stauth_boot_ms() + SWEEP_FIRST_MS};
	return add_children(master);
}

/* Forgets what was told to end and is gone. */
static void compact(struct master *master)
{
	size_t kept = 0;
	for (size_t i = 0; i < master->count; i++) {
		const struct child *child = &master->children[i];
		if (child->pid != 0 || child->end_by_ms == 0) {
			master->children[kept++] = *child;
		}
	}
	master->count = kept;
}

static void answer_hangup(struct master *master)
{
	master->hangup = false;
	const struct stauth_config *config =
		master->job.reload(master->job.user);
	if (config == NULL) {
		return;
	}
	compact(master);
	size_t old_count = master->count;
	master->job.check.config = config;
	master->job.pages.config = config;
	if (!add_children(master)) {
		gate_log("reload: out of memory; the old workers stay");
		return;
	}
	start_due(master);
	int64_t end_by_ms = stauth_boot_ms() + STOP_MAX_MS;
	for (size_t i = 0; i < old_count; i++) {
		/* A sweep that runs may finish: it is soon over. */
		if (master->children[i].kind != GATE_KIND_SWEEP) {
			end_child(&master->children[i], end_by_ms);
		}
	}
	gate_log("reload: done");
}

static void handle(int signo, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};
	sigemptyset(&action.sa_mask);
	(void)sigaction(signo, &action, NULL);
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
	struct master master = {.job = *job, .pid = getpid()};
	if (!set_up(&master)) {
		gate_log("out of memory");
		free(master.children);
		return EX_OSERR;
	}
	block_signals(&master.signals);
	start_due(&master);
	job->ready(job->user);
	while (!master.stopping || any_left(&master)) {
		wait_for_signal(&master);
		reap(&master);
		kill_late(&master);
		if (master.hangup && !master.stopping) {
			answer_hangup(&master);
		}
		start_due(&master);
	}
	free(master.children);
	return EX_OK;
}
