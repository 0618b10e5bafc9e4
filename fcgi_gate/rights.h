/* SPDX-License-Identifier: MIT */
#ifndef GATE_RIGHTS_H
#define GATE_RIGHTS_H

#include "config/config.h"
#include "listen.h"

/*
 * Gives a socket file to SOCKET_GROUP: a name, or a number for a group that
 * has no name here (nginx in another container). "": www-data if it may be
 * given, else it stays the gate's own. 0, or the status to end with, and
 * what mends it is logged.
 */
int gate_give_to_group(const char *path, const char *configured);

/* One warning if nginx's usual group does not own the sockets and nobody
 * asked for another. */
void gate_warn_of_group(
	const struct stauth_config *config, const struct gate_sockets *sockets);

/* Logs what failed on path (errno says how) and how RUN_DIR is made fit for
 * it; returns the status to end with. */
int gate_fail_run_dir(const char *what, const char *path, const char *run_dir);

#endif
