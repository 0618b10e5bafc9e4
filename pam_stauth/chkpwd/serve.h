/* SPDX-License-Identifier: MIT */
#ifndef CHKPWD_SERVE_H
#define CHKPWD_SERVE_H

#include <stdbool.h>

/* Answers the one question of this socket and returns the exit code. spawned:
 * by the module that asks, which may then name a configuration. */
int chkpwd_serve(int fd, bool spawned);

#endif
