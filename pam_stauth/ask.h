/* SPDX-License-Identifier: MIT */
#ifndef PAMST_ASK_H
#define PAMST_ASK_H

#include "args.h"
#include "wire.h"

/* Longest a host waits: 20 s for a hashing slot, and some for the rest. */
#define PAMST_ASK_MS 30000

/*
 * Hands the question to the helper and waits for its answer, PAMST_ASK_MS at
 * most. true: a whole answer is in *ret_answer. false: none came (*ret_why, a
 * static string for the log, says at which step).
 */
bool pamst_ask(const struct pamst_args *args,
	const struct pamst_frame *question, struct pamst_frame *ret_answer,
	const char **ret_why);

#endif
