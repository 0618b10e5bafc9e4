/* SPDX-License-Identifier: MIT */
#ifndef GATE_CHECK_LOOP_H
#define GATE_CHECK_LOOP_H

#include "worker.h"

struct stauth_check;

/* What gate_check_run does once the store is open; for tests as well. */
int gate_check_serve(
	const struct gate_worker *worker, struct stauth_check *check);

#endif
