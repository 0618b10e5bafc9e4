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
#include "auth/seal.h"
#include "auth/session.h"
#include "base/codec.h"
#include "fcgi_io.h"
#include "log.h"
#include "store/table.h"

#include "base/banned.h"

#define SWEEP_MAX_S 600
/* More would starve a log-in beside a busy app. */
#define PAGES_NICE 5

/* The one thing a signal handler can reach. */
static volatile sig_atomic_t stop_flag;

static void on_stop(int signo)
{
	(void)signo;
	stop_flag = 1;
}

static void log_seal(const struct stauth_seal *seal, void *user)
{
	char head[STAUTH_SEAL_HEX];

	(void)user;
	stauth_hex_encode(seal->hash, sizeof(seal->hash), head);
	gate_log("audit seal number=%lld first=%lld last=%lld rows=%lld "
		 "head=%s",
		(long long)seal->number, (long long)seal->first_id,
		(long long)seal->last_id, (long long)seal->row_count, head);
}

/* Each minute: what was written to the audit is sealed, dead rows go. */
static int sweep(const struct gate_worker *worker)
{
	const struct stauth_config *config = worker->config;
	alarm(SWEEP_MAX_S);
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
	enum stauth_rc rc = stauth_audit_seal(&ctx, log_seal, NULL, &err);
	if (rc >= STAUTH_OK) {
		rc = stauth_sweep(&ctx, &err);
	}
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

/* What tells the kinds apart. */
static const struct {
	const char *name;
	const char *comm; /* for ps(1): at most 15 bytes */
	enum gate_socket_role socket;
	int nice;
	int (*run)(const struct gate_worker *worker);
} kinds[GATE_KIND_COUNT] = {
	[GATE_KIND_CHECK] = {"check worker", "fcgi_gate check",
		GATE_SOCKET_CHECK, 0, gate_check_run},
	[GATE_KIND_PAGES] = {"page worker", "fcgi_gate pages",
		GATE_SOCKET_PAGES, PAGES_NICE, gate_pages_run},
	[GATE_KIND_STREAM] = {"stream worker", "fcgi_gate relay",
		GATE_SOCKET_STREAM, 0, gate_stream_run},
	[GATE_KIND_TOUCH] = {"touch worker", "fcgi_gate touch",
		GATE_SOCKET_COUNT, PAGES_NICE, gate_touch_run},
	[GATE_KIND_MAIL] = {"mail worker", "fcgi_gate mail", GATE_SOCKET_COUNT,
		PAGES_NICE, gate_mail_run},
	[GATE_KIND_SWEEP] = {"sweep", "fcgi_gate sweep", GATE_SOCKET_COUNT,
		PAGES_NICE, sweep},
};

const char *gate_kind_name(enum gate_kind kind)
{
	return kinds[kind].name;
}

int gate_kind_wanted(const struct stauth_config *config,
	const struct gate_sockets *sockets, enum gate_kind kind)
{
	if (kind == GATE_KIND_CHECK) {
		return config->check_workers;
	}
	if (kind == GATE_KIND_PAGES) {
		return config->page_workers;
	}
	if (kind == GATE_KIND_STREAM) {
		return sockets->of[GATE_SOCKET_STREAM].fd >= 0;
	}
	return kind != GATE_KIND_MAIL ||
	       config->mail_transport != STAUTH_TRANSPORT_NONE;
}

static void set_signals(enum gate_kind kind)
{
	/* The terminal's Ctrl-C reaches all; the master passes it on. */
	static const int ignored[] = {SIGINT, SIGHUP, SIGUSR1, SIGPIPE};
	struct sigaction action = {.sa_handler = SIG_IGN};
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
		sigaction(ignored[i], &action, NULL);
	}
	action.sa_handler = SIG_DFL;
	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGCHLD, &action, NULL);
	sigset_t mask;
	sigemptyset(&mask);
	if (kind != GATE_KIND_SWEEP) {
		action.sa_handler = on_stop;
		sigaddset(&mask, SIGTERM);
	}
	sigaction(SIGTERM, &action, NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

_Noreturn void gate_worker_run(enum gate_kind kind,
	const struct stauth_config *config, struct gate_open *inherited,
	pid_t master_pid)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != master_pid) {
		_exit(EX_OK);
	}
	(void)prctl(PR_SET_NAME, kinds[kind].comm);
	struct gate_worker worker = {.config = config,
		.host_logged = inherited->host_logged,
		.stop = &stop_flag};
	worker.listen_fd =
		gate_sockets_keep(&inherited->sockets, kinds[kind].socket);
	const int *pipe_fds = inherited->touch_pipe;
	worker.touch_fd = pipe_fds[kind == GATE_KIND_TOUCH ? 0 : 1];
	if (kind != GATE_KIND_TOUCH) {
		close(pipe_fds[0]);
	}
	if (kind != GATE_KIND_CHECK && kind != GATE_KIND_STREAM) {
		close(pipe_fds[1]);
	}
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
	exit(kinds[kind].run(&worker));
}
