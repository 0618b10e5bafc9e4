/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_STORE_TABLE_H
#define STAUTH_STORE_TABLE_H

#include "base/rc.h"
#include "store/handle.h"

struct stauth_config;
struct stauth_restore;

/*
 * Opens the configured store. A database that is out of reach is no error
 * here: the handle is made, every verb says EUNREACHABLE (or EBROKEN,
 * ESCHEMA) and tries again by itself, so that a service recovers without a
 * restart. ECONFIG: "no AIRTABLE provider in this build". config is borrowed
 * until close.
 */
enum stauth_rc stauth_store_open(const struct stauth_config *config,
	enum stauth_store_role role, struct stauth_store *ret_store,
	struct stauth_err *err);
/* Takes a zeroed store too. */
void stauth_store_close(struct stauth_store *store);
/* For a process that waits for work, about once a second: lets go of files that
 * were replaced or removed, for which others may be waiting. */
void stauth_store_idle(struct stauth_store *store);

/*
 * Creates what the store needs, or migrates an older schema; safe to repeat.
 * EXISTS: the file is one of st-auth-simple ("import it"); ESCHEMA: newer
 * than this program. Nothing is touched then.
 */
enum stauth_rc stauth_store_init(
	const struct stauth_config *config, struct stauth_err *err);

/*
 * A copy of the store as it is at one instant, into a new file, 0600. EXISTS;
 * BADVALUE: no such directory; EDENIED; EUNREACHABLE. No half of one stays.
 */
enum stauth_rc stauth_store_backup(const struct stauth_config *config,
	const char *file, struct stauth_err *err);
/*
 * Puts such a copy in the store's place, in one transaction: every session
 * and known device is gone, epoch and uid counter are above both. BADVALUE:
 * not a valid backup; ESCHEMA: of a newer program. Nothing is touched then.
 */
enum stauth_rc stauth_store_restore(const struct stauth_config *config,
	const char *file, const struct stauth_restore *job,
	struct stauth_err *err);

#endif
