/* SPDX-License-Identifier: MIT */
#ifndef GATE_AGO_H
#define GATE_AGO_H

#include <stdint.h>

#define GATE_AGO_SIZE 32

/* "just now", "5 minutes ago", "1 day ago". */
void gate_time_ago(int64_t seconds, char ret_words[GATE_AGO_SIZE]);

#endif
