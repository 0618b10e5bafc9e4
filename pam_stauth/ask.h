/* SPDX-License-Identifier: MIT */
#ifndef PAMST_ASK_H
#define PAMST_ASK_H

#include "call.h"

/* Longest a host waits: 20 s for a hashing slot, and some for the rest. */
#define PAMST_ASK_MS 30000

/*
 * Hands call->question to the helper and waits for its answer, PAMST_ASK_MS at
 * most. If none comes, that is logged, and call->answer is PAMST_NONE.
 */
void pamst_ask(struct pamst_call *call);

#endif
