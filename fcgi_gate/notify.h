/* SPDX-License-Identifier: MIT */
#ifndef GATE_NOTIFY_H
#define GATE_NOTIFY_H

/*
 * Tells who started the gate how it is (sd_notify(3)): "READY=1" when it
 * serves, "STATUS=..." for a person; one assignment, whatever bytes are in it.
 * Nobody listens without NOTIFY_SOCKET, and that is no fault. Only the master
 * calls it.
 */
void gate_notify(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
