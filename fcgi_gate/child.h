/* SPDX-License-Identifier: MIT */
#ifndef GATE_CHILD_H
#define GATE_CHILD_H

#include <sys/types.h>

#include "supervise.h"

enum gate_kind {
	GATE_KIND_CHECK,
	GATE_KIND_STANDBY, /* a check worker for when the others are stuck */
	GATE_KIND_PAGES,
	GATE_KIND_SWEEP,
	GATE_KIND_MAIL,
};

/* What a forked child does; never returns. pulse: NULL for those that may
 * take their time. */
_Noreturn void gate_child_run(const struct gate_supervise *job,
	pid_t master_pid, enum gate_kind kind, struct gate_pulse *pulse);

#endif
