/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_WALHEAD_H
#define STAUTH_SQLITE_WALHEAD_H

#include "store/sqlite/open.h"

/* The header of the index of the -wal, twice, as 32-bit words
 * (sqlite.org/walformat.html, "The WAL-Index Header"). */
#define STAUTH_WAL_HEAD_COPY  12
#define STAUTH_WAL_HEAD_WORDS 24

/*
 * What every commit, of whatever process, changes before it is acknowledged,
 * read from the memory that all connections share: no system call, and no
 * transaction. False: it is not to be had, or is just being written.
 */
bool stauth_wal_head(
	const struct stauth_db *db, uint32_t ret_head[STAUTH_WAL_HEAD_WORDS]);

#endif
