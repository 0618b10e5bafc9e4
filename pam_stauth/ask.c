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
 *  3. The helper MUST get an empty environment, default signals, an empty
 *     mask, /dev/null as stderr, the socket as descriptors 0 and 1, and no
 *     other descriptor.
 *  4. In a set-user-id host (su, sudo) the helper MUST run as root wholly, or
 *     it would take root's question for the caller's own; who the caller is
 *     stands in the question.
 *  5. The answer MUST be a whole frame; the exit status is not asked.
 */
#include "ask.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"

/* Shells' habit for "could not be started"; nobody reads it. */
#define EXIT_NOT_STARTED 127

static void reset_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};

	for (int sig = 1; sig < NSIG; sig++) {
		sigaction(sig, &action, NULL);
	}
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The raw calls: glibc's would look for the threads that the host had. */
static bool become_root(void)
{
	return geteuid() != 0 || (syscall(SYS_setresgid, 0, 0, 0) == 0 &&
					 syscall(SYS_setresuid, 0, 0, 0) == 0);
}

/* In the grandchild: becomes the helper or ends. */
static void become_helper(const char *helper, int sock)
{
	char *const argv[] = {(char[]){"stauth_chkpwd"}, NULL};
	char *const envp[] = {NULL};

	reset_signals();
	if (!become_root()) {
		_exit(EXIT_NOT_STARTED);
	}
	/* sock may be 0 or 1 itself, and dup2 onto itself would leave it
	 * close-on-exec; so it moves out of the way first. */
	sock = fcntl(sock, F_DUPFD, 3);
	if (sock < 0 || dup2(sock, 0) < 0 || dup2(sock, 1) < 0) {
		_exit(EXIT_NOT_STARTED);
	}
	int null = open("/dev/null", O_WRONLY);
	if (null < 0 || dup2(null, 2) < 0 ||
		syscall(SYS_close_range, 3U, ~0U, 0U) != 0) {
		_exit(EXIT_NOT_STARTED);
	}
	(void)execve(helper, argv, envp);
	_exit(EXIT_NOT_STARTED);
}

/* In the first child: starts the helper, outlives it, so that nobody else
 * has to reap it. */
static void stand_between(const char *helper, int ours, int theirs)
{
	struct sigaction action = {.sa_handler = SIG_DFL};

	close(ours);
	/* An ignored SIGCHLD would be inherited and reap the helper. */
	sigaction(SIGCHLD, &action, NULL);
	pid_t pid = (pid_t)syscall(
		SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, 0UL);
	if (pid == 0) {
		become_helper(helper, theirs);
	}
	close(theirs);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
	_exit(pid > 0 ? 0 : EXIT_NOT_STARTED);
}

/* The raw call: glibc's fork would run the host's atfork handlers. The child
 * inherits the caller's mask, in which everything is blocked, so that none
 * of the host's handlers runs in it. */
static pid_t clone_silently(const char *helper, int ours, int theirs)
{
	sigset_t all;

	sigfillset(&all);
	sigset_t before;
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) {
		return -1;
	}
	pid_t pid = (pid_t)syscall(SYS_clone, 0UL, NULL, NULL, NULL, 0UL);
	if (pid == 0) {
		stand_between(helper, ours, theirs);
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, __WCLONE) < 0 && errno == EINTR) {
	}
}

bool pamst_ask(const char *helper, const struct pamst_frame *question,
	struct pamst_frame *ret_answer, const char **ret_why)
{
	int64_t deadline_ms = pamst_boot_ms() + PAMST_ASK_MS;
	int sock[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock) != 0) {
		*ret_why = "no descriptors for the helper";
		return false;
	}
	pid_t pid = clone_silently(helper, sock[0], sock[1]);
	close(sock[1]);
	if (pid < 0) {
		close(sock[0]);
		*ret_why = "no process for the helper";
		return false;
	}
	bool sent = pamst_frame_send(question, sock[0], deadline_ms);
	bool got = false;
	if (sent) {
		got = pamst_frame_receive(ret_answer, sock[0], deadline_ms);
	}
	/* Ends a helper that still waits or floods. */
	close(sock[0]);
	reap(pid);
	*ret_why = got ? "" : "the helper gave no answer";
	return got;
}
