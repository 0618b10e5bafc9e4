/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SQLITE_RECENT_H
#define STAUTH_SQLITE_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "store/records.h"

/*
 * Rows of sessions as they stand in one state of the database. A row is good
 * for that state alone: the caller holds a read transaction, and says first
 * which state it sees. Of fixed size; what does not fit is read again.
 */
struct stauth_recent;

/* NULL: out of memory. */
struct stauth_recent *stauth_recent_new(void);
void stauth_recent_free(struct stauth_recent *recent);

/*
 * The state that the present read transaction sees: which connection (each
 * new one has a higher number), and its data_version. Of any other state
 * everything is forgotten.
 */
void stauth_recent_see(struct stauth_recent *recent, uint64_t connection,
	int64_t data_version);
/* Sets what a read of the row sets; false, and nothing is touched: not
 * here. */
bool stauth_recent_get(const struct stauth_recent *recent,
	const uint8_t token_hash[32], struct stauth_session *session);
/* What was read of the state that was seen last. */
void stauth_recent_put(struct stauth_recent *recent,
	const uint8_t token_hash[32], const struct stauth_session *session);

#endif
