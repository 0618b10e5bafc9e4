/* SPDX-License-Identifier: MIT */
#ifndef GATE_SUPERVISE_H
#define GATE_SUPERVISE_H

#include "worker.h"

/* What the master starts, and keeps alive. */
struct gate_supervise {
	struct gate_worker check;
	struct gate_worker pages;
	int lock_fd; /* workers close it, or -1 */
	/* The workers' handler of SIGTERM: sets their stop flag. */
	void (*on_stop)(int signo);
	/* Called once in the master, when all workers are forked. */
	void (*ready)(void *user);
	/* Called in the master for SIGHUP: the new configuration, or NULL for
	 * a bad one, after a line in the log. From then on the old one is not
	 * looked at any more. */
	const struct stauth_config *(*reload)(void *user);
	/* Called in the master every few seconds: puts right what became of
	 * the sockets' files. true: the descriptors stand for new sockets, and
	 * workers that run listen on what nobody finds. */
	bool (*mend_sockets)(void *user);
	void *user;
};

/* The first thing of all: signals wait until gate_supervise_run looks at them,
 * so that a reload or a stop that comes while we start is one. */
void gate_supervise_hold_signals(void);

/* Runs until SIGTERM or SIGINT, then until every worker is gone. Returns the
 * exit status. */
int gate_supervise_run(const struct gate_supervise *job);

/* The hourly sweep of dead rows, in a process of its own. */
int gate_sweep_run(const struct gate_worker *worker);

#endif
