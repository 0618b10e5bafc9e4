/* SPDX-License-Identifier: MIT */
/* What blocklist/compile.py writes; for blocklist.c only. */
#ifndef STAUTH_BLOCKLIST_TABLE_H
#define STAUTH_BLOCKLIST_TABLE_H

#include <stddef.h>

#define STAUTH_BLOCKLIST_HASH 5

/* Sorted, no two alike. */
extern const unsigned char stauth_blocklist_table[][STAUTH_BLOCKLIST_HASH];
extern const size_t stauth_blocklist_count;

#endif
