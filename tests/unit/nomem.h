/* SPDX-License-Identifier: MIT */
/*
 * malloc and its kin for a whole program (libraries too), with a call that
 * fails. Link nomem.c; not under a sanitizer, which has its own.
 */
#ifndef STAUTH_TEST_NOMEM_H
#define STAUTH_TEST_NOMEM_H

#include <stdbool.h>

/* From now on the n-th request for memory (1 the first) fails; with lasting
 * all after it, too. 0: none. */
void nomem_arm(long n, bool lasting);
/* No more; returns how often one failed. */
long nomem_disarm(void);
/* Blocks that are in use now. */
long nomem_live(void);

#endif
