/* SPDX-License-Identifier: MIT */
/*
 * Starting a program from inside somebody else's process.
 *
 *  1. The host MUST NOT see a SIGCHLD, nor lose a child of its own: a first
 *     child is cloned with exit signal 0, which only waitpid(__WCLONE) sees,
 *     and it starts the helper as a child of its own. (exec sets a process's
 *     exit signal back to SIGCHLD, so one child is not enough.)
 *  2. Between clone and exec only async-signal-safe calls MUST be made: the
 *     host may have threads, and their locks are copied as they stand.
 *  3. With root's rights both children MUST be out of reach of the user who
 *     called the host (su, sudo): the helper holds locks that others wait for.
 *     No id of the caller's stays, no terminal or session, no limit, priority
 *     or processor of the caller's choice.
 *  4. The helper MUST get an empty environment, default signals, an empty
 *     mask, /dev/null as stderr, the socket as descriptors 0 and 1, and no
 *     other descriptor.
 *  5. The first child MUST kill a helper that is still there at the deadline,
 *     or REAP_MS after the answer; the host wakes it if somebody stopped it,
 *     and does not wait for it for ever.
 *  6. What could not be started MUST say why, as an answer.
 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

#include "base/banned.h"

/* As shells say "could not be started"; nobody reads it. */
#define EXIT_NOT_STARTED 127
#define STACK_BYTES      (8UL << 20)
#define FILES_MAX        1024
#define IOPRIO_PROCESS   1
#define FALLBACK_FDS     (1 << 20) /* more than any host has open: 0.1 s */
#define FAIL_MS          1000
#define PART_MAX         64 /* of a reason; the log takes 200 */
#define REAP_MS          2000

static void reset_limits(void)
{
	for (int what = 0; what < RLIM_NLIMITS; what++) {
		struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
		if (what == RLIMIT_CORE || what == RLIMIT_RTPRIO ||
			what == RLIMIT_NICE) {
			limit = (struct rlimit){0, 0};
		} else if (what == RLIMIT_STACK) {
			limit.rlim_cur = STACK_BYTES;
		} else if (what == RLIMIT_NOFILE) {
			limit = (struct rlimit){FILES_MAX, FILES_MAX};
		}
		(void)setrlimit((__rlimit_resource_t)what, &limit);
	}
}

static void reset_scheduling(void)
{
	cpu_set_t all;
	memset(&all, 0xff, sizeof(all));
	const struct sched_param normal = {0};
	(void)sched_setscheduler(0, SCHED_OTHER, &normal);
	(void)setpriority(PRIO_PROCESS, 0, 0);
	(void)sched_setaffinity(0, sizeof(all), &all);
	(void)syscall(SYS_ioprio_set, IOPRIO_PROCESS, 0, 0);
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)write(fd, "0", 1);
		close(fd);
	}
}

/* The raw calls: glibc's would look for the threads that the host had. */
static bool leave_caller(void)
{
	if (syscall(SYS_setresgid, 0, 0, 0) != 0 ||
		syscall(SYS_setresuid, 0, 0, 0) != 0 || setsid() < 0 ||
		chdir("/") != 0) {
		return false;
	}
	/* Refused in a container that maps no other group. */
	(void)syscall(SYS_setgroups, 0, NULL);
	umask(0077);
	reset_limits();
	reset_scheduling();
	return true;
}

