/* SPDX-License-Identifier: MIT */
#ifndef GATE_PULSE_H
#define GATE_PULSE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How the master sees that a worker still goes round: a counter that both
 * share. A count and no time, so that a machine that slept, or was stopped as
 * a whole, makes nobody look dead: the master did not look meanwhile either.
 */
struct gate_pulse;

/* A worker that has nothing to do goes round at least this often. */
#define GATE_PULSE_EVERY_MS 4000
/* How often the master looks, and after how many looks in which nothing moved
 * a worker counts as hung: far longer than any page takes. */
#define GATE_PULSE_LOOK_MS 5000
#define GATE_PULSE_HUNG    5

/* NULL: out of memory. Shared with every process that is forked later. */
struct gate_pulse *gate_pulse_new(void);
void gate_pulse_free(struct gate_pulse *pulse);

/* In the worker, once a round. NULL: nobody watches. */
void gate_pulse_beat(struct gate_pulse *pulse);

/* In the master: forgets what was seen of the worker before this one. */
void gate_pulse_start(struct gate_pulse *pulse);
/* In the master, each GATE_PULSE_LOOK_MS. true: it hangs. */
bool gate_pulse_look(struct gate_pulse *pulse);

#endif
