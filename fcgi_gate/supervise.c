/* SPDX-License-Identifier: MIT */
/*
 * The master: it forks workers and waits for signals, nothing else. It opens
 * no store and reads no request, so there is little that could end it.
 *
 *  1. A worker that ends MUST be back within a second; one that ends at once,
 *     again and again, after a growing part of that second.
 *  2. SIGTERM and SIGINT: workers finish the request at hand. Who is not gone
 *     after ten seconds is killed. Every child is reaped before the end.
 *  3. SIGHUP: only a configuration that was read and found good MUST replace
 *     the old one. Its workers are started before the old ones are told to
 *     end, on the same sockets, so that somebody always answers.
 *  4. An old worker finishes the request at hand; rule 2's time is its too.
 *  5. A worker that hangs MUST be killed, and so replaced, within 30 seconds
 *     (pulse.h). Sweep and mail worker may take their time.
 *  6. A socket's file that is gone MUST be back as soon, by new workers.
 */
#include "supervise.h"

#include <signal.h>
#include <sysexits.h>
#include <time.h>

#include "base/clock.h"
#include "crew.h"
#include "log.h"

#include "base/banned.h"

struct master {
	struct gate_supervise job;
	struct gate_crew crew;
	sigset_t signals; /* that the master waits for */
	int64_t look_ms;  /* when pulses and sockets are looked at next */
	bool stopping;
	bool hangup; /* a SIGHUP is to be answered */
	bool renew;  /* all workers are to be replaced */
};

static void begin_stop(struct master *master)
{
	master->stopping = true;
	gate_crew_end(&master->crew);
}

static void look_around(struct master *master)
{
	int64_t now_ms = stauth_boot_ms();
	if (now_ms < master->look_ms) {
		return;
	}
	master->look_ms = now_ms + GATE_PULSE_LOOK_MS;
	if (master->stopping) {
		return;
	}
	gate_crew_kill_hung(&master->crew);
	if (master->job.mend_sockets(master->job.user)) {
		master->renew = true;
	}
}

static int64_t next_event_ms(const struct master *master)
{
	int64_t next_ms = gate_crew_next_ms(&master->crew);
	return next_ms < master->look_ms ? next_ms : master->look_ms;
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

static void answer_hangup(struct master *master)
{
	master->hangup = false;
	const struct stauth_config *config =
		master->job.reload(master->job.user);
	if (config == NULL) {
		return;
	}
	master->job.check.config = config;
	master->job.pages.config = config;
	if (gate_crew_renew(&master->crew)) {
		gate_log("reload: done");
	} else {
		gate_log("reload: out of memory; the old workers stay");
	}
}

/* Rules 3 and 6. */
static void answer_wishes(struct master *master)
{
	if (master->stopping) {
		return;
	}
	if (master->hangup) {
		answer_hangup(master);
	}
	if (master->renew && gate_crew_renew(&master->crew)) {
		master->renew = false;
	}
}

static void handle(int signo, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};
	sigemptyset(&action.sa_mask);
	sigaction(signo, &action, NULL);
}

static void waited_for(sigset_t *ret_signals)
{
	sigemptyset(ret_signals);
	sigaddset(ret_signals, SIGTERM);
	sigaddset(ret_signals, SIGINT);
	sigaddset(ret_signals, SIGHUP);
	sigaddset(ret_signals, SIGCHLD);
}

void gate_supervise_hold_signals(void)
{
	sigset_t signals;
	waited_for(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* Who started us may have it ignored; then nobody could be reaped. */
	handle(SIGCHLD, SIG_DFL);
	handle(SIGPIPE, SIG_IGN);
}

int gate_supervise_run(const struct gate_supervise *job)
{
	struct master master = {.job = *job};
	if (!gate_crew_init(&master.crew, &master.job)) {
		gate_log("out of memory");
		gate_crew_free(&master.crew);
		return EX_OSERR;
	}
	gate_supervise_hold_signals();
	waited_for(&master.signals);
	gate_crew_start_due(&master.crew);
	job->ready(job->user);
	while (!master.stopping || gate_crew_any_left(&master.crew)) {
		wait_for_signal(&master);
		gate_crew_reap(&master.crew);
		gate_crew_kill_late(&master.crew);
		look_around(&master);
		answer_wishes(&master);
		gate_crew_start_due(&master.crew);
	}
	gate_crew_free(&master.crew);
	return EX_OK;
}
