/* SPDX-License-Identifier: MIT */
#ifndef GATE_SETUP_H
#define GATE_SETUP_H

#include <stdbool.h>

#include "config/config.h"
#include "sockets.h"

/* What the gate runs with. */
struct gate {
	const char *config_path; /* as -c said; NULL: found as at the start */
	struct stauth_config *config;
	struct gate_sockets sockets;
};

/*
 * Reads the configuration, makes the sockets and tries what the workers will
 * need. 0, or the exit status after a line in the log. What is missing and
 * may come (a database, a mail server) is a warning.
 */
int gate_setup(struct gate *ret_gate, const char *config_path);
/* Removes the sockets. */
void gate_setup_finish(struct gate *gate);

/* Reads the configuration again. false, and the old one stays, after a line in
 * the log, if it is not good. */
bool gate_reload(struct gate *gate);

#endif
