/* SPDX-License-Identifier: MIT */
/*
 * What a child of the master does between the fork and its work.
 *
 *  1. It MUST NOT outlive the master.
 *  2. SIGTERM stays blocked in workers but while they wait for work.
 */
#include "child.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "fcgi_io.h"
#include "mail_worker.h"

#include "base/banned.h"

#define SWEEP_MAX_S 600
#define PAGES_NICE  5 /* more would starve a log-in beside a busy app */

static void handle(int signo, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};
	sigemptyset(&action.sa_mask);
	sigaction(signo, &action, NULL);
}

static void set_signals(const struct gate_supervise *job, enum gate_kind kind)
{
	bool sweeps = kind == GATE_KIND_SWEEP;
	handle(SIGTERM, sweeps ? SIG_DFL : job->on_stop);
	/* The terminal's Ctrl-C reaches all; the master passes it on. */
	handle(SIGINT, SIG_IGN);
	handle(SIGHUP, SIG_IGN);
	handle(SIGUSR1, SIG_IGN);
	handle(SIGPIPE, SIG_IGN);
	handle(SIGCHLD, SIG_DFL);
	sigset_t mask;
	sigemptyset(&mask);
	if (!sweeps) {
		sigaddset(&mask, SIGTERM);
	}
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

/* As ps(1) shows them: 15 bytes are what there is. */
static const char *name_of(enum gate_kind kind)
{
	static const char *const names[] = {
		[GATE_KIND_CHECK] = "fcgi_gate check",
		[GATE_KIND_STANDBY] = "fcgi_gate check",
		[GATE_KIND_PAGES] = "fcgi_gate pages",
		[GATE_KIND_SWEEP] = "fcgi_gate sweep",
		[GATE_KIND_MAIL] = "fcgi_gate mail",
	};
	return names[kind];
}

static bool answers_checks(enum gate_kind kind)
{
	return kind == GATE_KIND_CHECK || kind == GATE_KIND_STANDBY;
}

static int answer_requests(const struct gate_supervise *job,
	enum gate_kind kind, struct gate_pulse *pulse)
{
	bool checks = answers_checks(kind);
	struct gate_worker worker = checks ? job->check : job->pages;
	worker.stands_by = kind == GATE_KIND_STANDBY;
	worker.pulse = pulse;
	return checks ? gate_check_run(&worker) : gate_pages_run(&worker);
}

_Noreturn void gate_child_run(const struct gate_supervise *job,
	pid_t master_pid, enum gate_kind kind, struct gate_pulse *pulse)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != master_pid) {
		_exit(EX_OK);
	}
	(void)prctl(PR_SET_NAME, name_of(kind));
	if (job->lock_fd >= 0) {
		close(job->lock_fd);
	}
	/* libfcgi brings handlers of its own: ours come after it. */
	bool io_ok = gate_io_init();
	set_signals(job, kind);
	if (!answers_checks(kind)) {
		(void)setpriority(PRIO_PROCESS, 0, PAGES_NICE);
	}
	int status = EX_SOFTWARE;
	if (kind == GATE_KIND_SWEEP) {
		alarm(SWEEP_MAX_S);
		status = gate_sweep_run(&job->pages);
	} else if (kind == GATE_KIND_MAIL) {
		status = gate_mail_run(&job->pages);
	} else if (io_ok) {
		status = answer_requests(job, kind, pulse);
	}
	exit(status);
}
