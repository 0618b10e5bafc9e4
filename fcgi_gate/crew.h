/* SPDX-License-Identifier: MIT */
#ifndef GATE_CREW_H
#define GATE_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "supervise.h"

/* The master's children: who should run, and since when who does. Instants
 * are on the boot clock. */
struct gate_crew {
	const struct gate_supervise *job;
	pid_t pid; /* the master */
	struct gate_child *children;
	size_t count;
};

/* All that the job's configuration wants; none is started yet. false: out of
 * memory. job must outlive the crew; in it the configuration may change. */
bool gate_crew_init(struct gate_crew *crew, const struct gate_supervise *job);
void gate_crew_free(struct gate_crew *crew);

void gate_crew_start_due(struct gate_crew *crew);
/* Whoever ended: to be started again, if still wanted. */
void gate_crew_reap(struct gate_crew *crew);
/* New workers by the job as it is now, and only then an end for the old ones.
 * false: out of memory, and everything stays. */
bool gate_crew_renew(struct gate_crew *crew);
/* Tells all to end, and starts nobody any more. */
void gate_crew_end(struct gate_crew *crew);
bool gate_crew_any_left(const struct gate_crew *crew);
void gate_crew_kill_late(struct gate_crew *crew);
/* To be called each GATE_PULSE_LOOK_MS. */
void gate_crew_kill_hung(struct gate_crew *crew);
/* When start_due or kill_late has something to do; INT64_MAX: never. */
int64_t gate_crew_next_ms(const struct gate_crew *crew);

#endif
