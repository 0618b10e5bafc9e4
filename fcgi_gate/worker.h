/* SPDX-License-Identifier: MIT */
#ifndef GATE_WORKER_H
#define GATE_WORKER_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "config/config.h"
#include "sockets.h"

/* Each worker that answers requests sets alarm(2) again in every round, at
 * most a second apart; one that hangs is killed by it, and replaced. Longer
 * than any page takes. */
#define GATE_WATCHDOG_S 25
/* A worker that has nothing to do goes round at least this often. */
#define GATE_ROUND_MS 5000

/* The kinds of workers. */
enum gate_kind {
	GATE_KIND_CHECK,
	GATE_KIND_PAGES,
	GATE_KIND_STREAM, /* where there is a stream.sock */
	GATE_KIND_TOUCH,  /* writes last_seen_at of what was checked */
	GATE_KIND_MAIL,
	GATE_KIND_SWEEP, /* once an hour, and not for long */
	GATE_KIND_COUNT,
};

/* What a worker is started with. */
struct gate_worker {
	const struct stauth_config *config;
	int listen_fd; /* of its socket; non-blocking */
	int touch_fd;  /* its end of the pipe to the touch worker */
	/* Shared by all workers of a configuration: a host that PUBLIC_URL
	 * does not name is in the log. */
	atomic_flag *host_logged;
	/* Set by SIGTERM: finish the request at hand, then return. SIGTERM is
	 * blocked but while a worker waits for work, so that it interrupts
	 * nothing else. */
	const volatile sig_atomic_t *stop;
};

/* As the log names it. */
const char *gate_kind_name(enum gate_kind kind);
/* How many of them the configuration and the sockets ask for. */
int gate_kind_wanted(const struct stauth_config *config,
	const struct gate_sockets *sockets, enum gate_kind kind);

/* What workers get from the master when it forks. */
struct gate_open {
	struct gate_sockets sockets;
	int touch_pipe[2]; /* to read, to write */
	atomic_flag *host_logged;
};

/* The child's part of a fork; never returns. */
_Noreturn void gate_worker_run(enum gate_kind kind,
	const struct stauth_config *config, struct gate_open *inherited,
	pid_t master_pid);

/* They serve until *stop, and return the process's exit status. */
int gate_check_run(const struct gate_worker *worker);
int gate_pages_run(const struct gate_worker *worker);
int gate_stream_run(const struct gate_worker *worker);
int gate_touch_run(const struct gate_worker *worker);
int gate_mail_run(const struct gate_worker *worker);

#endif
