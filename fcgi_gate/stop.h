/* SPDX-License-Identifier: MIT */
#ifndef GATE_STOP_H
#define GATE_STOP_H

/*
 * Lets a SIGTERM in that is pending; its handler sets the stop flag. Workers
 * hold SIGTERM back while they work, and ppoll, which waits with it let in,
 * does not look at it where there is something to do at once.
 */
void gate_stop_poll(void);

#endif
