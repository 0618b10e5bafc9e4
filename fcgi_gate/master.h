/* SPDX-License-Identifier: MIT */
#ifndef GATE_MASTER_H
#define GATE_MASTER_H

#include "setup.h"

/* The first thing of all: signals wait until gate_master_run looks at them,
 * so that a reload or a stop that comes while the gate starts is one. */
void gate_master_hold_signals(void);

/* Starts the workers and keeps them running until SIGTERM or SIGINT, then
 * until every one is gone. Returns the exit status. */
int gate_master_run(struct gate *gate);

#endif
