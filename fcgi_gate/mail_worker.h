/* SPDX-License-Identifier: MIT */
#ifndef GATE_MAIL_WORKER_H
#define GATE_MAIL_WORKER_H

#include "worker.h"

/* Delivers the outbox until *stop, and returns the process's exit status. */
int gate_mail_run(const struct gate_worker *worker);

#endif
