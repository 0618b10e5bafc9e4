/* SPDX-License-Identifier: MIT */
#include "stop.h"

#include <signal.h>

#include "base/banned.h"

void gate_stop_poll(void)
{
	sigset_t pending;
	sigset_t term;
	sigset_t held;
	if (sigpending(&pending) != 0 || !sigismember(&pending, SIGTERM)) {
		return;
	}
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	(void)sigprocmask(SIG_UNBLOCK, &term, &held);
	(void)sigprocmask(SIG_SETMASK, &held, NULL);
}