static void reset_signals(void)
{
	const struct sigaction action = {.sa_handler = SIG_DFL};
	for (int sig = 1; sig < NSIG; sig++) {
		sigaction(sig, &action, NULL);
	}
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void append(char *text, size_t *len, const char *more)
{
	size_t more_len = strnlen(more, PART_MAX);
	memcpy(text + *len, more, more_len);
	*len += more_len;
}

/* Says why on the helper's socket, as an answer, and ends. */
static _Noreturn void fail(int sock, const char *what)
{
	const char *why = strerrordesc_np(errno);
	char text[3 * PART_MAX];
	size_t len = 0;
	append(text, &len, what);
	append(text, &len, ": ");
	append(text, &len, why == NULL ? "unknown error" : why);
	struct pamst_frame answer;
	pamst_frame_init(&answer, PAMST_UNAVAILABLE);
	pamst_frame_add_len(&answer, PAMST_LOG, text, len);
	(void)pamst_frame_send(&answer, sock, pamst_boot_ms() + FAIL_MS);
	_exit(EXIT_NOT_STARTED);
}

static void close_others(void)
{
	if (syscall(SYS_close_range, 3U, ~0U, 0U) == 0) {
		return;
	}
	/* Before Linux 5.9, or a filter of system calls refuses it. */
	for (int fd = 3; fd < FALLBACK_FDS; fd++) {
		close(fd);
	}
}

/* In the grandchild: becomes the helper or ends. */
static void become_helper(const char *path, int sock)
{
	char *const argv[] = {(char[]){"stauth_chkpwd"}, NULL};
	char *const envp[] = {NULL};
	reset_signals();
	/* sock may be 0 or 1 itself, and dup2 onto itself would leave it
	 * close-on-exec; so it moves out of the way first. */
	int moved = fcntl(sock, F_DUPFD, 3);
	if (moved < 0 || dup2(moved, 0) < 0 || dup2(moved, 1) < 0) {
		fail(sock, "the helper's descriptors");
	}
	int null = open("/dev/null", O_WRONLY);
	if (null < 0 || dup2(null, 2) < 0) {
		fail(1, "/dev/null");
	}
	close_others();
	(void)execve(path, argv, envp);
	fail(1, path);
}

/* Waits for SIGCHLD, or the host's SIGTERM; all are blocked here. */
static void await_end(pid_t pid, int64_t deadline_ms)
{
	sigset_t awaited;
	sigemptyset(&awaited);
	(void)sigaddset(&awaited, SIGCHLD);
	(void)sigaddset(&awaited, SIGTERM);
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		int64_t left_ms = deadline_ms - pamst_boot_ms();
		const struct timespec left = {
			.tv_sec = left_ms / 1000,
			.tv_nsec = left_ms % 1000 * 1000000,
		};
		if (left_ms <= 0 ||
			sigtimedwait(&awaited, NULL, &left) == SIGTERM) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, NULL, 0);
			return;
		}
	}
}

/* In the first child: starts the helper and outlives it, so that nobody else
 * has to reap it. */
static void stand_between(
	const char *path, const int sock[2], int64_t deadline_ms)
{
	const struct sigaction action = {.sa_handler = SIG_DFL};
	close(sock[0]);
	if (geteuid() == 0 && !leave_caller()) {
		fail(sock[1], "leaving the caller's ids and session");
	}
	/* An ignored SIGCHLD would be inherited and reap the helper. */
	sigaction(SIGCHLD, &action, NULL);
	pid_t pid = (pid_t)syscall(
		SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, 0UL);
	if (pid == 0) {
		become_helper(path, sock[1]);
	}
	if (pid < 0) {
		fail(sock[1], "a process for the helper");
	}
	close(sock[1]);
	await_end(pid, deadline_ms);
	_exit(0);
}

bool pamst_spawn(
	const char *path, int64_t deadline_ms, struct pamst_helper *ret_helper)
{
	int sock[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock) != 0) {
		return false;
	}
	sigset_t all;
	/* The child inherits the mask, so that none of the host's handlers
	 * runs in it. The raw call: glibc's fork would run the host's atfork
	 * handlers. */
	sigfillset(&all);
	sigset_t before;
	pid_t pid = -1;
	if (pthread_sigmask(SIG_SETMASK, &all, &before) == 0) {
		pid = (pid_t)syscall(SYS_clone, 0UL, NULL, NULL, NULL, 0UL);
		if (pid == 0) {
			stand_between(path, sock, deadline_ms);
		}
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	close(sock[1]);
	if (pid < 0) {
		close(sock[0]);
		return false;
	}
	ret_helper->pid = pid;
	ret_helper->fd = sock[0];
	return true;
}

/* false: it is still there. */
static bool reap(pid_t pid)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	int64_t until_ms = pamst_boot_ms() + REAP_MS;
	while (waitpid(pid, NULL, __WCLONE | WNOHANG) == 0) {
		if (pamst_boot_ms() >= until_ms) {
			return false;
		}
		nanosleep(&pause, NULL);
	}
	return true;
}

void pamst_spawn_end(struct pamst_helper *helper)
{
	/* Ends a helper that still waits or floods. */
	close(helper->fd);
	if (reap(helper->pid)) {
		return;
	}
	(void)kill(helper->pid, SIGTERM);
	(void)kill(helper->pid, SIGCONT);
	if (!reap(helper->pid)) {
		(void)kill(helper->pid, SIGKILL);
		(void)reap(helper->pid);
	}
}
