/* SPDX-License-Identifier: MIT */
#include "pulse.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

#include "base/banned.h"

struct gate_pulse {
	atomic_uint beats;
	/* The master's own. */
	unsigned seen;
	unsigned missed; /* looks in a row */
};

struct gate_pulse *gate_pulse_new(void)
{
	struct gate_pulse *pulse = mmap(NULL, sizeof(*pulse),
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return pulse == MAP_FAILED ? NULL : pulse;
}

void gate_pulse_free(struct gate_pulse *pulse)
{
	if (pulse != NULL) {
		(void)munmap(pulse, sizeof(*pulse));
	}
}

void gate_pulse_beat(struct gate_pulse *pulse)
{
	if (pulse != NULL) {
		atomic_fetch_add_explicit(
			&pulse->beats, 1, memory_order_relaxed);
	}
}

void gate_pulse_start(struct gate_pulse *pulse)
{
	pulse->seen = atomic_load_explicit(&pulse->beats, memory_order_relaxed);
	pulse->missed = 0;
}

bool gate_pulse_look(struct gate_pulse *pulse)
{
	unsigned beats =
		atomic_load_explicit(&pulse->beats, memory_order_relaxed);
	if (beats != pulse->seen) {
		pulse->seen = beats;
		pulse->missed = 0;
	} else {
		pulse->missed++;
	}
	return pulse->missed >= GATE_PULSE_HUNG;
}
