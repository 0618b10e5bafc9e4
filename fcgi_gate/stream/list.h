/* SPDX-License-Identifier: MIT */
#ifndef GATE_STREAM_LIST_H
#define GATE_STREAM_LIST_H

#include "auth/live.h"
#include "stream/context.h"

/* What is open, for others to read (auth/live.h). */
struct gate_list {
	struct stauth_live *rows;
	size_t room;
	int64_t written_ms; /* 0: not yet */
	bool failed;        /* reported once */
};

/* Writes it, if something opened or closed, or the last one is growing old. */
void gate_list_write(
	struct gate_list *list, struct gate_relay *relay, int64_t now_ms);
/* Nothing is open any more. */
void gate_list_remove(struct gate_list *list, const struct gate_relay *relay);
void gate_list_finish(struct gate_list *list);

#endif
