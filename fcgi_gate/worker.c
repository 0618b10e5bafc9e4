/* SPDX-License-Identifier: MIT */
/*
 * What a worker does between the fork and its work.
 *
 *  1. It MUST NOT outlive the master.
 *  2. SIGTERM stays blocked but while it waits for work.
 *  3. It keeps open what it works with, and nothing else of the master's.
 */
#include "worker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "auth/host.h"
#include "auth/session.h"
#include "fcgi_io.h"
#include "log.h"
#include "store/table.h"

#include "base/banned.h"

#define SWEEP_MAX_S 600
/* More would starve a log-in beside a busy app. */
#define PAGES_NICE 5

static const struct {
	const char *name;
	const char *comm; /* for ps(1): at most 15 bytes */
	enum gate_socket_role socket;
	int nice;
} kinds[GATE_KIND_COUNT] = {
	[GATE_KIND_CHECK] = {"check worker", "fcgi_gate check",
		GATE_SOCKET_CHECK, 0},
	[GATE_KIND_PAGES] = {"page worker", "fcgi_gate pages",
		GATE_SOCKET_PAGES, PAGES_NICE},
	[GATE_KIND_TOUCH] = {"touch worker", "fcgi_gate touch",
		GATE_SOCKET_COUNT, PAGES_NICE},
	[GATE_KIND_MAIL] = {"mail worker", "fcgi_gate mail", GATE_SOCKET_COUNT,
		PAGES_NICE},
	[GATE_KIND_SWEEP] = {"sweep", "fcgi_gate sweep", GATE_SOCKET_COUNT,
		PAGES_NICE},
};

/* The one thing a signal handler can reach. */
static volatile sig_atomic_t stop_flag;

static void on_stop(int signo)
{
	(void)signo;
	stop_flag = 1;
}

const char *gate_kind_name(enum gate_kind kind)
{
	return kinds[kind].name;
}

int gate_kind_wanted(const struct stauth_config *config, enum gate_kind kind)
{
	switch (kind) {
	case GATE_KIND_CHECK:
		return config->check_workers;
	case GATE_KIND_PAGES:
		return config->page_workers;
	case GATE_KIND_MAIL:
		return config->mail_transport != STAUTH_TRANSPORT_NONE ? 1 : 0;
	case GATE_KIND_TOUCH:
	case GATE_KIND_SWEEP:
	case GATE_KIND_COUNT:
		break;
	}
	return 1;
}

/* The hourly sweep of dead rows. */
static int sweep(const struct stauth_config *config)
{
	struct stauth_err err = {.rc = STAUTH_OK};
	struct stauth_store store = {0};
	if (stauth_store_open(config, STAUTH_ROLE_PAGE, &store, &err) <
		STAUTH_OK) {
		gate_log("sweep: %s", err.msg);
		return EX_UNAVAILABLE;
	}
	struct stauth_ctx ctx;
	stauth_ctx_init(&ctx, config);
	ctx.accounts = store.accounts;
	ctx.state = store.state;
	enum stauth_rc rc = stauth_sweep(&ctx, &err);
	int ended = 0;
	if (rc >= STAUTH_OK) {
		rc = stauth_host_sweep(&ctx, &ended, &err);
	}
	if (rc < STAUTH_OK) {
		gate_log("sweep: %s", err.msg);
	}
	stauth_ctx_finish(&ctx);
	stauth_store_close(&store);
	return rc < STAUTH_OK ? EX_UNAVAILABLE : EX_OK;
}

static void handle(int signo, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};
	sigemptyset(&action.sa_mask);
	sigaction(signo, &action, NULL);
}

static void set_signals(enum gate_kind kind)
{
	bool sweeps = kind == GATE_KIND_SWEEP;
	handle(SIGTERM, sweeps ? SIG_DFL : on_stop);
	handle(SIGALRM, SIG_DFL);
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

static int take_touch_end(enum gate_kind kind, const int touch_pipe[2])
{
	if (kind != GATE_KIND_TOUCH) {
		close(touch_pipe[0]);
	}
	if (kind != GATE_KIND_CHECK) {
		close(touch_pipe[1]);
	}
	return kind == GATE_KIND_TOUCH ? touch_pipe[0] : touch_pipe[1];
}

static int serve(enum gate_kind kind, const struct gate_worker *worker)
{
	switch (kind) {
	case GATE_KIND_CHECK:
		return gate_check_run(worker);
	case GATE_KIND_PAGES:
		return gate_pages_run(worker);
	case GATE_KIND_TOUCH:
		return gate_touch_run(worker);
	case GATE_KIND_MAIL:
		return gate_mail_run(worker);
	case GATE_KIND_SWEEP:
		alarm(SWEEP_MAX_S);
		return sweep(worker->config);
	case GATE_KIND_COUNT:
		break;
	}
	return EX_SOFTWARE;
}

_Noreturn void gate_worker_run(enum gate_kind kind,
	const struct stauth_config *config, struct gate_open *inherited,
	pid_t master_pid)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != master_pid) {
		_exit(EX_OK);
	}
	(void)prctl(PR_SET_NAME, kinds[kind].comm);
	struct gate_worker worker = {.config = config, .stop = &stop_flag};
	worker.listen_fd =
		gate_sockets_keep(&inherited->sockets, kinds[kind].socket);
	worker.touch_fd = take_touch_end(kind, inherited->touch_pipe);
	/* libfcgi brings handlers of its own: ours come after it. */
	if (!gate_io_init()) {
		gate_log("%s: libfcgi cannot be set up", kinds[kind].name);
		exit(EX_SOFTWARE);
	}
	set_signals(kind);
	if (kinds[kind].nice != 0) {
		(void)setpriority(PRIO_PROCESS, 0, kinds[kind].nice);
	}
	if (kind != GATE_KIND_MAIL) {
		alarm(GATE_WATCHDOG_S);
	}
	exit(serve(kind, &worker));
}
