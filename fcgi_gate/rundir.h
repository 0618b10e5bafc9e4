/* SPDX-License-Identifier: MIT */
#ifndef GATE_RUNDIR_H
#define GATE_RUNDIR_H

/*
 * RUN_DIR, and RUN_DIR/gate.lock, which a gate holds while it lives. All
 * return 0, or the exit status after a line in the log.
 */

/* A gate that was killed leaves workers that end by themselves, and hold what
 * it held until then: who finds it taken looks again so often. */
#define GATE_WAIT_STEPS   20
#define GATE_WAIT_STEP_MS 50
void gate_wait_step(void);

/* Its last part, if it is missing. */
int gate_run_dir_make(const char *path);
/* 75: another gate runs there. *ret_fd is the caller's to close. */
int gate_run_dir_lock(const char *run_dir, int *ret_fd);
/* Locks it again if the file of lock_fd was removed: the lock is one on the
 * file that others see. The descriptor's number stays. */
int gate_run_dir_hold(const char *run_dir, int lock_fd);

#endif
