/* SPDX-License-Identifier: MIT */
#include "stop.h"

#include <signal.h>

#include "base/banned.h"

void gate_stop_poll(void)
{
	sigset_t pending;
	if (sigpending(&pending) != 0 || !sigismember(&pending, SIGTERM)) {
		return;
	}
	sigset_t term;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigset_t held;
	sigprocmask(SIG_UNBLOCK, &term, &held);
	sigprocmask(SIG_SETMASK, &held, NULL);
}
