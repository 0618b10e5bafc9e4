/* SPDX-License-Identifier: MIT */
#ifndef GATE_WORKER_H
#define GATE_WORKER_H

#include <signal.h>
#include <stdbool.h>

#include "auth/ctx.h"
#include "pulse.h"
#include "store/table.h"

/* What the master hands to a worker after fork. */
struct gate_worker {
	const struct stauth_config *config;
	int listen_fd; /* non-blocking */
	/* A check worker that takes only what no other one took. */
	bool stands_by;
	struct gate_pulse *pulse; /* beaten once a round, or NULL */
	/* Set by SIGTERM: finish the request at hand, then return. SIGTERM is
	 * blocked but while a worker waits for work, so that it interrupts
	 * nothing else. */
	const volatile sig_atomic_t *stop;
	/* Opens a store for a role (main.c's, which alone knows the table). */
	enum stauth_rc (*open_store)(const struct stauth_config *config,
		enum stauth_store_role role, struct stauth_store *ret_store,
		struct stauth_err *err);
	/* The mailer of the configuration, for the mail worker (main.c's
	 * too). */
	enum stauth_rc (*open_mailer)(const struct stauth_config *config,
		struct stauth_mailer **ret_mailer, struct stauth_err *err);
	void (*close_mailer)(struct stauth_mailer *mailer);
};

/* Both serve until *stop, and return the process's exit status. */
int gate_check_run(const struct gate_worker *worker);
int gate_pages_run(const struct gate_worker *worker);

#endif
